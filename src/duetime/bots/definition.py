"""One bot as a document, both ways: the keys it may have, what each must hold, and how it is written back."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from duetime.bots.nodes import Node
from duetime.core.bots import ActionUse, BotDefinition, FilterUse, Scope
from duetime.core.errors import Invalid, InvalidDocument, InvalidSchedule
from duetime.core.json_types import JsonObject, JsonValue
from duetime.schedule import Cron, ScheduleValue, from_json, to_json

KEYS = ("name", "description", "owner", "scope", "filters", "actions", "schedule", "timezone")
SCOPE_KEYS = ("accounts", "regions", "resource_types")
USE_KEYS = ("uid", "settings", "name", "config")
"""Keys of a filter or an action; the last two are what the older JSON form says for the first two."""

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class WrittenBot:
    """A definition together with where it was written, so that later complaints can name the place too."""

    definition: BotDefinition
    node: Node

    def error(self, problem: str, *path: str | int) -> InvalidDocument:
        """Return an error about one part of the bot.

        Args:
            problem: what is wrong.
            path: where, such as `"filters", 0, "settings", "key"`. When that was not written, the place is what would
                have held it.
        """
        node = self.node
        for step in path:
            inner = _step(node, step)
            if inner is None:
                break
            node = inner
        return node.error(problem)


def to_document(definition: BotDefinition) -> JsonObject:
    """Return a definition as the plain JSON object that `from_mapping` reads; what is empty is left out.

    Raises:
        InvalidSchedule: the schedule has no JSON form.
    """
    scope = definition.scope
    parts: dict[str, JsonValue] = {
        "name": definition.name,
        "description": definition.description,
        "owner": definition.owner,
        "scope": _filled(
            accounts=list(scope.accounts), regions=list(scope.regions), resource_types=list(scope.resource_types)
        ),
        "filters": [_filled(uid=use.uid, settings=_plain(use.settings)) for use in definition.filters],
        "actions": [_filled(uid=use.uid, settings=_plain(use.settings)) for use in definition.actions],
        "schedule": to_json(cast(ScheduleValue, definition.schedule)) if definition.schedule is not None else None,
    }
    return _filled(**parts)


def _filled(**parts: Any) -> JsonObject:
    return {key: value for key, value in parts.items() if value not in (None, "", [], {})}


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(member) for member in value]
    return value


def read_bot(node: Node) -> WrittenBot:
    """Return the bot that one mapping describes.

    Raises:
        InvalidDocument: something in it is not as it must be.
    """
    given = node.mapping(KEYS)
    if "name" not in given:
        raise node.error("a bot needs a name")
    definition = BotDefinition(
        name=_name(given["name"]),
        description=given["description"].text() if "description" in given else "",
        owner=_owner(given["owner"]) if "owner" in given else None,
        scope=_scope(given["scope"]) if "scope" in given else Scope(),
        filters=tuple(FilterUse(*_use(item, "a filter")) for item in _items(given, "filters")),
        actions=tuple(ActionUse(*_use(item, "an action")) for item in _items(given, "actions")),
        schedule=_schedule(given.get("schedule"), given.get("timezone")),
    )
    return WrittenBot(definition, node)


def _items(given: Mapping[str, Node], key: str) -> Sequence[Node]:
    return given[key].items() if key in given else ()


def _name(node: Node) -> str:
    name = node.text()
    if not name or name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
        wanted = f"1 to {LONGEST_NAME} printable characters without a space at either end"
        raise node.error(f"a bot's name must be {wanted}, not {name[:60]!r}")
    return name


def _owner(node: Node) -> str | None:
    if node.value is None:
        return None
    owner = node.text()
    if not owner.strip():
        raise node.error("must name a user, such as divvyuser:7; leave it out when the bot has no owner")
    return owner


def _scope(node: Node) -> Scope:
    given = node.mapping(SCOPE_KEYS)
    return Scope(
        # An account id is often all digits; the number is taken as it was written.
        accounts=tuple(_part(item, number=True) for item in _items(given, "accounts")),
        regions=tuple(_part(item) for item in _items(given, "regions")),
        resource_types=tuple(_part(item) for item in _items(given, "resource_types")),
    )


def _part(node: Node, *, number: bool = False) -> str:
    if number and type(node.value) is int:
        return node.written
    part = node.text()
    if not part:
        raise node.error("an empty text names nothing")
    return part


def _use(node: Node, kind: str) -> tuple[str, Mapping[str, Any]]:
    given = node.mapping(USE_KEYS)
    uid = _either(given, "uid", "name")
    if uid is None:
        raise node.error(f"{kind} needs a uid")
    if not uid.text():
        raise uid.error(f"{kind} needs a uid, not an empty text")
    settings = _either(given, "settings", "config")
    if settings is None:
        return uid.text(), {}
    plain = settings.plain()
    if not isinstance(plain, dict):
        raise settings.wrong_type("a mapping of settings")
    return uid.text(), plain


def _either(given: Mapping[str, Node], key: str, older: str) -> Node | None:
    if key in given and older in given:
        raise given[older].error(f"says the same as {key!r}; give one of them")
    return given.get(key, given.get(older))


def _schedule(node: Node | None, zone: Node | None) -> ScheduleValue | None:
    if node is None or node.value is None:
        if zone is not None:
            raise zone.error("a time zone without a schedule says nothing; add the schedule or leave it out")
        return None
    try:
        if isinstance(node.value, str):
            return Cron(node.value, timezone=zone.text() if zone is not None else "UTC")
        if zone is not None:
            raise zone.error("belongs into the schedule, as its key 'timezone'; it stands here for cron texts alone")
        if not isinstance(node.value, dict):
            raise node.wrong_type("a cron text such as '0 19 * * mon-fri', or a mapping with the key '_type'")
        return from_json(node.plain())
    except InvalidSchedule as error:
        examples = f"; examples: {'; '.join(error.examples)}" if error.examples else ""
        raise node.error(f"{error.problem}{examples}") from error
    except InvalidDocument:
        raise
    except Invalid as error:
        raise node.error(str(error).rstrip(".")) from error


_OLDER = {"uid": "name", "settings": "config"}


def _step(node: Node, step: str | int) -> Node | None:
    if isinstance(step, int):
        return node.value[step] if isinstance(node.value, list) and step < len(node.value) else None
    if not isinstance(node.value, dict):
        return None
    return node.value.get(step) or node.value.get(_OLDER.get(step, step))
