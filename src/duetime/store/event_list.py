"""Lists of events: those that an index of their own leads to, and those that are looked for among all."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import CTE, ColumnElement, Connection, Select, TextClause, func, literal, select

from duetime.core.events import Event
from duetime.store import page
from duetime.store.page import DuePlace, Page
from duetime.store.rows import event_of
from duetime.store.tables import events
from duetime.store.window import Window, beyond

Condition = ColumnElement[bool] | TextClause


class EventList:
    """Pages of events and counts of them.

    A query may be for few events that an index leads to, whatever else there is: those of a resource, what a bot has
    planned, what is held. All of these are then read and sorted; any other list is walked through in its own order.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def are_few(self, apart: Sequence[Condition]) -> bool:
        """Return whether an index leads to events, and to no more than a page may look through."""
        return bool(apart) and self.count(apart, most=page.MOST_LOOKED_AT) <= page.MOST_LOOKED_AT

    def count(self, clauses: Sequence[Condition], *, most: int) -> int:
        """Return how many events there are, but no more than `most` + 1."""
        counted = select(literal(1)).select_from(events).where(*clauses).limit(most + 1).subquery()
        return int(self._connection.execute(select(func.count()).select_from(counted)).scalar_one())

    def page(
        self, *, apart: Sequence[Condition], among: Sequence[Condition], filters: Sequence[Condition], most: int
    ) -> Page[Event, int]:
        """Return a page of events, the newest first.

        Args:
            apart: what an index of its own answers; empty when there is none.
            among: where the page begins.
            filters: what is asked of each event.
            most: how many at most.
        """
        if self.are_few(apart):
            found = _all_of([*apart, *among, *filters])
            return self._page(select(found).order_by(found.c.event_id.desc()), most=most, end=None)
        window = Window.of(self._connection, [events.c.event_id], among=among) if filters else Window.open()
        statement = select(events).where(*among, *filters, window.condition).order_by(events.c.event_id.desc())
        return self._page(statement, most=most, end=None if window.end is None else window.end[0])

    def due_page(
        self, *, apart: Sequence[Condition], after: DuePlace | None, filters: Sequence[Condition], most: int
    ) -> Page[Event, DuePlace]:
        """Return a page of few events, the earliest ready first."""
        found = _all_of([*apart, *filters])
        key = (found.c.ready_at, found.c.event_id)
        begin = [] if after is None else [beyond(key, after, descending=False)]
        shown = self._events(select(found).where(*begin).order_by(*key), most=most + 1)
        last = DuePlace.of(shown[most - 1]) if len(shown) > most else None
        return Page(tuple(shown[:most]), next=last)

    def of_resource(self, resource_id: str, *, most: int) -> list[Event]:
        """Return the events of a resource: those that live, then those that ended, the newest first of each."""
        found = _all_of([events.c.resource_id == resource_id])
        ended = found.c.finished_at.is_not(None)
        return self._events(select(found).order_by(ended, found.c.event_id.desc()), most=most)

    def _page(self, statement: Select[Any], *, most: int, end: int | None) -> Page[Event, int]:
        found = self._events(statement, most=most + 1)
        shown = tuple(found[:most])
        if len(found) > most:
            return Page(shown, next=shown[-1].event_id)
        if end is None:
            return Page(shown, next=None)
        created = select(events.c.created_at).where(events.c.event_id == end)
        return Page(shown, next=end, looked_back_to=self._connection.execute(created).scalar_one())

    def _events(self, statement: Select[Any], *, most: int) -> list[Event]:
        return [event_of(row) for row in self._connection.execute(statement.limit(most))]


def _all_of(clauses: Sequence[Condition]) -> CTE:
    """Return events as a table of its own.

    Materialized, because with a limit in sight a planner may take the index of the order, and walk through all events.
    """
    return select(events).where(*clauses).cte("found").prefix_with("MATERIALIZED")
