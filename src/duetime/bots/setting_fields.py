"""Settings that are more than one plain value; for our own filters and actions and for anybody's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, cast

from duetime.bots.durations import read_duration
from duetime.core.errors import InvalidSchedule
from duetime.core.fields import Field
from duetime.core.schedules import Schedule
from duetime.schedule import from_json
from duetime.schedule.instants import read_instant
from duetime.schedule.time_of_day import read_time_of_day


@dataclass(frozen=True)
class TextListField(Field):
    """One or more texts."""

    def validate(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise self.refuse(f"must be a list of one or more texts, not {value!r}")
        for text in value:
            if not isinstance(text, str):
                raise self.refuse(f"must hold texts alone, not {text!r}; put it in quotes")
        return tuple(value)


@dataclass(frozen=True)
class ObjectField(Field):
    """A mapping with text keys."""

    def validate(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise self.refuse(f"must be a mapping, not {value!r}")
        return dict(value)


@dataclass(frozen=True)
class DurationField(Field):
    """A length of time, such as `12h`, or a number of hours."""

    def validate(self, value: Any) -> timedelta:
        return read_duration(value, name=self.name)


@dataclass(frozen=True)
class MomentField(Field):
    """An instant such as `2026-01-31T19:00:00Z`, or a time of day such as `19:00`."""

    def validate(self, value: Any) -> datetime | time:
        instant = read_instant(value)
        if instant is not None:
            return instant
        try:
            return read_time_of_day(value)
        except InvalidSchedule:
            wanted = "an instant with a time zone such as 2026-01-31T19:00:00Z, or a time of day such as 19:00"
            raise self.refuse(f"must be {wanted}, not {value!r}") from None


@dataclass(frozen=True)
class ScheduleField(Field):
    """A schedule in its JSON form."""

    def validate(self, value: Any) -> Schedule:
        try:
            return cast(Schedule, from_json(value))
        except InvalidSchedule as error:
            examples = f"; examples: {'; '.join(error.examples)}" if error.examples else ""
            raise self.refuse(f"{error.problem}{examples}") from error
