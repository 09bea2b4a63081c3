"""The values of a document, each with the place where it was written.

A bot may come from a YAML text or from a program's own dict; both become `Node` trees, so that one reader serves both
and every complaint names its place.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from duetime.bots.complaints import Complaints
from duetime.core.errors import InvalidDocument, nearest
from duetime.core.json_types import JsonValue

DEEPEST = 32
"""How deep values may be nested. Bots need six levels; deeper texts are mistakes or attacks on the reader's stack."""

Scalar = None | bool | int | float | str


@dataclass(frozen=True, slots=True)
class Place:
    """Where something was written; a dict of a program has no lines."""

    source: str
    line: int | None = None
    column: int | None = None

    def error(self, problem: str) -> InvalidDocument:
        """Return the error that names this place."""
        return InvalidDocument(self.source, problem, line=self.line, column=self.column)


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a document.

    Attributes:
        path: how a person finds it inside the document, such as `filters[0].settings`; empty for the whole.
        written: a number or truth value as it was written, before it was read as one.
        keys: where each key of a mapping was written.
    """

    value: "Scalar | list[Node] | dict[str, Node]"
    place: Place
    path: str = ""
    written: str = ""
    keys: Mapping[str, Place] = field(default_factory=dict)

    def error(self, problem: str) -> InvalidDocument:
        """Return an error about this value."""
        return self.place.error(f"{self.path}: {problem}" if self.path else problem)

    def wrong_type(self, wanted: str, *, remedy: str = "") -> InvalidDocument:
        """Return the error that this value should have been something else."""
        more = f"; {remedy}" if remedy else ""
        return self.error(f"must be {wanted}, not {describe(self.value)}{more}")

    def mapping(self, known: Sequence[str], complaints: Complaints) -> Mapping[str, "Node"]:
        """Return the values by key, without those whose key is not one of `known`; complain about these.

        What is no mapping at all is complained about too, and is then empty.
        """
        if not isinstance(self.value, dict):
            complaints.add(self.wrong_type(f"a mapping with the keys {', '.join(known)}"))
            return {}
        for key in self.value:
            if key not in known:
                complaints.add(self._unknown_key(key, known))
        return {key: node for key, node in self.value.items() if key in known}

    def items(self, complaints: Complaints) -> Sequence["Node"]:
        """Return the members of a list; what is none is complained about, and is then empty."""
        if not isinstance(self.value, list):
            complaints.add(self.wrong_type("a list", remedy="for a single member write [member]"))
            return ()
        return self.value

    def text(self) -> str:
        """Return a text.

        Raises:
            InvalidDocument: it is none.
        """
        if not isinstance(self.value, str):
            remedy = f'put it in quotes: "{self.written}"' if self.written else ""
            raise self.wrong_type("a text", remedy=remedy)
        return self.value

    def plain(self) -> JsonValue:
        """Return the value without its places."""
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        return self.value

    def _unknown_key(self, key: str, known: Sequence[str]) -> InvalidDocument:
        near = nearest(key, known, most=1)
        hint = f"the nearest known key is {near[0]!r}" if near else f"known keys are {', '.join(known)}"
        where = f"{self.path}: " if self.path else ""
        return self.keys.get(key, self.place).error(f"{where}unknown key {key[:60]!r}; {hint}")


def describe(value: object) -> str:
    """Say in a few words what a value is, for a sentence about what it should have been."""
    match value:
        case None:
            return "nothing"
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"the number {value}"[:60]
        case str():
            return f"the text {value[:40]!r}"
        case _:
            return f"a {type(value).__name__}"


def flaw_of(value: Scalar) -> str | None:
    """Return why a value cannot be stored, or None: databases refuse NUL and lone surrogates, JSON refuses NaN."""
    if isinstance(value, str):
        if "\x00" in value:
            return "a text may not hold the character NUL"
        if any("\ud800" <= character <= "\udfff" for character in value):
            return "a text may not hold half of a surrogate pair"
    if isinstance(value, float) and not math.isfinite(value):
        return "a number must be finite"
    return None


def node_of(value: Any, *, place: Place, path: str = "", depth: int = 0) -> Node:
    """Return a program's own value as a node.

    Raises:
        InvalidDocument: something in it is not plain JSON.
    """
    here = Node(None, place, path)
    if depth > DEEPEST:
        raise here.error(f"is nested more than {DEEPEST} levels deep")
    if isinstance(value, Mapping):
        members: dict[str, Node] = {}
        for key, member in value.items():
            if not isinstance(key, str):
                raise here.error(f"a key must be a text, not {describe(key)}")
            inner = f"{path}.{key}" if path else key
            members[key] = node_of(member, place=place, path=inner, depth=depth + 1)
        return Node(members, place, path)
    if isinstance(value, list | tuple):
        return Node(
            [node_of(member, place=place, path=f"{path}[{n}]", depth=depth + 1) for n, member in enumerate(value)],
            place,
            path,
        )
    if value is not None and not isinstance(value, bool | int | float | str):
        raise here.error(f"must be plain JSON, not {describe(value)}")
    flaw = flaw_of(value)
    if flaw is not None:
        raise here.error(flaw)
    return Node(value, place, path, written="" if isinstance(value, str | None) else str(value))
