"""Days of a week or a month, and what comes on each of them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from duetime.scheduling.upcoming import Occurrence
from duetime.web.pages.zones import ShownZone

WEEK = timedelta(days=7)
MOST_SHOWN = 4
"""How many occurrences a day of the month shows; the others are behind its link."""


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """A day of the visitor's zone.

    Attributes:
        occurrences: the first of what comes on it.
        more: how many more there are.
        total: how many due times there are in all.
        is_outside: whether it belongs to the month before or after.
    """

    day: date
    occurrences: tuple[Occurrence, ...]
    more: int
    total: int
    is_today: bool
    is_outside: bool


def week_of(day: date) -> tuple[date, date]:
    """Return the Monday of a day's week, and the Monday after."""
    monday = day - timedelta(days=day.weekday())
    return monday, monday + WEEK


def month_of(day: date) -> tuple[date, date]:
    """Return the first day of a day's month, and of the month after."""
    first = day.replace(day=1)
    return first, (first + timedelta(days=32)).replace(day=1)


def calendar_days(
    occurrences: Iterable[Occurrence],
    *,
    first: date,
    end: date,
    today: date,
    zone: ShownZone,
    most: int | None = MOST_SHOWN,
) -> tuple[CalendarDay, ...]:
    """Return whole weeks that hold the days from `first` to before `end`, each with what comes on it.

    What is owed already stands on today.

    Args:
        occurrences: in the order of time.
        first: the first day that counts.
        end: the day after the last.
        today: which day it is.
        zone: whose days.
        most: how many occurrences each day shows; None = all.
    """
    of_day: dict[date, list[Occurrence]] = {}
    for each in occurrences:
        of_day.setdefault(max(each.at.astimezone(zone.info).date(), today), []).append(each)
    begin, last = week_of(first)[0], week_of(end - timedelta(days=1))[1]
    days = [begin + timedelta(days=number) for number in range((last - begin).days)]
    return tuple(
        _day(day, of_day.get(day, []), today=today, is_outside=not first <= day < end, most=most) for day in days
    )


def _day(day: date, occurrences: list[Occurrence], *, today: date, is_outside: bool, most: int | None) -> CalendarDay:
    shown = tuple(occurrences if most is None else occurrences[:most])
    return CalendarDay(
        day=day,
        occurrences=shown,
        more=len(occurrences) - len(shown),
        total=sum(each.count for each in occurrences),
        is_today=day == today,
        is_outside=is_outside,
    )
