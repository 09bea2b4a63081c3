"""The scope of a bot document, both ways."""

from collections.abc import Callable, Hashable, Mapping
from typing import TypeVar

from duetime.bots.complaints import Complaints
from duetime.bots.nodes import Node
from duetime.core.bots import Badge, Scope
from duetime.core.errors import InvalidDocument
from duetime.core.json_types import JsonObject, JsonValue

SCOPE_KEYS = ("accounts", "regions", "resource_types", "groups", "badges")
BADGES_KEYS = ("all", "any")
BADGE_KEYS = ("key", "value")

T = TypeVar("T", bound=Hashable)


def read_scope(node: Node, complaints: Complaints) -> Scope:
    """Return the scope that a mapping says; what is wrong in it is complained about and left out."""
    given = node.mapping(SCOPE_KEYS, complaints)
    badges = given["badges"].mapping(BADGES_KEYS, complaints) if "badges" in given else {}
    return Scope(
        # An account id is often all digits; the number is taken as it was written.
        accounts=members(given, "accounts", _account, complaints),
        regions=members(given, "regions", name, complaints),
        resource_types=members(given, "resource_types", name, complaints),
        groups=members(given, "groups", name, complaints),
        all_badges=members(badges, "all", _badge, complaints),
        any_badges=members(badges, "any", _badge, complaints),
    )


def scope_document(scope: Scope) -> JsonObject:
    """Return a scope as `read_scope` reads it; what is empty is left out."""
    badges = _filled(all=[_written(badge) for badge in scope.all_badges], any=[_written(b) for b in scope.any_badges])
    return _filled(
        accounts=list(scope.accounts),
        regions=list(scope.regions),
        resource_types=list(scope.resource_types),
        groups=list(scope.groups),
        badges=badges,
    )


def members(given: Mapping[str, Node], key: str, read: Callable[[Node], T], complaints: Complaints) -> tuple[T, ...]:
    """Return the members of the list under `key`; none may stand in it twice, because one of them is a mistake."""
    found: dict[T, Node] = {}
    for item in given[key].items(complaints) if key in given else ():
        try:
            member = read(item)
        except InvalidDocument as complaint:
            complaints.add(complaint)
            continue
        if member in found:
            line = found[member].place.line
            where = f", first in line {line}" if line else ""
            shown = item.value if isinstance(item.value, str) else str(member)
            complaints.add(item.error(f"{shown[:60]!r} stands twice in the list{where}"))
        else:
            found[member] = item
    return tuple(found)


def name(node: Node) -> str:
    """Return a text that is not empty.

    Raises:
        InvalidDocument: it is none.
    """
    part = node.text()
    if not part:
        raise node.error("an empty text names nothing")
    return part


def _account(node: Node) -> str:
    return node.written if type(node.value) is int else name(node)


def _badge(node: Node) -> Badge:
    if not isinstance(node.value, dict):
        key, colon, value = name(node).partition(":")
        if not key:
            raise node.error("a badge needs a key before the colon, such as env:production")
        return Badge(key, value if colon else None)
    complaints = Complaints()
    given = node.mapping(BADGE_KEYS, complaints)
    if complaints.found:
        (key, value_node), *_ = node.value.items()
        shown = f"{key}:{value_node.value}" if isinstance(value_node.value, str) else "env:production"
        raise node.error(f'write a badge without a space, such as "{shown}", or as {{key: ..., value: ...}}')
    if "key" not in given:
        raise node.error("a badge needs a key")
    return Badge(name(given["key"]), given["value"].text() if "value" in given else None)


def _written(badge: Badge) -> JsonValue:
    if ":" not in badge.key:
        return str(badge)
    return {"key": badge.key} if badge.value is None else {"key": badge.key, "value": badge.value}


def _filled(**parts: JsonValue) -> JsonObject:
    return {key: value for key, value in parts.items() if value not in ([], {})}
