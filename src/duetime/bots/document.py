"""Where bots come from: a YAML text or file, a program's own values, or definitions as they are.

One text may hold one bot, a list of bots under `bots`, or several YAML documents.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from duetime.bots.complaints import Complaints
from duetime.bots.definition import KEYS, UNNAMED, WrittenBot, read_bot, to_document
from duetime.bots.nodes import Node, Place, node_of
from duetime.bots.older_json import is_older, read_older
from duetime.bots.yaml_nodes import read_yaml
from duetime.core.bots import BotDefinition
from duetime.core.errors import InvalidDocument

BotSource = Path | str | Mapping[str, Any] | BotDefinition | Iterable[Mapping[str, Any] | BotDefinition]

FILE_ENDINGS = (".yaml", ".yml", ".json")

LARGEST = 1024 * 1024
"""How many bytes one text may have; a thousand bots fit."""

_VALUES = Place("<values>")


@dataclass(frozen=True, slots=True)
class Examined:
    """What a text holds, and everything that is wrong with it.

    Attributes:
        bots: every bot, as far as it could be read.
        remarks: what was read as something else, or left behind; sentences with the bot's name.
        complaints: what is wrong; as long as there is something, the bots are to be checked but not to be used.
    """

    bots: tuple[WrittenBot, ...]
    complaints: Complaints
    remarks: tuple[str, ...] = ()

    def flawless(self) -> tuple[WrittenBot, ...]:
        """Return the bots.

        Raises:
            InvalidDocument: something is wrong.
        """
        self.complaints.raise_first()
        return self.bots


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
            return _read([_node(source)], place=_VALUES, complaints=Complaints()).flawless()
        case _:
            nodes = [_node(item) for item in source]
            return _read(nodes, place=_VALUES, complaints=Complaints()).flawless()


def read_file(path: Path) -> tuple[WrittenBot, ...]:
    """Return the bots of a YAML file.

    Raises:
        InvalidDocument: the file cannot be read, or something in it is not as it must be; line and column say where.
    """
    return examine_text(text_of(path), source=str(path)).flawless()


def text_of(path: Path) -> str:
    """Return the text of a file.

    Raises:
        InvalidDocument: the file cannot be read, is no UTF-8 text or too large.
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
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise Place(str(path), line).error("is not UTF-8 text") from error


def read_text(text: str, *, source: str = "<text>") -> tuple[WrittenBot, ...]:
    """Return the bots of a YAML text, of which JSON is a part.

    Args:
        text: the text.
        source: what errors call it, such as its file name.

    Raises:
        InvalidDocument: something in it is not as it must be; line and column say where.
    """
    return examine_text(text, source=source).flawless()


def examine_text(text: str, *, source: str, older: bool = False) -> Examined:
    """Return the bots of a YAML text and everything that is wrong with it.

    Args:
        text: the text.
        source: what complaints call it, such as its file name.
        older: take bots in the older JSON form too.
    """
    complaints = Complaints()
    place = Place(source)
    if len(text) > LARGEST:
        complaints.add(_too_large(place))
        return Examined((), complaints)
    documents = read_yaml(text, source=source, complaints=complaints)
    return _read(documents, place=place, complaints=complaints, older=older)


def from_mapping(mapping: Mapping[str, Any]) -> BotDefinition:
    """Return the one bot that a dict describes; `to_document` is the way back.

    Raises:
        InvalidDocument: something in it is not as it must be.
    """
    complaints = Complaints()
    bot = read_bot(node_of(mapping, place=_VALUES), complaints)
    complaints.raise_first()
    return bot.definition


def _node(value: Any) -> Node:
    return node_of(to_document(value) if isinstance(value, BotDefinition) else value, place=_VALUES)


def _read(documents: Sequence[Node], *, place: Place, complaints: Complaints, older: bool = False) -> Examined:
    bots: list[WrittenBot] = []
    remarks: list[str] = []
    first: dict[str, WrittenBot] = {}
    for node in (bot for document in documents for bot in _bots_in(document, complaints)):
        if is_older(node):
            if not older:
                complaints.add(node.error("is a bot in the older JSON form; take it in with `duetime bots import`"))
                continue
            imported = read_older(node, complaints)
            bot = imported.bot
            remarks += [f"Bot {bot.definition.name}: {remark}." for remark in imported.remarks]
        else:
            bot = read_bot(node, complaints)
        name = bot.definition.name
        if name in first and name != UNNAMED:
            line = first[name].node.place.line
            complaints.add(
                bot.error(f"the bot {name!r} stands twice{f', first in line {line}' if line else ''}", "name")
            )
        first.setdefault(name, bot)
        bots.append(bot)
    if not bots and not complaints.found:
        complaints.add(place.error(f"holds no bot; a bot is a mapping with the keys {', '.join(KEYS)}"))
    return Examined(tuple(bots), complaints, tuple(remarks))


def _bots_in(document: Node, complaints: Complaints) -> Iterator[Node]:
    if isinstance(document.value, list):
        yield from document.items(complaints)
    elif isinstance(document.value, dict) and "bots" in document.value:
        yield from document.mapping(("bots",), complaints)["bots"].items(complaints)
    else:
        yield document


def _too_large(place: Place) -> InvalidDocument:
    return place.error(f"is larger than {LARGEST} bytes; split it into several files")
