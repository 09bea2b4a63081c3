"""How many events stand where, for monitoring: counted along indexes, and only so far."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select

from duetime.core.statuses import EventStatus
from duetime.store.due_list import DueList
from duetime.store.tables import IS_RUNNING, IS_SCHEDULED, IS_STOPPED, events

MOST_COUNTED = 20_000
"""How many events of one type and status are counted; of more, only this is said. All types of a database together
then cost some milliseconds each, whether it holds a thousand events or ten million."""


@dataclass(frozen=True, slots=True)
class LiveCount:
    """How many events of a type stand in a status, at most `MOST_COUNTED`."""

    event_type: str
    status: EventStatus
    events: int


@dataclass(frozen=True, slots=True)
class DueCount:
    """How many scheduled events of a type are due, at most `MOST_COUNTED`, and when the earliest may start."""

    event_type: str
    due: int
    earliest_ready_at: datetime


class LiveCounts:
    """Counts of events that have not ended. No query here reads those that have, however many there are."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def by_status(self) -> list[LiveCount]:
        """Return how many events are scheduled, running, paused and held, by type."""
        counts = [
            LiveCount(event_type, EventStatus.SCHEDULED, self._scheduled(event_type))
            for event_type in DueList(self._connection).types()
        ]
        for condition in (IS_RUNNING, IS_STOPPED):
            some = select(events.c.event_type, events.c.status).where(condition).limit(MOST_COUNTED).subquery()
            grouped = select(some.c.event_type, some.c.status, func.count()).group_by(some.c.event_type, some.c.status)
            counts += [LiveCount(kind, EventStatus(status), n) for kind, status, n in self._connection.execute(grouped)]
        return counts

    def due(self) -> list[DueCount]:
        """Return how many events are due and when the earliest may start, of each type with scheduled events."""
        counts: list[DueCount] = []
        for event_type, earliest in self.earliest_ready_at().items():
            due = self._scheduled(event_type, events.c.ready_at <= self._now) if earliest <= self._now else 0
            counts.append(DueCount(event_type, due, earliest))
        return counts

    def earliest_ready_at(self) -> dict[str, datetime]:
        """Return when the earliest scheduled event of each type may start: two steps along an index for each type."""
        earliest: dict[str, datetime] = {}
        for event_type in DueList(self._connection).types():
            statement = (
                select(events.c.ready_at)
                .where(events.c.event_type == event_type, IS_SCHEDULED)
                .order_by(events.c.ready_at, events.c.event_id)
                .limit(1)
            )
            ready_at = self._connection.execute(statement).scalar_one_or_none()
            if ready_at is not None:
                earliest[event_type] = ready_at
        return earliest

    def _scheduled(self, event_type: str, *conditions: ColumnElement[bool]) -> int:
        some = (
            select(events.c.event_id)
            .where(events.c.event_type == event_type, IS_SCHEDULED, *conditions)
            # In the order of the index that holds all of this: else a plan might walk through those that have ended.
            .order_by(events.c.ready_at, events.c.event_id)
            .limit(MOST_COUNTED)
            .subquery()
        )
        return int(self._connection.execute(select(func.count()).select_from(some)).scalar_one())
