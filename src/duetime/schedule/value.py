"""What every schedule of this package can answer, beyond the protocol in `duetime.core.schedules`."""

from abc import ABC, abstractmethod
from datetime import datetime
from typing import ClassVar


class ScheduleValue(ABC):
    """A frozen value that says when something is due. It remembers nothing: the moment is always an argument."""

    __slots__ = ()

    kind: ClassVar[str]
    """The tag of the JSON form, such as `daily`."""

    recurring: ClassVar[bool] = True
    """Whether it can be due more than once."""

    def first_due(self, now: datetime) -> datetime | None:
        """Return the due time of an event scheduled at `now`, or None when it never fires."""
        return self.next_after(now)

    @abstractmethod
    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due time strictly after `moment`, in UTC, or None when there is none.

        Raises:
            InvalidInstant: `moment` has no time zone.
        """

    @abstractmethod
    def previous_at_or_before(self, moment: datetime) -> datetime | None:
        """Return the last due time that is not after `moment`, in UTC, or None when there is none."""

    @abstractmethod
    def count_between(self, after: datetime, *, until: datetime) -> int:
        """Return how many due times are later than `after` and not later than `until`."""

    @abstractmethod
    def describe(self) -> str:
        """Say it in words, such as `every day at 19:00 Europe/Berlin`."""

    def upcoming(self, moment: datetime, *, count: int) -> list[datetime]:
        """Return the first `count` due times after `moment`; fewer when the schedule ends before."""
        times: list[datetime] = []
        following = self.next_after(moment)
        while following is not None and len(times) < count:
            times.append(following)
            following = self.next_after(following)
        return times
