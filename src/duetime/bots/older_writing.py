"""Definitions as bots in the older JSON form, and what that form has no words for."""

from collections.abc import Mapping, Sequence
from datetime import time
from typing import Any, cast

from duetime.bots.older_json import ACCOUNT_GROUP
from duetime.bots.use_part import filter_document
from duetime.core.bots import Badge, BotDefinition, FilterUse, Scope
from duetime.core.errors import Invalid
from duetime.core.json_types import JsonObject, JsonValue
from duetime.schedule import Daily, Hourly, Monthly, ScheduleValue, Weekly, to_json
from duetime.schedule.time_of_day import read_time_of_day
from duetime.schedule.weekdays import read_weekdays

_WEEK = range(7)


class UnsayableParts(Invalid):
    """A definition with parts that the older form has no words for."""

    def __init__(self, bot: str, parts: Sequence[str]) -> None:
        self.bot = bot
        self.parts = tuple(parts)
        super().__init__(
            f"Bot {bot!r} cannot be said in the older form: {'; '.join(parts)}. "
            "Export it as YAML, or leave these parts out with --lossy."
        )


def older_document(definition: BotDefinition, *, lossy: bool = False) -> tuple[JsonObject, tuple[str, ...]]:
    """Return a definition in the older form, and which parts of it are left out.

    Args:
        definition: the bot.
        lossy: leave out what the form has no words for. The bot may then find more than this one does.

    Raises:
        UnsayableParts: there are such parts, and they may not be left out.
    """
    unsayable: list[str] = []
    scope = _scope(definition.scope, unsayable)
    operator = scope.pop("badge_scope_operator", None)
    document: JsonObject = {
        "name": definition.name,
        "description": definition.description,
        "owner": definition.owner,
        "category": definition.category,
        "severity": None if definition.severity is None else definition.severity.value,
        "notes": definition.notes,
        **({} if operator is None else {"badge_scope_operator": operator}),
        "instructions": {
            **scope,
            "filters": [_use(use.uid, use.settings) for use in definition.filters],
            "actions": [
                {**_use(use.uid, use.settings), "run_when_result_is": use.on_match} for use in definition.actions
            ],
            "hookpoints": [trigger.value for trigger in definition.triggers],
            "schedule": _schedule(cast("ScheduleValue | None", definition.schedule), unsayable),
        },
    }
    if definition.exempt_tags:
        unsayable.append("exempt_tags")
    if definition.cancel_when_compliant is not None:
        unsayable.append("cancel_when_compliant")
    if definition.max_inventory_age is not None:
        unsayable.append("max_inventory_age")
    if unsayable and not lossy:
        raise UnsayableParts(definition.name, unsayable)
    return document, tuple(unsayable)


def _scope(scope: Scope, unsayable: list[str]) -> JsonObject:
    if scope.regions:
        unsayable.append("scope.regions")
    groups = [f"{ACCOUNT_GROUP}{account}" for account in scope.accounts]
    if scope.accounts and scope.groups:
        unsayable.append("scope.groups together with scope.accounts")
    elif scope.groups:
        groups = list(scope.groups)
    if any(group.startswith(ACCOUNT_GROUP) for group in scope.groups):
        unsayable.append(f"scope.groups with a name that begins with {ACCOUNT_GROUP}")
    badges = scope.all_badges or scope.any_badges
    if scope.all_badges and scope.any_badges:
        unsayable.append("scope.badges.any together with scope.badges.all")
    if any(badge.key.startswith("system.") for badge in badges):
        unsayable.append("scope.badges with a key that begins with system.")
    body: JsonObject = {
        "resource_types": list(scope.resource_types),
        "groups": cast(JsonValue, groups),
        "badges": [_badge(badge) for badge in badges],
    }
    if badges:
        body["badge_scope_operator"] = "AND" if scope.all_badges else "OR"
    return body


def _badge(badge: Badge) -> JsonObject:
    return {"key": badge.key, "value": badge.value}


def _use(uid: str, settings: Mapping[str, Any]) -> JsonObject:
    return {"name": uid, "config": filter_document(FilterUse(uid, settings)).get("settings", {})}


def _schedule(schedule: ScheduleValue | None, unsayable: list[str]) -> JsonValue:
    if schedule is None:
        return None
    if not isinstance(schedule, Hourly | Daily | Weekly | Monthly):
        unsayable.append(f"schedule of the kind {schedule.kind}")
        return None
    written = to_json(schedule)
    more = [key for key in ("timezone", "dst_gap", "dst_overlap", "overflow") if key in written]
    unsayable += [f"schedule.{key} {written.pop(key)}" for key in more]
    del written["version"]
    if isinstance(schedule, Weekly):
        days = read_weekdays("day_of_week", schedule.day_of_week)
        if len(days) == 1:
            written["day_of_week"] = days[0]
        else:
            # The form knows one day of the week; the same days are every day but the others.
            del written["day_of_week"]
            written |= {"_type": Daily.kind, "exclude_days": [day for day in _WEEK if day not in days]}
    if not isinstance(schedule, Hourly):
        written["time_of_day"] = _parts(read_time_of_day(schedule.time_of_day))
    return written


def _parts(moment: time) -> JsonObject:
    return {"hour": moment.hour, "minute": moment.minute, "second": moment.second}
