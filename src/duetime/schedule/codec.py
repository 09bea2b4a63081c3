"""Schedules as JSON: a tag, a version and plain data, never a class name or code.

The older form, which has no version, is read as well.
"""

import json
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import datetime, time
from functools import lru_cache
from typing import Any, cast

from duetime.core.errors import InvalidSchedule, nearest
from duetime.core.json_types import JsonObject, JsonValue, canonical
from duetime.core.schedules import Schedule
from duetime.schedule.cron import Cron
from duetime.schedule.daily import Daily
from duetime.schedule.hourly import Hourly
from duetime.schedule.instants import iso
from duetime.schedule.monthly import Monthly
from duetime.schedule.once import Once
from duetime.schedule.periodic import Periodic
from duetime.schedule.time_of_day import write_time_of_day
from duetime.schedule.value import ScheduleValue
from duetime.schedule.weekdays import read_weekdays
from duetime.schedule.weekly import Weekly

VERSION = 1

KINDS: Mapping[str, type[ScheduleValue]] = {
    kind.kind: kind for kind in (Once, Periodic, Hourly, Daily, Weekly, Monthly, Cron)
}

EXAMPLES = (
    '{"_type":"once","version":1,"when":"2026-01-31T19:00:00Z"}',
    '{"_type":"periodic","version":1,"hours":1}',
    '{"_type":"daily","version":1,"time_of_day":"19:00","timezone":"Europe/Berlin"}',
    '{"_type":"cron","version":1,"expression":"0 19 * * 1-5"}',
)

# Programs that wrote the older form could write all of these, whatever the type.
OLDER_KEYS = frozenset(
    ("time_of_day", "day_of_week", "day_of_month", "exclude_days", "minute_of_hour", "second_of_hour")
)

LONGEST = 10_000

# Nearly every one-off has a time of its own: remembering its text would only push others out.
ONE_OFF = '{"_type":"once"'


def to_json(schedule: Schedule) -> JsonObject:
    """Return a schedule as a JSON object, without the fields that have their usual value."""
    if KINDS.get(schedule.kind) is not type(schedule):
        raise InvalidSchedule(f"{type(schedule).__name__} has no JSON form", examples=EXAMPLES)
    written: JsonObject = {"_type": schedule.kind, "version": VERSION}
    for known in _arguments(type(schedule)):
        value = getattr(schedule, known.name)
        if value != known.default:
            written[known.name] = _plain(value)
    return written


def encode(schedule: Schedule) -> str:
    """Return a schedule as canonical JSON text: equal schedules have equal texts."""
    if isinstance(schedule, Once):
        return f'{ONE_OFF},"version":{VERSION},"when":"{iso(schedule.instant)}"}}'
    return _encode(cast("ScheduleValue", schedule))


def decode(text: str) -> ScheduleValue:
    """Return the schedule that a JSON text says.

    Raises:
        InvalidSchedule: it says none.
    """
    if not isinstance(text, str) or len(text) > LONGEST:
        raise InvalidSchedule(f"A schedule must be a JSON text of at most {LONGEST} characters", examples=EXAMPLES)
    return _read(text) if text.startswith(ONE_OFF) else _decode(text)


def from_json(written: object) -> ScheduleValue:
    """Return the schedule that a JSON object says.

    Raises:
        InvalidSchedule: it says none.
    """
    if not isinstance(written, Mapping):
        raise InvalidSchedule(f"A schedule must be a JSON object, not {written!r}", examples=EXAMPLES)
    kind = _read_kind(written)
    given = {name: value for name, value in written.items() if name not in ("_type", "version")}
    if "version" not in written:
        given = _modernised(kind, given)
    elif type(written["version"]) is not int or written["version"] != VERSION:
        raise InvalidSchedule(
            f"version {written['version']!r} of the schedule format is not known, only {VERSION}", examples=EXAMPLES
        )
    _check_names(kind, given)
    return kind(**given)


@lru_cache(maxsize=4096)
def _encode(schedule: ScheduleValue) -> str:
    return canonical(to_json(schedule))


@lru_cache(maxsize=4096)
def _decode(text: str) -> ScheduleValue:
    return _read(text)


def _read(text: str) -> ScheduleValue:
    try:
        written = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise InvalidSchedule(f"The schedule is no JSON text ({error})", examples=EXAMPLES) from error
    return from_json(written)


def _read_kind(written: Mapping[str, object]) -> type[ScheduleValue]:
    tag = written.get("_type")
    kind = KINDS.get(tag) if isinstance(tag, str) else None
    if kind is None:
        near = nearest(tag, KINDS) if isinstance(tag, str) else ()
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise InvalidSchedule(f"_type must be one of {', '.join(KINDS)}, not {tag!r}{hint}", examples=EXAMPLES)
    return kind


def _check_names(kind: type[ScheduleValue], given: Mapping[str, object]) -> None:
    known = _arguments(kind)
    names = [argument.name for argument in known]
    for name in given:
        if name not in names:
            near = nearest(str(name), names)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            raise InvalidSchedule(f"{kind.kind} takes {', '.join(names)}, but not {name!r}{hint}", examples=EXAMPLES)
    for argument in known:
        if argument.default is MISSING and argument.name not in given:
            raise InvalidSchedule(f"{kind.kind} needs {argument.name}", examples=EXAMPLES)


def _modernised(kind: type[ScheduleValue], given: Mapping[str, object]) -> dict[str, object]:
    """Return what an older form says: keys that say nothing are left out, and a week has no excluded days."""
    names = [argument.name for argument in _arguments(kind)]
    told = {name: value for name, value in given.items() if value is not None}
    if kind is Weekly and "day_of_week" in told and "exclude_days" in told:
        excluded = read_weekdays("exclude_days", told.pop("exclude_days"))
        told["day_of_week"] = [day for day in read_weekdays("day_of_week", told["day_of_week"]) if day not in excluded]
    return {
        name: value
        for name, value in told.items()
        if name in names or name not in OLDER_KEYS or value not in ([], "", {})
    }


@lru_cache(maxsize=len(KINDS))
def _arguments(kind: type[Any]) -> tuple[Field[Any], ...]:
    return tuple(known for known in fields(kind) if known.init)


def _plain(value: JsonValue | datetime | time | tuple[int, ...]) -> JsonValue:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, time):
        return write_time_of_day(value)
    if isinstance(value, tuple):
        return list(value)
    return value
