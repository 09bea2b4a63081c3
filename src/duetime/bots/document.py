"""Where bots come from: a YAML text or file, a program's own values, or definitions as they are.

One text may hold one bot, a list of bots under `bots`, or several YAML documents.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from duetime.bots.definition import KEYS, WrittenBot, read_bot, to_document
from duetime.bots.nodes import Node, Place, node_of
from duetime.bots.yaml_nodes import read_yaml
from duetime.core.bots import BotDefinition

BotSource = Path | str | Mapping[str, Any] | BotDefinition | Iterable[Mapping[str, Any] | BotDefinition]

FILE_ENDINGS = (".yaml", ".yml", ".json")

LARGEST = 1024 * 1024
"""How many bytes one text may have; a thousand bots fit."""

_VALUES = Place("<values>")


def load_bots(source: BotSource) -> tuple[BotDefinition, ...]:
    """Return the definitions that `source` holds; see `read_bots`."""
    return tuple(bot.definition for bot in read_bots(source))


def read_bots(source: BotSource) -> tuple[WrittenBot, ...]:
    """Return the bots that `source` holds, each with the place where it was written.

    Args:
        source: a path; a YAML text (one line that ends in .yaml, .yml or .json is taken for a path); a dict or a list
            of dicts; a definition or a list of them.

    Raises:
        InvalidDocument: something in it is not as it must be, or the file cannot be read.
    """
    match source:
        case Path():
            return read_file(source)
        case str():
            is_path = "\n" not in source and source.endswith(FILE_ENDINGS)
            return read_file(Path(source)) if is_path else read_text(source)
        case BotDefinition() | Mapping():
            return _read([_node(source)], place=_VALUES)
        case _:
            return _read([_node(item) for item in source], place=_VALUES)


def read_file(path: Path) -> tuple[WrittenBot, ...]:
    """Return the bots of a YAML file.

    Raises:
        InvalidDocument: the file cannot be read, or something in it is not as it must be; line and column say where.
    """
    place = Place(str(path))
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise place.error(f"cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST:
        raise _too_large(place)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Place(str(path), line).error("is not UTF-8 text") from error
    return read_text(text, source=str(path))


def read_text(text: str, *, source: str = "<text>") -> tuple[WrittenBot, ...]:
    """Return the bots of a YAML text, of which JSON is a part.

    Args:
        text: the text.
        source: what errors call it, such as its file name.

    Raises:
        InvalidDocument: something in it is not as it must be; line and column say where.
    """
    if len(text) > LARGEST:
        raise _too_large(Place(source))
    return _read(read_yaml(text, source=source), place=Place(source))


def from_mapping(mapping: Mapping[str, Any]) -> BotDefinition:
    """Return the one bot that a dict describes; `to_document` is the way back.

    Raises:
        InvalidDocument: something in it is not as it must be.
    """
    return read_bot(node_of(mapping, place=_VALUES)).definition


def _node(value: Any) -> Node:
    return node_of(to_document(value) if isinstance(value, BotDefinition) else value, place=_VALUES)


def _read(documents: Sequence[Node], *, place: Place) -> tuple[WrittenBot, ...]:
    bots: dict[str, WrittenBot] = {}
    for node in (bot for document in documents for bot in _bots_in(document)):
        bot = read_bot(node)
        name = bot.definition.name
        if name in bots:
            line = bots[name].node.place.line
            raise bot.error(f"the bot {name!r} stands twice{f', first in line {line}' if line else ''}", "name")
        bots[name] = bot
    if not bots:
        raise place.error(f"holds no bot; a bot is a mapping with the keys {', '.join(KEYS)}")
    return tuple(bots.values())


def _bots_in(document: Node) -> Iterator[Node]:
    if isinstance(document.value, list):
        yield from document.items()
    elif isinstance(document.value, dict) and "bots" in document.value:
        yield from document.mapping(("bots",))["bots"].items()
    else:
        yield document


def _too_large(place: Place) -> Exception:
    return place.error(f"is larger than {LARGEST} bytes; split it into several files")
