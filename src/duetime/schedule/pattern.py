"""A pattern of times on a wall clock: some days, and the same times on each of them. It knows no time zone.

Wall times are whole seconds from `instants.ORIGIN`, as if the clock on the wall showed UTC.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from duetime.schedule.days import Days
from duetime.schedule.instants import DAY


@dataclass(frozen=True, slots=True)
class Pattern:
    """The wall times that a calendar schedule names.

    Args:
        days: the days that count.
        seconds: the times on each of them, as sorted seconds after midnight.
    """

    days: Days
    seconds: Sequence[int]

    def on_or_after(self, wall: int) -> int | None:
        """Return the first wall time that is not before `wall`."""
        day, second = divmod(wall, DAY)
        found = self.days.on_or_after(day)
        if found == day:
            index = bisect_left(self.seconds, second)
            if index < len(self.seconds):
                return day * DAY + self.seconds[index]
            found = self.days.on_or_after(day + 1)
        return None if found is None else found * DAY + self.seconds[0]

    def on_or_before(self, wall: int) -> int | None:
        """Return the last wall time that is not after `wall`."""
        day, second = divmod(wall, DAY)
        found = self.days.on_or_before(day)
        if found == day:
            index = bisect_right(self.seconds, second)
            if index:
                return day * DAY + self.seconds[index - 1]
            found = self.days.on_or_before(day - 1)
        return None if found is None else found * DAY + self.seconds[-1]

    def has(self, wall: int) -> bool:
        """Return whether `wall` is one of the times."""
        return self.on_or_after(wall) == wall

    def count(self, first: int, end: int) -> int:
        """Return how many wall times lie from `first` up to, but without, `end`."""
        if end <= first:
            return 0
        since = first // DAY
        return self._count_before(end, since=since) - self._count_before(first, since=since)

    def _count_before(self, wall: int, *, since: int) -> int:
        day, second = divmod(wall, DAY)
        whole = self.days.count(since, day) * len(self.seconds)
        return whole + (bisect_left(self.seconds, second) if self.days.count(day, day + 1) else 0)
