"""Bots in the older JSON form: `instructions`, `run_when_result_is`, hookpoints, badges and groups.

Nothing of a document is dropped in silence. What the form says of a bot is taken over; what says how the bot stood
where it came from is named in a remark; everything else is refused by name, with what to do about it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from duetime.bots.complaints import Complaints
from duetime.bots.definition import UNNAMED, WrittenBot, read_name, read_owner, read_severity, read_trigger
from duetime.bots.nodes import Node
from duetime.bots.scope_part import members, name
from duetime.bots.use_part import read_action, read_filter
from duetime.core.bots import Badge, BotDefinition, Scope, Severity
from duetime.core.errors import InvalidSchedule
from duetime.schedule import ScheduleValue, from_json
from duetime.schedule.codec import KINDS, OLDER_KEYS

INSTRUCTIONS = "instructions"
"""The key by which the older form is known."""

INSTRUCTION_KEYS = ("resource_types", "filters", "actions", "groups", "badges", "hookpoints", "schedule")
ACCOUNT_GROUP = "divvyorganizationservice:"
"""How the group of all resources of one cloud account begins."""

_MEANT = ("name", "description", "owner", "category", "severity", "notes", "badge_scope_operator", INSTRUCTIONS)
# How the bot stood in the system that wrote the document; a bot that is read from it begins anew.
_STANDING = (
    "resource_id",
    "bot_id",
    "owner_name",
    "source",
    "date_created",
    "date_modified",
    "valid",
    "errors",
    "event_failures",
    "exemptions_count",
    "next_scheduled_run",
    "version",
)
# What the form says twice, or what a bot always is here: true only when it says nothing else.
_SAYS_NOTHING_ELSE: Mapping[str, tuple[tuple[Any, ...], str]] = {
    "ondemand_enabled": ((True, None), "a bot runs on demand in any case; leave it out"),
    "detailed_logging": ((False, None), "a bot has no logging of its own; leave it out"),
    "insight_id": ((None, ""), "the bot takes its filters from an insight; write them into instructions.filters"),
    "insight_name": ((None, ""), "the bot takes its filters from an insight; write them into instructions.filters"),
    "schedule_description": ((None, ""), "the schedule describes itself; leave it out"),
}
_REPEATED = {"scope": "groups", "schedule": "schedule"}


@dataclass(frozen=True, slots=True)
class OlderBot:
    """A bot that was read from the older form.

    Attributes:
        remarks: what was left behind, and what was read as something else, in sentences.
    """

    bot: WrittenBot
    remarks: tuple[str, ...]


def is_older(node: Node) -> bool:
    """Return whether a mapping is a bot in the older form."""
    return isinstance(node.value, dict) and INSTRUCTIONS in node.value


def read_older(node: Node, complaints: Complaints) -> OlderBot:
    """Return the bot that a mapping in the older form describes; what cannot be taken over is complained about."""
    given = node.mapping((*_MEANT, *_STANDING, "state", *_SAYS_NOTHING_ELSE, *_REPEATED), complaints)
    remarks = [f"{key} is left out: it says how the bot stood where it came from" for key in given if key in _STANDING]
    body = given.get(INSTRUCTIONS, node)
    inner = body.mapping((*INSTRUCTION_KEYS, "ondemand_enabled", "schedule_description"), complaints)
    for key, (allowed, remedy) in _SAYS_NOTHING_ELSE.items():
        for part in (each[key] for each in (given, inner) if key in each):
            if not any(type(part.value) is type(value) and part.value == value for value in allowed):
                complaints.add(part.error(f"cannot be taken over: {remedy}"))
    for key, same in _REPEATED.items():
        if key in given and same in inner and given[key].plain() != inner[same].plain():
            complaints.add(given[key].error(f"says something else than {INSTRUCTIONS}.{same}; leave one of them out"))
    remarks += complaints.attempt(lambda: _state(given.get("state")), [])

    def one(key: str, read: Callable[[Node], Any], otherwise: Any) -> Any:
        # The form writes null for what it does not say.
        if key not in given or given[key].value is None:
            return otherwise
        return complaints.attempt(lambda: read(given[key]), otherwise)

    if "name" not in given:
        complaints.add(node.error("a bot needs a name"))
    scope = _scope(given, inner, complaints, remarks)
    schedule = inner.get("schedule", given.get("schedule"))
    definition = BotDefinition(
        name=one("name", read_name, UNNAMED),
        description=one("description", Node.text, ""),
        owner=one("owner", read_owner, None),
        category=one("category", Node.text, ""),
        severity=one("severity", _severity, None),
        notes=one("notes", Node.text, ""),
        scope=scope,
        filters=tuple(read_filter(item, complaints) for item in _items(inner, "filters", complaints)),
        actions=tuple(read_action(item, complaints) for item in _items(inner, "actions", complaints)),
        schedule=complaints.attempt(lambda: read_older_schedule(schedule), None),
        triggers=members(_said(inner), "hookpoints", read_trigger, complaints),
    )
    return OlderBot(WrittenBot(definition, body), tuple(remarks))


def _items(given: Mapping[str, Node], key: str, complaints: Complaints) -> Any:
    return given[key].items(complaints) if key in given and given[key].value is not None else ()


def _said(given: Mapping[str, Node]) -> Mapping[str, Node]:
    return {key: node for key, node in given.items() if node.value is not None}


def _state(node: Node | None) -> list[str]:
    state = None if node is None else node.value
    if node is None or state in (None, "RUNNING", "SCANNING"):
        return []
    if state == "PAUSED":
        return ["state PAUSED is not taken over: a bot that is applied runs; pause it with `duetime bots pause`"]
    if state == "ARCHIVED":
        raise node.error("the bot is archived, which is final; leave state out to bring it to life again as a new bot")
    raise node.error("must be RUNNING, PAUSED, SCANNING or ARCHIVED; leave it out")


def _severity(node: Node) -> Severity | None:
    lower = node.value.lower() if isinstance(node.value, str) else node.value
    return None if lower == "" else read_severity(Node(lower, node.place, node.path, node.written))


def _scope(given: Mapping[str, Node], inner: Mapping[str, Node], complaints: Complaints, remarks: list[str]) -> Scope:
    groups = members(_said(inner), "groups", name, complaints)
    if not groups and "groups" not in inner:
        groups = members(_said(given), "scope", name, complaints)
    accounts = tuple(group.removeprefix(ACCOUNT_GROUP).rstrip(":") for group in groups if _is_account(group))
    others = tuple(group for group in groups if not _is_account(group))
    if accounts and others:
        part = inner.get("groups", given.get("scope"))
        if part is not None:
            problem = "names cloud accounts and resource groups, and means the resources of either"
            complaints.add(part.error(f"{problem}; make one bot for the accounts and one for the groups"))
    remarks += [f"group {ACCOUNT_GROUP}{account} is read as account {account}" for account in accounts]
    badges = members(_said(inner), "badges", _badge, complaints)
    all_of = complaints.attempt(lambda: _wants_all(given.get("badge_scope_operator"), badges, inner), True)
    return Scope(
        accounts=accounts,
        resource_types=members(_said(inner), "resource_types", name, complaints),
        groups=others,
        all_badges=badges if all_of else (),
        any_badges=() if all_of else badges,
    )


def _is_account(group: str) -> bool:
    return group.startswith(ACCOUNT_GROUP) and group.removeprefix(ACCOUNT_GROUP).rstrip(":") != ""


def _badge(node: Node) -> Badge:
    complaints = Complaints()
    given = node.mapping(("key", "value"), complaints)
    complaints.raise_first()
    if "key" not in given:
        raise node.error("a badge needs a key")
    key = name(given["key"])
    if key.startswith("system."):
        raise node.error(f"{key} is a badge that the older system gives by itself; leave it out for all accounts")
    value = given.get("value")
    return Badge(key, None if value is None or value.value is None else value.text())


def _wants_all(operator: Node | None, badges: tuple[Badge, ...], inner: Mapping[str, Node]) -> bool:
    said = operator.value.upper() if operator is not None and isinstance(operator.value, str) else None
    if operator is not None and operator.value is not None and said not in ("AND", "OR", ""):
        raise operator.wrong_type("AND or OR")
    if not said and len(badges) > 1:
        raise inner["badges"].error("has several badges; say beside instructions badge_scope_operator: AND or OR")
    return said != "OR"


def read_older_schedule(node: Node | None) -> ScheduleValue | None:
    """Return a schedule of the older form, which writes zeros for parts that its kind does not have.

    Raises:
        InvalidDocument: it is none.
    """
    if node is None or node.value in (None, ""):
        return None
    if not isinstance(node.value, dict):
        raise node.wrong_type("a mapping with the key '_type'")
    written = dict(node.plain())  # type: ignore[arg-type]  # a mapping's plain form is one
    kind = written.get("_type")
    if isinstance(kind, str) and kind.lower() in KINDS:
        written["_type"] = kind.lower()
        known = {field.name for field in fields(cast(Any, KINDS[kind.lower()])) if field.init}
        for key in OLDER_KEYS - known:
            if written.get(key) == 0:
                del written[key]
    try:
        return from_json(written)
    except InvalidSchedule as error:
        raise node.error(error.problem) from error
