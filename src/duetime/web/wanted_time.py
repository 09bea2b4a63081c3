"""When an event shall be due, as requests and forms say it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from duetime.bots.durations import read_duration
from duetime.core.errors import Invalid, InvalidInstant
from duetime.schedule.instants import read_instant

_ONE = (
    'exactly one of "in" (a length of time such as "90m"), "at" (an instant such as "2026-01-31T19:00:00Z") and '
    '"schedule" (an object such as {"_type": "daily", "version": 1, "time_of_day": "19:00"})'
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedTime:
    """The three ways to say it, of which one is used.

    Attributes:
        delay: a length of time from now.
        at: an instant with a time zone.
        schedule: the JSON form of a schedule, as an object or as text.
    """

    delay: str | None = None
    at: str | None = None
    schedule: Mapping[str, Any] | str | None = None

    @property
    def is_said(self) -> bool:
        return any(each is not None for each in (self.delay, self.at, self.schedule))

    @property
    def is_whole_schedule(self) -> bool:
        """Whether it says all there is to say of times, so that it may end a recurrence."""
        return self.schedule is not None

    def read(self, *, now: datetime) -> datetime | Mapping[str, Any] | str:
        """Return an instant, or a schedule that is still to be read.

        Raises:
            Invalid: it is said not at all, more than once, or cannot be read.
        """
        if sum(each is not None for each in (self.delay, self.at, self.schedule)) != 1:
            message = f"Say when by {_ONE}."
            raise Invalid(message)
        if self.delay is not None:
            return _later(now, read_duration(self.delay, name="in"))
        return _instant(self.at) if self.at is not None else self.schedule or {}


def _later(now: datetime, delay: timedelta) -> datetime:
    try:
        return now + delay
    except OverflowError:
        message = "in: that lies beyond the calendar."
        raise Invalid(message) from None


def _instant(text: str) -> datetime:
    instant = read_instant(text)
    if instant is not None:
        return instant
    if read_instant(text, naive_is_utc=True) is not None:
        message = f"at needs a time zone: write {text}Z for UTC, or {text}+02:00 for a zone ahead of it."
        raise Invalid(message)
    raise InvalidInstant("at", text)
