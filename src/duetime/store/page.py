"""One page of a long list."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from duetime.core.events import Run

Row = TypeVar("Row")
Place = TypeVar("Place")

MOST_LOOKED_AT = 20_000
"""How many rows one page looks through; a filter that fits few of them gives a short page, not a slow one."""


@dataclass(frozen=True, slots=True)
class Page(Generic[Row, Place]):
    """Some rows, and where the ones after them begin.

    Attributes:
        rows: in the order of the list; there may be fewer than were asked for, or none, before the list ends.
        next: where the following page begins; None = this is the last one.
        looked_back_to: how far the search has come when it stopped early; None when it did not.
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
