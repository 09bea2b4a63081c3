"""Which days of the calendar count: by weekday, or by day of the month.

Days are numbered from 0, Monday 1 January of the year 1, so a weekday is the number modulo 7.
"""

from calendar import monthrange
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import MAXYEAR, MINYEAR, date
from typing import Literal, Protocol, get_args

from duetime.schedule.instants import LAST_DAY

Overflow = Literal["last_day", "skip"]
"""What a day of the month means in a month that is too short for it: its last day, or nothing."""

OVERFLOWS: tuple[str, ...] = get_args(Overflow)

WEEK = 7
MONTHS = 12


class Days(Protocol):
    """A set of days that can be searched in both directions."""

    def on_or_after(self, day: int) -> int | None:
        """Return the first day of the set that is not before `day`."""

    def on_or_before(self, day: int) -> int | None:
        """Return the last day of the set that is not after `day`."""

    def count(self, first: int, end: int) -> int:
        """Return how many days of the set lie from `first` up to, but without, `end`."""


@dataclass(frozen=True, slots=True)
class WeekdaysOnly:
    """All days that fall on one of some weekdays."""

    weekdays: frozenset[int]

    @classmethod
    def without(cls, excluded: Collection[int]) -> "WeekdaysOnly":
        """Return all days but those on an excluded weekday."""
        return cls(frozenset(range(WEEK)).difference(excluded))

    def on_or_after(self, day: int) -> int | None:
        day = max(day, 0)
        found = next(day + wait for wait in range(WEEK) if (day + wait) % WEEK in self.weekdays)
        return found if found <= LAST_DAY else None

    def on_or_before(self, day: int) -> int | None:
        day = min(day, LAST_DAY)
        found = next(day - back for back in range(WEEK) if (day - back) % WEEK in self.weekdays)
        return found if found >= 0 else None

    def count(self, first: int, end: int) -> int:
        weeks, rest = divmod(max(end - first, 0), WEEK)
        return weeks * len(self.weekdays) + sum((first + day) % WEEK in self.weekdays for day in range(rest))


@dataclass(frozen=True, slots=True)
class MonthlyDay:
    """One day of each month, unless it falls on an excluded weekday."""

    day_of_month: int
    overflow: Overflow
    weekdays: frozenset[int]

    def on_or_after(self, day: int) -> int | None:
        day = max(day, 0)
        if day > LAST_DAY:
            return None
        first = date.fromordinal(day + 1)
        for month in range(_month(first), MAXYEAR * MONTHS + MONTHS):
            found = self._in_month(month)
            if found is not None and found >= day:
                return found
        return None

    def on_or_before(self, day: int) -> int | None:
        day = min(day, LAST_DAY)
        if day < 0:
            return None
        for month in range(_month(date.fromordinal(day + 1)), MINYEAR * MONTHS - 1, -1):
            found = self._in_month(month)
            if found is not None and found <= day:
                return found
        return None

    def count(self, first: int, end: int) -> int:
        return sum(1 for _ in self._between(max(first, 0), min(end, LAST_DAY + 1)))

    def _between(self, first: int, end: int) -> Iterator[int]:
        day = self.on_or_after(first)
        while day is not None and day < end:
            yield day
            day = self.on_or_after(day + 1)

    def _in_month(self, month: int) -> int | None:
        year, index = divmod(month, MONTHS)
        length = monthrange(year, index + 1)[1]
        if self.day_of_month > length and self.overflow == "skip":
            return None
        day = date(year, index + 1, min(self.day_of_month, length)).toordinal() - 1
        return day if day % WEEK in self.weekdays else None


def _month(day: date) -> int:
    return day.year * MONTHS + day.month - 1
