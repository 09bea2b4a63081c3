"""Settings that are more than one plain value; for our own filters and actions and for anybody's."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any, cast

from duetime.bots.durations import read_duration
from duetime.bots.nodes import flaw_of
from duetime.core.bots import FilterUse
from duetime.core.errors import InvalidSchedule, nearest
from duetime.core.fields import Field, StringField
from duetime.core.schedules import Schedule
from duetime.schedule import from_json
from duetime.schedule.instants import read_instant
from duetime.schedule.time_of_day import read_time_of_day


@dataclass(frozen=True)
class ExactTextField(StringField):
    """A text that is compared with those of resources; any character but those that no database keeps."""

    def validate(self, value: Any) -> str:
        text = super().validate(value)
        flaw = flaw_of(text)
        if flaw is not None:
            raise self.refuse(f"{flaw}: {text[:40]!r}")
        return text


@dataclass(frozen=True)
class TextListField(Field):
    """One or more texts."""

    def validate(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise self.refuse(f"must be a list of one or more texts, not {value!r}")
        for text in value:
            if not isinstance(text, str):
                raise self.refuse(f"must hold texts alone, not {text!r}; put it in quotes")
            flaw = flaw_of(text)
            if flaw is not None:
                raise self.refuse(f"{flaw}: {text[:40]!r}")
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


@dataclass(frozen=True)
class EventTypeField(StringField):
    """The id of an event type, such as `divvy.stop_resource`; checking a bot also asks whether there is such a type."""


@dataclass(frozen=True)
class EventField(ObjectField):
    """An event type and its arguments; checking a bot also asks whether there is such a type."""

    def validate(self, value: Any) -> dict[str, Any]:
        given = super().validate(value)
        for key in given:
            if key not in ("event_type", "args"):
                near = nearest(key, ("event_type", "args"), most=1)
                hint = f"did you mean {near[0]!r}" if near else "it has event_type and args"
                raise self.refuse(f"has no key {key!r}; {hint}")
        if not isinstance(given.get("event_type"), str) or not given["event_type"]:
            raise self.refuse("needs an event_type, such as divvy.stop_resource")
        args = given.get("args", {})
        if not isinstance(args, Mapping) or not all(isinstance(key, str) for key in args):
            raise self.refuse(f"must have args that are a mapping, not {args!r}")
        return {"event_type": given["event_type"], "args": dict(args)}


@dataclass(frozen=True)
class FilterListField(Field):
    """One or more filters, written as in a bot: what filters like any, all and not are made of.

    Here only their form is looked at. Checking a bot also looks every one of them up and validates its settings, at
    any depth, so that a fault inside is shown with its own line.
    """

    def validate(self, value: Any) -> tuple[FilterUse, ...]:
        if not isinstance(value, list | tuple) or not value:
            raise self.refuse(f"must be a list of one or more filters, each with a uid, not {value!r}")
        return tuple(self._use(one) for one in value)

    def _use(self, value: Any) -> FilterUse:
        if isinstance(value, FilterUse):
            return value
        if not isinstance(value, Mapping):
            raise self.refuse(f"must hold filters, each a mapping with a uid and settings, not {value!r}")
        for key in value:
            if key not in _USE_KEYS:
                near = nearest(str(key), _USE_KEYS, most=1)
                hint = f"; the nearest known key is {near[0]!r}" if near else f"; known keys are {', '.join(_USE_KEYS)}"
                raise self.refuse(f"a filter has no key {key!r}{hint}")
        given = {_NEWER.get(key, key): part for key, part in value.items()}
        if len(given) != len(value):
            raise self.refuse("name and config say the same as uid and settings; give one of each")
        uid, settings = given.get("uid"), given.get("settings", {})
        if not isinstance(uid, str) or not uid:
            raise self.refuse(f"each filter needs a uid, not {uid!r}")
        if not isinstance(settings, Mapping):
            raise self.refuse(f"the settings of {uid} must be a mapping, not {settings!r}")
        return FilterUse(uid, dict(settings))


_USE_KEYS = ("uid", "settings", "name", "config")
_NEWER = {"name": "uid", "config": "settings"}
