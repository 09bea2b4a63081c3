"""The filters and actions of a bot document, both ways."""

from collections.abc import Mapping, Sequence
from typing import Any

from duetime.bots.complaints import Complaints
from duetime.bots.nodes import Node
from duetime.core.bots import ActionUse, FilterUse
from duetime.core.json_types import JsonObject

FILTER_KEYS = ("uid", "settings", "name", "config")
"""Keys of a filter; the last two are what the older JSON form says for the first two."""

ACTION_KEYS = ("uid", "settings", "on", "name", "config", "run_when_result_is")
"""Keys of an action; the last three are what the older JSON form says for the first three."""

MATCH = "match"
NO_MATCH = "no-match"

UNREADABLE = ""
"""The uid of a filter or action that could not be read; it keeps its place in the list."""

_OLDER = {"uid": "name", "settings": "config", "on": "run_when_result_is"}


def older_key(key: str) -> str:
    """Return what the older form calls a key of a filter or action."""
    return _OLDER.get(key, key)


def read_filter(node: Node, complaints: Complaints) -> FilterUse:
    """Return a filter with its settings; what is wrong in it is complained about."""
    uid, settings, _ = _use(node, "a filter", FILTER_KEYS, complaints)
    return FilterUse(uid, settings)


def read_action(node: Node, complaints: Complaints) -> ActionUse:
    """Return an action with its settings; what is wrong in it is complained about."""
    uid, settings, given = _use(node, "an action", ACTION_KEYS, complaints)
    on_match = complaints.attempt(lambda: _on_match(_either(given, "on")), True)
    return ActionUse(uid, settings, on_match)


def filter_document(use: FilterUse) -> JsonObject:
    """Return a filter as `read_filter` reads it."""
    return {"uid": use.uid, **({"settings": _plain(use.settings)} if use.settings else {})}


def action_document(use: ActionUse) -> JsonObject:
    """Return an action as `read_action` reads it."""
    return {**filter_document(FilterUse(use.uid, use.settings)), **({} if use.on_match else {"on": NO_MATCH})}


def _use(
    node: Node, kind: str, known: Sequence[str], complaints: Complaints
) -> tuple[str, Mapping[str, Any], Mapping[str, Node]]:
    if not isinstance(node.value, dict):
        complaints.add(node.wrong_type(f"a mapping with the keys {', '.join(known)}"))
        return UNREADABLE, {}, {}
    given = node.mapping(known, complaints)
    uid = complaints.attempt(lambda: _uid(node, _either(given, "uid"), kind), UNREADABLE)
    settings: Mapping[str, Any] = complaints.attempt(lambda: _settings(_either(given, "settings")), {})
    return uid, settings, given


def _uid(node: Node, uid: Node | None, kind: str) -> str:
    if uid is None:
        raise node.error(f"{kind} needs a uid")
    if not uid.text():
        raise uid.error(f"{kind} needs a uid, not an empty text")
    return uid.text()


def _settings(settings: Node | None) -> Mapping[str, Any]:
    if settings is None:
        return {}
    plain = settings.plain()
    if not isinstance(plain, dict):
        raise settings.wrong_type("a mapping of settings")
    return plain


def _on_match(node: Node | None) -> bool:
    if node is None:
        return True
    if isinstance(node.value, bool) and node.path.endswith(_OLDER["on"]):
        return node.value
    if node.path.endswith(_OLDER["on"]):
        raise node.wrong_type("true or false")
    if node.value not in (MATCH, NO_MATCH):
        raise node.wrong_type(f"{MATCH} or {NO_MATCH}")
    return node.value == MATCH


def _either(given: Mapping[str, Node], key: str) -> Node | None:
    older = _OLDER[key]
    if key in given and older in given:
        raise given[older].error(f"says the same as {key!r}; give one of them")
    return given.get(key, given.get(older))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value
