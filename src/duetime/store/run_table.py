"""History: one row per attempt, and per due time that never started."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import ColumnElement, Connection, Select, and_, delete, func, insert, or_, select, tuple_

from duetime.core.claims import Ending
from duetime.core.errors import UnknownName
from duetime.core.events import Event, Run, parse_run_id
from duetime.core.statuses import RunStatus
from duetime.store.page import Page, RunPlace
from duetime.store.places import account_is_one_of
from duetime.store.rows import run_of
from duetime.store.tables import events, runs
from duetime.store.window import Window, beyond


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs to list; an absent part means all.

    Attributes:
        accounts: only runs for resources in these; None = in all, and those for no resource.
        text: a part of the resource id, event type, reason or error.
        finished_before: only runs that ended earlier.
        after: only runs that stand below this place in the list: the last one of the page before.
    """

    event_id: int | None = None
    event_type: str | None = None
    resource_id: str | None = None
    bot_id: int | None = None
    statuses: Collection[RunStatus] = ()
    accounts: frozenset[str] | None = None
    text: str | None = None
    finished_after: datetime | None = None
    finished_before: datetime | None = None
    after: RunPlace | None = None
    most: int = 100


@dataclass(frozen=True, slots=True)
class RunCount:
    """How many attempts of a type ended in a status."""

    event_type: str
    status: RunStatus
    runs: int


class DueTime(NamedTuple):
    """One due time of one event, and how many attempts it has had."""

    event_id: int
    due_at: datetime
    attempt: int
    event_type: str
    resource_id: str | None
    bot_id: int | None

    @classmethod
    def of(cls, event: Event) -> Self:
        """Return the present due time of an event."""
        return cls(event.event_id, event.due_at, event.attempt, event.event_type, event.resource_id, event.bot_id)


DUE_TIME_COLUMNS = tuple(events.c[name] for name in DueTime._fields)
"""The columns of a `DueTime`, in its order."""


_ORDER = (runs.c.finished_at, runs.c.event_id, runs.c.due_at, runs.c.attempt)
"""What makes the list's order total: a batch of runs ends at one instant."""
_NEWEST_FIRST = tuple(column.desc() for column in _ORDER)
_INDEXED = _ORDER[:2]
"""The part of that order which the index of the history has."""
_OF_EVENT = (runs.c.due_at, runs.c.attempt)
"""The order of the runs of one event, by the primary key."""


class RunTable:
    """What came of each attempt."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, query: RunQuery) -> list[Run]:
        """Return runs, newest first, at most `query.most`."""
        clauses = self._clauses(query)
        return self._runs(select(runs).where(*clauses).order_by(*_NEWEST_FIRST), most=max(1, query.most))

    def page(self, query: RunQuery) -> Page[Run, RunPlace]:
        """Return a page of runs, newest first; what follows it has `query.after` = its `next`.

        It looks through at most `page.MOST_LOOKED_AT` rows and may therefore be short, or empty, before the list ends.
        The runs of one event come in the order of their due times and attempts, the last first.
        """
        if query.event_id is not None:
            return self._page_of_event(query.event_id, query)
        if query.resource_id is not None:
            return self._page_of_resource(query.resource_id, query)
        among, filters = self._among(query), self._filters(query)
        window = Window.of(self._connection, _INDEXED, among=among) if filters else Window.open()
        statement = select(runs).where(*among, *filters, window.condition).order_by(*_NEWEST_FIRST)
        end = None if window.end is None else RunPlace.below(*window.end)
        return self._page(statement, query, end)

    def of_resource(self, resource_id: str, *, most: int = 100, after: RunPlace | None = None) -> Page[Run, RunPlace]:
        """Return a page of all that happened to a resource, newest first."""
        return self.page(RunQuery(resource_id=resource_id, most=most, after=after))

    def _page_of_event(self, event_id: int, query: RunQuery) -> Page[Run, RunPlace]:
        among = [runs.c.event_id == event_id]
        if query.after is not None:
            among.append(beyond(_OF_EVENT, query.after[2:]))
        filters = [*self._times(query), *self._filters(query)]
        window = Window.of(self._connection, _OF_EVENT, among=among) if filters else Window.open()
        order = [column.desc() for column in _OF_EVENT]
        end = None
        if window.end is not None:
            due_at, attempt = window.end
            (last,) = self._runs(select(runs).where(_is(event_id, due_at, attempt)), most=1)
            end = RunPlace.of(last)
        return self._page(select(runs).where(*among, *filters, window.condition).order_by(*order), query, end)

    def _page_of_resource(self, resource_id: str, query: RunQuery) -> Page[Run, RunPlace]:
        # The runs are found through the events, which have an index by resource. Materialized, because with a limit
        # in sight a planner may take the order's index instead, and walk through all history.
        found = (
            select(runs)
            .join_from(events, runs, runs.c.event_id == events.c.event_id)
            .where(events.c.resource_id == resource_id, *self._among(query), *self._filters(query))
            .cte("found")
            .prefix_with("MATERIALIZED")
        )
        order = [found.c[column.name].desc() for column in _ORDER]
        return self._page(select(found).order_by(*order), query, None)

    def _page(self, statement: Select[Any], query: RunQuery, end: RunPlace | None) -> Page[Run, RunPlace]:
        most = max(1, query.most)
        found = self._runs(statement, most=most + 1)
        shown = tuple(found[:most])
        if len(found) > most:
            return Page(shown, next=RunPlace.of(shown[-1]))
        return Page(shown, next=end, looked_back_to=None if end is None else end.finished_at)

    def _runs(self, statement: Select[Any], *, most: int) -> list[Run]:
        return [run_of(row) for row in self._connection.execute(statement.limit(most))]

    def get(self, run_id: str) -> Run:
        """Return the run of this name.

        Raises:
            UnknownName: there is none.
        """
        parts = parse_run_id(run_id)
        if parts is not None:
            row = self._connection.execute(select(runs).where(_is(*parts))).one_or_none()
            if row is not None:
                return run_of(row)
        raise UnknownName("run", run_id)

    def of_event(self, event_id: int, *, most: int = 100) -> list[Run]:
        """Return the runs of one event in the order of their due times and attempts: the last `most`."""
        statement = (
            select(runs)
            .where(runs.c.event_id == event_id)
            .order_by(runs.c.due_at.desc(), runs.c.attempt.desc())
            .limit(most)
        )
        return [run_of(row) for row in self._connection.execute(statement)][::-1]

    def has(self, ending: Ending) -> bool:
        """Return whether exactly this ending is written: what to ask after a connection broke at its commit."""
        claim = ending.claim
        statement = select(runs.c.session_id, runs.c.status).where(
            runs.c.event_id == claim.event_id, runs.c.due_at == claim.due_at, runs.c.attempt == claim.attempt
        )
        row = self._connection.execute(statement).one_or_none()
        return row is not None and row.session_id == ending.session_id and row.status == ending.step.run_status

    def last_attempt(self, event_id: int, *, due_at: datetime) -> int:
        """Return the number of the last attempt that an event has had at `due_at`, 0 for none."""
        statement = select(func.max(runs.c.attempt)).where(runs.c.event_id == event_id, runs.c.due_at == due_at)
        return int(self._connection.execute(statement).scalar() or 0)

    def answer(
        self,
        due_times: Iterable[DueTime],
        *,
        status: RunStatus,
        reason: str,
        now: datetime,
        covers_until: datetime | None = None,
        covers_count: int = 1,
    ) -> None:
        """Write the final answer for due times that get no attempt any more.

        Args:
            due_times: which; one row for each.
            status: what became of them.
            reason: why.
            now: the database's time.
            covers_until: the last due time that each row answers for, when it answers for several.
            covers_count: how many due times each row answers for.
        """
        rows = [
            {
                **due._asdict(),
                "attempt": due.attempt + 1,
                "status": status.value,
                "final": True,
                "finished_at": now,
                "covers_until": covers_until,
                "covers_count": covers_count,
                "reason": reason,
            }
            for due in due_times
        ]
        if rows:
            self._connection.execute(insert(runs), rows)

    def answer_owed(self, due_times: Iterable[DueTime], *, status: RunStatus, reason: str, now: datetime) -> None:
        """Write the final answer for those due times that have been reached: the others were never owed."""
        self.answer((due for due in due_times if due.due_at <= now), status=status, reason=reason, now=now)

    def counts(self, query: RunQuery) -> list[RunCount]:
        """Return how many runs there are by type and status."""
        statement = (
            select(runs.c.event_type, runs.c.status, func.count())
            .where(*self._clauses(query))
            .group_by(runs.c.event_type, runs.c.status)
            .order_by(runs.c.event_type, runs.c.status)
        )
        return [RunCount(kind, RunStatus(status), count) for kind, status, count in self._connection.execute(statement)]

    def prune(self, *, before: datetime, most: int) -> int:
        """Delete history that ended before `before`, at most `most` rows; return how many."""
        key = (runs.c.event_id, runs.c.due_at, runs.c.attempt)
        oldest = select(*key).where(runs.c.finished_at < before).order_by(runs.c.finished_at).limit(most)
        return int(self._connection.execute(delete(runs).where(tuple_(*key).in_(oldest))).rowcount)

    def _clauses(self, query: RunQuery) -> list[ColumnElement[bool]]:
        clauses = [*self._among(query), *self._filters(query)]
        if query.event_id is not None:
            clauses.append(runs.c.event_id == query.event_id)
        return clauses

    def _among(self, query: RunQuery) -> list[ColumnElement[bool]]:
        """Return what the index of the history answers."""
        after = [] if query.after is None else [beyond(_ORDER, query.after)]
        return [*after, *self._times(query)]

    @staticmethod
    def _times(query: RunQuery) -> list[ColumnElement[bool]]:
        clauses: list[ColumnElement[bool]] = []
        if query.finished_after is not None:
            clauses.append(runs.c.finished_at >= query.finished_after)
        if query.finished_before is not None:
            clauses.append(runs.c.finished_at < query.finished_before)
        return clauses

    def _filters(self, query: RunQuery) -> list[ColumnElement[bool]]:
        """Return what is asked of each run."""
        clauses: list[ColumnElement[bool]] = []
        if query.event_type is not None:
            clauses.append(runs.c.event_type == query.event_type)
        if query.resource_id is not None:
            clauses.append(runs.c.resource_id == query.resource_id)
        if query.bot_id is not None:
            clauses.append(runs.c.bot_id == query.bot_id)
        if query.statuses:
            clauses.append(runs.c.status.in_([str(status) for status in query.statuses]))
        if query.accounts is not None:
            clauses.append(account_is_one_of(runs.c.resource_id, query.accounts, self._connection))
        if query.text:
            columns = (runs.c.event_type, runs.c.resource_id, runs.c.reason, runs.c.error)
            clauses.append(or_(*(column.icontains(query.text, autoescape=True) for column in columns)))
        return clauses


def _is(event_id: int, due_at: datetime, attempt: int) -> ColumnElement[bool]:
    return and_(runs.c.event_id == event_id, runs.c.due_at == due_at, runs.c.attempt == attempt)
