"""One bot as a document, both ways: the keys it may have, what each must hold, and how it is written back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, cast

from duetime.bots.complaints import Complaints
from duetime.bots.durations import read_duration, write_duration
from duetime.bots.nodes import Node
from duetime.bots.scope_part import members, name, read_scope, scope_document
from duetime.bots.use_part import action_document, filter_document, older_key, read_action, read_filter
from duetime.core.bots import BotDefinition, Hookpoint, Scope, Severity
from duetime.core.errors import Invalid, InvalidDocument, InvalidSchedule, InvalidSetting, nearest
from duetime.core.json_types import JsonObject, JsonValue
from duetime.schedule import Cron, ScheduleValue, from_json, to_json

KEYS = (
    "name",
    "description",
    "owner",
    "category",
    "severity",
    "notes",
    "scope",
    "filters",
    "actions",
    "schedule",
    "timezone",
    "triggers",
    "exempt_tags",
    "cancel_when_compliant",
    "max_inventory_age",
)

LONGEST_NAME = 200

UNNAMED = ""
"""What a bot is called whose name could not be read."""

_TRIGGERS = {hookpoint.name.lower(): hookpoint for hookpoint in Hookpoint}


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

    def find(self, *path: str | int) -> Node | None:
        """Return what was written at a path, or None when nothing was."""
        node: Node | None = self.node
        for step in path:
            node = None if node is None else _step(node, step)
        return node


def to_document(definition: BotDefinition) -> JsonObject:
    """Return a definition as the plain JSON object that `from_mapping` reads; what is empty is left out.

    Raises:
        InvalidSchedule: the schedule has no JSON form.
    """
    age = definition.max_inventory_age
    parts: dict[str, JsonValue] = {
        "name": definition.name,
        "description": definition.description,
        "owner": definition.owner,
        "category": definition.category,
        "severity": None if definition.severity is None else definition.severity.value,
        "notes": definition.notes,
        "scope": scope_document(definition.scope),
        "filters": [filter_document(use) for use in definition.filters],
        "actions": [action_document(use) for use in definition.actions],
        "schedule": to_json(cast(ScheduleValue, definition.schedule)) if definition.schedule is not None else None,
        "triggers": [trigger.name.lower() for trigger in definition.triggers],
        "exempt_tags": list(definition.exempt_tags),
        "cancel_when_compliant": definition.cancel_when_compliant,
        "max_inventory_age": None if age is None else write_duration(age),
    }
    return {key: value for key, value in parts.items() if value not in (None, "", [], {})}


def read_bot(node: Node, complaints: Complaints) -> WrittenBot:
    """Return the bot that one mapping describes, as far as it can be read; what is wrong in it is complained about."""
    if not isinstance(node.value, dict):
        complaints.add(node.wrong_type(f"a mapping with the keys {', '.join(KEYS)}"))
        return WrittenBot(BotDefinition(UNNAMED), node)
    given = node.mapping(KEYS, complaints)
    if "name" not in given:
        complaints.add(node.error("a bot needs a name"))
    reading = _Reading(given, complaints)
    definition = BotDefinition(
        name=reading.one("name", read_name, UNNAMED),
        description=reading.one("description", Node.text, ""),
        owner=reading.one("owner", read_owner, None),
        category=reading.one("category", _line, ""),
        severity=reading.one("severity", read_severity, None),
        notes=reading.one("notes", Node.text, ""),
        scope=read_scope(given["scope"], complaints) if "scope" in given else Scope(),
        filters=tuple(read_filter(item, complaints) for item in reading.items("filters")),
        actions=tuple(read_action(item, complaints) for item in reading.items("actions")),
        schedule=complaints.attempt(lambda: _schedule(given.get("schedule"), given.get("timezone")), None),
        triggers=members(given, "triggers", read_trigger, complaints),
        exempt_tags=members(given, "exempt_tags", name, complaints),
        cancel_when_compliant=reading.one("cancel_when_compliant", _yes_or_no, None),
        max_inventory_age=reading.one("max_inventory_age", _age, None),
    )
    return WrittenBot(definition, node)


@dataclass(frozen=True, slots=True)
class _Reading:
    """The values of one bot, and where to complain about them."""

    given: Mapping[str, Node]
    complaints: Complaints

    def one(self, key: str, read: Any, otherwise: Any) -> Any:
        if key not in self.given:
            return otherwise
        return self.complaints.attempt(lambda: read(self.given[key]), otherwise)

    def items(self, key: str) -> Any:
        return self.given[key].items(self.complaints) if key in self.given else ()


def read_name(node: Node) -> str:
    """Return the name of a bot.

    Raises:
        InvalidDocument: it is none.
    """
    text = node.text()
    if not text or text != text.strip() or not text.isprintable() or len(text) > LONGEST_NAME:
        wanted = f"1 to {LONGEST_NAME} printable characters without a space at either end"
        raise node.error(f"a bot's name must be {wanted}, not {text[:60]!r}")
    return text


def read_owner(node: Node) -> str | None:
    """Return the user that a bot acts for.

    Raises:
        InvalidDocument: it is neither nothing nor a text.
    """
    if node.value is None:
        return None
    owner = node.text()
    if not owner.strip():
        raise node.error("must name a user, such as divvyuser:7; leave it out when the bot has no owner")
    return owner


def _line(node: Node) -> str:
    text = node.text()
    if text and not text.isprintable():
        raise node.error("must be one line of printable characters; longer texts belong into notes")
    return text


def read_severity(node: Node) -> Severity | None:
    """Return a severity.

    Raises:
        InvalidDocument: it is none.
    """
    if node.value is None:
        return None
    try:
        return Severity(node.text())
    except ValueError:
        raise node.error(f"must be one of {', '.join(Severity)}, not {node.text()[:60]!r}") from None


def read_trigger(node: Node) -> Hookpoint:
    """Return what happens to a resource, by its short or its older name.

    Raises:
        InvalidDocument: it is none of them.
    """
    text = node.text()
    if text in _TRIGGERS:
        return _TRIGGERS[text]
    if text in tuple(Hookpoint):
        return Hookpoint(text)
    if text == "schedule":
        raise node.error("when the bot runs by the clock is said by the key 'schedule'; here stands what happens")
    near = nearest(text, _TRIGGERS, most=1)
    hint = f"; did you mean {near[0]}" if near else "; a bot runs on demand in any case"
    raise node.error(f"must be one of {', '.join(_TRIGGERS)}, not {text[:60]!r}{hint}")


def _yes_or_no(node: Node) -> bool | None:
    if node.value is not None and not isinstance(node.value, bool):
        raise node.wrong_type("true or false")
    return node.value


def _age(node: Node) -> timedelta | None:
    if node.value is None:
        return None
    try:
        age = read_duration(node.plain(), name="max_inventory_age")
    except InvalidSetting as error:
        raise node.error(error.problem) from error
    if not age:
        raise node.error("must be longer than nothing: no inventory is as fresh as that")
    return age


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


def _step(node: Node, step: str | int) -> Node | None:
    if isinstance(step, int):
        return node.value[step] if isinstance(node.value, list) and step < len(node.value) else None
    if not isinstance(node.value, dict):
        return None
    return node.value.get(step) or node.value.get(older_key(step))
