"""What comes next: scheduled events in the order in which they may be claimed."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, TextClause, func, literal, select, tuple_, union_all

from duetime.core.events import Event
from duetime.store import page
from duetime.store.page import DuePlace, Page
from duetime.store.rows import event_of
from duetime.store.tables import IS_SCHEDULED, events
from duetime.store.window import beyond

Condition = ColumnElement[bool] | TextClause

_KEY = (events.c.ready_at, events.c.event_id)
_TYPES_PER_STATEMENT = 100
"""SQLite joins at most 500 selects to one."""


class DueList:
    """A list over all event types.

    The index of the claim has an order of its own for each type, and one over all types would cost every event that is
    scheduled. So a page takes the next few of each type and merges them.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def types(self) -> list[str]:
        """Return every type that has a scheduled event, by name; the index is read at one place for each."""
        first = select(func.min(events.c.event_type)).where(IS_SCHEDULED).scalar_subquery()
        found = select(first.label("event_type")).cte("found", recursive=True)
        following = (
            select(func.min(events.c.event_type))
            .where(IS_SCHEDULED, events.c.event_type > found.c.event_type)
            .scalar_subquery()
        )
        found = found.union_all(select(following).where(found.c.event_type.is_not(None)))
        named = select(found.c.event_type).where(found.c.event_type.is_not(None))
        return sorted(self._connection.scalars(named))

    def page(
        self,
        filters: Sequence[Condition],
        *,
        event_type: str | None,
        among: Sequence[Condition],
        after: DuePlace | None,
        most: int,
    ) -> Page[Event, DuePlace]:
        """Return a page of scheduled events, the earliest ready first.

        Args:
            filters: what is asked of each event.
            event_type: the only type; None = all.
            among: bounds of `ready_at`.
            after: only events that come after this place.
            most: how many at most.
        """
        kinds = self.types() if event_type is None else [event_type]
        bounds: list[Condition] = [
            IS_SCHEDULED,
            *among,
            *([] if after is None else [beyond(_KEY, after, descending=False)]),
        ]
        end = self._end(kinds, bounds) if filters else None
        if end is not None:
            bounds.append(_not_after(end))
        found: list[Event] = []
        for part in _parts(kinds):
            each = [_of_type(kind, [*bounds, *filters], most + 1) for kind in part]
            keys = union_all(*each).subquery("next")
            wanted = (
                select(events)
                .join(keys, events.c.event_id == keys.c.event_id)
                .order_by(keys.c.ready_at, keys.c.event_id)
                .limit(most + 1)
            )
            found += [event_of(row) for row in self._connection.execute(wanted)]
        found.sort(key=DuePlace.of)
        shown = tuple(found[:most])
        if len(found) > most:
            return Page(shown, next=DuePlace.of(shown[-1]))
        return Page(shown, next=end, looked_back_to=None if end is None else end.ready_at)

    def count(
        self, filters: Sequence[Condition], *, event_type: str | None, among: Sequence[Condition], most: int
    ) -> int:
        """Return how many scheduled events there are, but no more than `most` + 1; see `page`."""
        found = 0
        for part in _parts(self.types() if event_type is None else [event_type]):
            each = [_of_type(kind, [IS_SCHEDULED, *among, *filters], most + 1) for kind in part]
            keys = select(union_all(*each).subquery("due")).limit(most + 1).subquery()
            found += int(self._connection.execute(select(func.count()).select_from(keys)).scalar_one())
        return min(found, most + 1)

    def _end(self, kinds: Sequence[str], bounds: Sequence[Condition]) -> DuePlace | None:
        """Return up to where a page looks: no further than each type's share of the rows that it may look at."""
        share = max(1, page.MOST_LOOKED_AT // max(1, len(kinds)))
        ends: list[DuePlace] = []
        for part in _parts(kinds):
            each = [
                select(*_KEY)
                .where(events.c.event_type == kind, *bounds)
                .order_by(*_KEY)
                .offset(share - 1)
                .limit(1)
                .subquery()
                for kind in part
            ]
            rows = self._connection.execute(union_all(*map(select, each)))
            ends += [DuePlace(row.ready_at, row.event_id) for row in rows]
        return min(ends, default=None)


def _of_type(kind: str, clauses: Sequence[Condition], most: int) -> Select[Any]:
    part = select(*_KEY).where(events.c.event_type == kind, *clauses).order_by(*_KEY).limit(most).subquery()
    return select(part)


def _parts(kinds: Sequence[str]) -> list[Sequence[str]]:
    return [kinds[first : first + _TYPES_PER_STATEMENT] for first in range(0, len(kinds), _TYPES_PER_STATEMENT)]


def _not_after(end: DuePlace) -> ColumnElement[bool]:
    there = tuple_(*(literal(value, column.type) for value, column in zip(end, _KEY, strict=True)))
    return tuple_(*_KEY) <= there
