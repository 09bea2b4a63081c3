"""YAML text as nodes: nothing but plain JSON values, each with its line and column.

YAML can do more than a bot needs and some of it is dangerous or surprising, so this reader knows less: no tags that
build objects, no aliases (a short text can expand without end), no key twice (the first would be lost in silence), and
only the plain spellings of numbers and truth values. So `19:00` is a text and not 1140, `no` is a text and not false,
and the account `012345678901` keeps its zero. A number with an exponent needs a dot and a sign: `1.0e+9`.
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from duetime.bots.complaints import Complaints
from duetime.bots.nodes import DEEPEST, Node, Place, Scalar, flaw_of
from duetime.core.errors import InvalidDocument

_TAG = "tag:yaml.org,2002:"
# Each is narrower than YAML 1.1's, so that what any YAML writer leaves unquoted as a text is read back as that text.
_SPELLINGS: dict[str, tuple[re.Pattern[str], str]] = {
    "null": (re.compile(r"~|null|Null|NULL|"), "~nN"),
    "bool": (re.compile(r"true|True|TRUE|false|False|FALSE"), "tTfF"),
    "int": (re.compile(r"[-+]?(?:0|[1-9][0-9]*)"), "-+0123456789"),
    "float": (
        re.compile(r"[-+]?[0-9]+\.[0-9]*(?:[eE][-+][0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN)"),
        "-+.0123456789",
    ),
}
_READERS: dict[str, Callable[[str], Scalar]] = {
    "null": lambda _: None,
    "bool": lambda text: text.lower() == "true",
    "int": int,
    "float": lambda text: float(re.sub(r"\.(?=inf|nan)", "", text.lower())),
    # JSON writes characters beyond the first 65,536 as two escapes, which YAML reads one by one.
    "str": lambda text: text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass"),
}


def read_yaml(text: str, *, source: str, complaints: Complaints) -> tuple[Node, ...]:
    """Return the documents of a YAML text; an empty one is left out.

    A value that uses a part of YAML which is refused is complained about and read as nothing. Where the text is no YAML
    at all, reading ends with a complaint.
    """
    reader = _Reader(source, complaints)
    documents: list[Node] = []
    try:
        loader = (_JsonLoader if _is_json(text) else _Loader)(text)
        loader.reader = reader
        while loader.check_node() and (root := loader.get_node()) is not None:
            documents.append(reader.node(root, path=""))
    except yaml.reader.ReaderError as error:
        complaints.add(_place_at(text, error.position, source).error(f"unreadable character: {error.reason}"))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(mark, source) if mark else Place(source)
        complaints.add(place.error(f"this is not YAML: {error.problem or error.context}"))
    except InvalidDocument as complaint:
        complaints.add(complaint)
    return tuple(node for node in documents if node.value is not None)


class _Loader(yaml.SafeLoader):
    """Builds PyYAML's nodes only; no value is ever constructed by it."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML keeps them in the class
    reader: "_Reader"
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent):
            self.get_event()  # type: ignore[no-untyped-call]
            self.reader.refuse(event, f"aliases such as *{event.anchor} are refused; write the value out")
            start: Any = event.start_mark  # the types of PyYAML's C reader and its own differ
            return yaml.ScalarNode(f"{_TAG}null", "", start, start)
        if self.depth > DEEPEST:
            # Reading on would take as much of the stack as the text likes.
            raise self.reader.place(event).error(f"nested more than {DEEPEST} levels deep")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


for _name, (_pattern, _first) in _SPELLINGS.items():
    _whole = re.compile(rf"(?:{_pattern.pattern})\Z")
    _Loader.add_implicit_resolver(_TAG + _name, _whole, [*_first, *([""] if _name == "null" else [])])


def _is_json(text: str) -> bool:
    if not text.lstrip().startswith(("{", "[")):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


class _JsonLoader(_Loader):
    """Reads numbers as JSON writes them too: in JSON no text stands without quotes, so `1e-07` can be nothing else."""


_JSON_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?[eE][-+]?[0-9]+\Z")
_JsonLoader.add_implicit_resolver(f"{_TAG}float", _JSON_FLOAT, [*"-0123456789"])


def _is_json_float(kind: str, text: str) -> bool:
    return kind == "float" and _JSON_FLOAT.match(text) is not None


@dataclass(frozen=True, slots=True)
class _Reader:
    """Turns PyYAML's nodes into ours; what is refused is complained about and becomes nothing."""

    source: str
    complaints: Complaints

    def place(self, marked: Any) -> Place:
        return _place(marked.start_mark, self.source)

    def refuse(self, marked: Any, problem: str) -> None:
        self.complaints.add_unreadable(self.place(marked).error(problem))

    def node(self, node: yaml.Node, *, path: str) -> Node:
        place = self.place(node)
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node, path=path)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return Node([self.node(member, path=f"{path}[{n}]") for n, member in enumerate(node.value)], place, path)
        kind = node.tag.removeprefix(_TAG)
        if not isinstance(node, yaml.ScalarNode) or kind not in _READERS:
            self.refuse(node, f"the tag {node.tag[:60]!r} is refused; write a plain value")
            return Node(None, place, path)
        return Node(self._scalar(node, kind), place, path, written="" if kind in ("null", "str") else node.value)

    def _mapping(self, node: yaml.MappingNode, *, path: str) -> Node:
        members: dict[str, Node] = {}
        keys: dict[str, Place] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node, keys)
            inner = f"{path}.{key}" if path and key else key or path
            value = self.node(value_node, path=inner)
            if key is not None:
                keys[key] = self.place(key_node)
                members[key] = value
        return Node(members, self.place(node), path, keys=keys)

    def _key(self, node: yaml.Node, known: Mapping[str, Place]) -> str | None:
        """Return a key, or None when it is refused; its value is then only looked through."""
        if not isinstance(node, yaml.ScalarNode) or node.tag != f"{_TAG}str":
            self.refuse(node, "a key must be a text; put it in quotes")
            return None
        key = self._scalar(node, "str")
        if not isinstance(key, str):
            return None
        if key in known:
            self.refuse(node, f"the key {key[:60]!r} stands twice, first in line {known[key].line}")
            return None
        return key

    def _scalar(self, node: yaml.ScalarNode, kind: str) -> Scalar:
        text = node.value
        if kind in _SPELLINGS and not (_SPELLINGS[kind][0].fullmatch(text) or _is_json_float(kind, text)):
            self.refuse(node, f"{text[:40]!r} is no {kind}")
            return None
        try:
            value = _READERS[kind](text)
        except ValueError:
            # Python refuses to read integers of thousands of digits, because that takes quadratic time.
            self.refuse(node, "a number has too many digits")
            return None
        flaw = flaw_of(value)
        if flaw is not None:
            self.refuse(node, flaw)
            return None
        return value


def _place(mark: Any, source: str) -> Place:
    return Place(source, mark.line + 1, mark.column + 1)


def _place_at(text: str, position: int, source: str) -> Place:
    before = text[:position]
    return Place(source, before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
