"""YAML text as nodes: nothing but plain JSON values, each with its line and column.

YAML can do more than a bot needs and some of it is dangerous or surprising, so this reader knows less: no tags that
build objects, no aliases (a short text can expand without end), no key twice (the first would be lost in silence), and
only the plain spellings of numbers and truth values. So `19:00` is a text and not 1140, `no` is a text and not false,
and the account `012345678901` keeps its zero. A number with an exponent needs a dot and a sign: `1.0e+9`.
"""

import re
from collections.abc import Callable
from typing import Any

import yaml

from duetime.bots.nodes import DEEPEST, Node, Place, Scalar, flaw_of

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


def read_yaml(text: str, *, source: str) -> tuple[Node, ...]:
    """Return the documents of a YAML text; an empty one is left out.

    Raises:
        InvalidDocument: the text is no YAML, or uses a part of YAML that is refused.
    """
    try:
        loader = _Loader(text)
        loader.source = source
        documents: list[Node] = []
        while loader.check_node() and (root := loader.get_node()) is not None:
            documents.append(_node(root, source=source, path=""))
    except yaml.reader.ReaderError as error:
        raise _place_at(text, error.position, source).error(f"unreadable character: {error.reason}") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = _place(mark, source) if mark else Place(source)
        raise place.error(f"this is not YAML: {error.problem or error.context}") from error
    return tuple(node for node in documents if node.value is not None)


class _Loader(yaml.SafeLoader):
    """Builds PyYAML's nodes only; no value is ever constructed by it."""

    yaml_implicit_resolvers = {}  # noqa: RUF012 - PyYAML keeps them in the class
    source = ""
    depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        place = _place(event.start_mark, self.source)
        if isinstance(event, yaml.AliasEvent):
            raise place.error(f"aliases such as *{event.anchor} are refused; write the value out")
        if self.depth > DEEPEST:
            raise place.error(f"nested more than {DEEPEST} levels deep")
        self.depth += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self.depth -= 1


for _name, (_pattern, _first) in _SPELLINGS.items():
    _whole = re.compile(rf"(?:{_pattern.pattern})\Z")
    _Loader.add_implicit_resolver(_TAG + _name, _whole, [*_first, *([""] if _name == "null" else [])])


def _node(node: yaml.Node, *, source: str, path: str) -> Node:
    place = _place(node.start_mark, source)
    if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
        return _mapping(node, source=source, path=path)
    if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
        members = [_node(member, source=source, path=f"{path}[{n}]") for n, member in enumerate(node.value)]
        return Node(members, place, path)
    kind = node.tag.removeprefix(_TAG)
    if not isinstance(node, yaml.ScalarNode) or kind not in _READERS:
        raise place.error(f"the tag {node.tag[:60]!r} is refused; write a plain value")
    return Node(_scalar(node.value, kind, place), place, path, written="" if kind in ("null", "str") else node.value)


def _mapping(node: yaml.MappingNode, *, source: str, path: str) -> Node:
    members: dict[str, Node] = {}
    keys: dict[str, Place] = {}
    for key_node, value_node in node.value:
        place = _place(key_node.start_mark, source)
        if not isinstance(key_node, yaml.ScalarNode) or key_node.tag != f"{_TAG}str":
            raise place.error("a key must be a text; put it in quotes")
        key = str(_scalar(key_node.value, "str", place))
        if key in keys:
            raise place.error(f"the key {key[:60]!r} stands twice, first in line {keys[key].line}")
        keys[key] = place
        members[key] = _node(value_node, source=source, path=f"{path}.{key}" if path else key)
    return Node(members, _place(node.start_mark, source), path, keys=keys)


def _scalar(text: str, kind: str, place: Place) -> Scalar:
    if kind in _SPELLINGS and not _SPELLINGS[kind][0].fullmatch(text):
        raise place.error(f"{text[:40]!r} is no {kind}")
    try:
        value = _READERS[kind](text)
    except ValueError:
        # Python refuses to read integers of thousands of digits, because that takes quadratic time.
        raise place.error("a number has too many digits") from None
    flaw = flaw_of(value)
    if flaw is not None:
        raise place.error(flaw)
    return value


def _place(mark: Any, source: str) -> Place:
    return Place(source, mark.line + 1, mark.column + 1)


def _place_at(text: str, position: int, source: str) -> Place:
    before = text[:position]
    return Place(source, before.count("\n") + 1, position - (before.rfind("\n") + 1) + 1)
