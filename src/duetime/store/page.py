"""One page of a long list."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic, NamedTuple, TypeVar

from duetime.core.events import Event, Run

Row = TypeVar("Row")
Place = TypeVar("Place")

MOST_LOOKED_AT = 20_000
"""How many rows one page looks through; a filter that fits few of them gives a short page, not a slow one."""

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Page(Generic[Row, Place]):
    """Some rows, and where the ones after them begin.

    Attributes:
        rows: in the order of the list; there may be fewer than were asked for, or none, before the list ends.
        next: where the following page begins; None = this is the last one.
        looked_back_to: how far the search has come when it stopped early; None when it did not, and for lists that are
            in another order than that of time. In a list of what comes next, it is how far ahead.
    """

    rows: tuple[Row, ...]
    next: Place | None
    looked_back_to: datetime | None = None


class RunPlace(NamedTuple):
    """Where a run stands in the history, newest first: a batch of runs ends at one instant."""

    finished_at: datetime
    event_id: int
    due_at: datetime
    attempt: int

    @classmethod
    def of(cls, run: Run) -> "RunPlace":
        """Return the place of a run."""
        return cls(run.finished_at, run.event_id, run.due_at, run.attempt)

    @classmethod
    def below(cls, finished_at: datetime, event_id: int) -> "RunPlace":
        """Return the place that stands just below every run of an event that ended at this instant."""
        return cls(finished_at, event_id, _LONG_AGO, 0)


class DuePlace(NamedTuple):
    """Where an event stands among those that come next."""

    ready_at: datetime
    event_id: int

    @classmethod
    def of(cls, event: Event) -> "DuePlace":
        """Return the place of an event."""
        return cls(event.ready_at, event.event_id)
