"""Due again and again after the same length of time."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import ClassVar

from duetime.core.errors import InvalidSchedule
from duetime.schedule.instants import read_instant, to_utc
from duetime.schedule.value import ScheduleValue

EXAMPLES = ("Periodic(hours=1)", "Periodic(days=3)", 'Periodic(minutes=15, anchor="2026-01-31T19:00:00Z")')

UNITS = {
    "weeks": timedelta(weeks=1),
    "days": timedelta(days=1),
    "hours": timedelta(hours=1),
    "minutes": timedelta(minutes=1),
}
SHORTEST = timedelta(seconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Periodic(ScheduleValue):
    """Due every so many hours, days and so on of elapsed time, whatever the clocks on the wall do.

    The lengths add up and are kept in their shortest form, so that `Periodic(minutes=60) == Periodic(hours=1)`. All due
    times lie whole intervals after the anchor, so a late run never delays the ones after it. The anchor itself is a due
    time, and nothing is due before it. Without an anchor the next time is counted from the moment that is asked about.

    Args:
        weeks: part of the length, which is one second at least.
        days: part of the length.
        hours: part of the length.
        minutes: part of the length.
        seconds: part of the length.
        anchor: the instant from which intervals are counted, as a `datetime` or an ISO 8601 text with a time zone.
    """

    kind: ClassVar[str] = "periodic"

    weeks: float = 0
    days: float = 0
    hours: float = 0
    minutes: float = 0
    seconds: float = 0
    anchor: datetime | str | None = None

    def __post_init__(self) -> None:
        rest = self._read_interval()
        for unit, length in UNITS.items():
            amount, rest = divmod(rest, length)
            object.__setattr__(self, unit, amount)
        seconds = rest.total_seconds()
        object.__setattr__(self, "seconds", int(seconds) if seconds.is_integer() else seconds)
        if self.anchor is not None:
            anchor = read_instant(self.anchor)
            if anchor is None:
                raise InvalidSchedule(
                    f"anchor must be an instant with a time zone, not {self.anchor!r}", examples=EXAMPLES
                )
            object.__setattr__(self, "anchor", anchor)

    def _read_interval(self) -> timedelta:
        lengths = {unit: getattr(self, unit) for unit in (*UNITS, "seconds")}
        for unit, length in lengths.items():
            if isinstance(length, bool) or not isinstance(length, int | float):
                raise InvalidSchedule(f"{unit} must be a number, not {length!r}", examples=EXAMPLES)
        try:
            interval = timedelta(**lengths)
        except (OverflowError, ValueError) as error:
            raise InvalidSchedule(f"The interval cannot be counted ({error})", examples=EXAMPLES) from error
        if interval < SHORTEST:
            raise InvalidSchedule("The interval must be one second or longer", examples=EXAMPLES)
        return interval

    @property
    def interval(self) -> timedelta:
        """The length of time from one due time to the next."""
        return timedelta(weeks=self.weeks, days=self.days, hours=self.hours, minutes=self.minutes, seconds=self.seconds)

    def anchored(self, now: datetime) -> "Periodic":
        """Return the same schedule counted from `now`, unless it already has an anchor."""
        return self if self.anchor is not None else replace(self, anchor=to_utc("now", now))

    def next_after(self, moment: datetime) -> datetime | None:
        moment = to_utc("moment", moment)
        anchor = self._anchor_or(moment)
        return anchor if moment < anchor else self._nth(anchor, (moment - anchor) // self.interval + 1)

    def previous_at_or_before(self, moment: datetime) -> datetime | None:
        moment = to_utc("moment", moment)
        anchor = self._anchor_or(moment)
        if self.anchor is None or moment < anchor:
            return None
        return self._nth(anchor, (moment - anchor) // self.interval)

    def count_between(self, after: datetime, *, until: datetime) -> int:
        after, until = to_utc("after", after), to_utc("until", until)
        anchor = self._anchor_or(after)
        interval = self.interval
        return max((until - anchor) // interval - max((after - anchor) // interval, -1), 0)

    def describe(self) -> str:
        amounts = {unit: getattr(self, unit) for unit in (*UNITS, "seconds")}
        said = [f"{amount} {unit if amount != 1 else unit[:-1]}" for unit, amount in amounts.items() if amount]
        every = said[0].removeprefix("1 ") if len(said) == 1 else " ".join(said)
        if not isinstance(self.anchor, datetime):
            return f"every {every}"
        return f"every {every}, counted from {self.anchor.replace(tzinfo=None)} UTC"

    def _anchor_or(self, moment: datetime) -> datetime:
        return self.anchor if isinstance(self.anchor, datetime) else moment

    def _nth(self, anchor: datetime, number: int) -> datetime | None:
        try:
            return anchor + number * self.interval
        except OverflowError:
            return None
