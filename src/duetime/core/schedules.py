"""What the rest of duetime may expect of a schedule; the schedules themselves live in `duetime.schedule`."""

from datetime import datetime
from typing import Protocol


class Schedule(Protocol):
    """A frozen value that answers when it is due. It remembers nothing: the moment is always an argument."""

    @property
    def kind(self) -> str:
        """The tag of its JSON form, such as `daily`."""

    @property
    def recurring(self) -> bool:
        """Whether it can be due more than once."""

    def first_due(self, now: datetime) -> datetime | None:
        """Return the due time of an event scheduled at `now` (aware), or None when it never fires.

        A one-off in the past is due now; a recurring schedule is due at its first time after `now`.
        """

    def next_after(self, moment: datetime) -> datetime | None:
        """Return the first due time strictly after `moment` (aware), in UTC, or None when there is none."""

    def describe(self) -> str:
        """Say it in words, such as `every day at 19:00 Europe/Berlin`."""
