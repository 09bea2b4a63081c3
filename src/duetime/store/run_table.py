"""History: one row per attempt, and per due time that never started."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select

from duetime.core.claims import Ending
from duetime.core.events import Event, Run
from duetime.core.statuses import RunStatus
from duetime.store.rows import run_of
from duetime.store.tables import runs


@dataclass(frozen=True, slots=True, kw_only=True)
class RunQuery:
    """Which runs to list; an absent part means all.

    Attributes:
        finished_before: only runs that ended earlier: the last one of the page before.
        account: only runs of resources in this account.
    """

    event_id: int | None = None
    event_type: str | None = None
    resource_id: str | None = None
    bot_id: int | None = None
    status: RunStatus | None = None
    account: str | None = None
    finished_after: datetime | None = None
    finished_before: datetime | None = None
    most: int = 100


@dataclass(frozen=True, slots=True)
class RunCount:
    """How many attempts of a type ended in a status."""

    event_type: str
    status: RunStatus
    runs: int


class RunTable:
    """What came of each attempt."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, query: RunQuery) -> list[Run]:
        """Return runs, newest first, at most `query.most`."""
        statement = (
            select(runs)
            .where(*_clauses(query))
            .order_by(runs.c.finished_at.desc(), runs.c.event_id.desc(), runs.c.due_at.desc(), runs.c.attempt.desc())
            .limit(max(1, query.most))
        )
        return [run_of(row) for row in self._connection.execute(statement)]

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

    def answer(self, event: Event, *, status: RunStatus, reason: str, now: datetime) -> None:
        """Write the final answer for an event's present due time without an attempt."""
        self._connection.execute(
            insert(runs).values(
                event_id=event.event_id,
                due_at=event.due_at,
                attempt=event.attempt + 1,
                event_type=event.event_type,
                resource_id=event.resource_id,
                bot_id=event.bot_id,
                status=status.value,
                final=True,
                finished_at=now,
                reason=reason,
            )
        )

    def counts(self, query: RunQuery) -> list[RunCount]:
        """Return how many runs there are by type and status."""
        statement = (
            select(runs.c.event_type, runs.c.status, func.count())
            .where(*_clauses(query))
            .group_by(runs.c.event_type, runs.c.status)
            .order_by(runs.c.event_type, runs.c.status)
        )
        return [RunCount(kind, RunStatus(status), count) for kind, status, count in self._connection.execute(statement)]

    def prune(self, *, before: datetime, most: int) -> int:
        """Delete history that ended before `before`, at most `most` rows; return how many."""
        oldest = (
            select(runs.c.event_id, runs.c.due_at, runs.c.attempt)
            .where(runs.c.finished_at < before)
            .order_by(runs.c.finished_at)
            .limit(most)
        )
        doomed = self._connection.execute(oldest).all()
        for row in doomed:
            self._connection.execute(
                delete(runs).where(
                    runs.c.event_id == row.event_id, runs.c.due_at == row.due_at, runs.c.attempt == row.attempt
                )
            )
        return len(doomed)


def _clauses(query: RunQuery) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if query.event_id is not None:
        clauses.append(runs.c.event_id == query.event_id)
    if query.event_type is not None:
        clauses.append(runs.c.event_type == query.event_type)
    if query.resource_id is not None:
        clauses.append(runs.c.resource_id == query.resource_id)
    if query.bot_id is not None:
        clauses.append(runs.c.bot_id == query.bot_id)
    if query.status is not None:
        clauses.append(runs.c.status == query.status.value)
    if query.account is not None:
        clauses.append(runs.c.resource_id.like(f"%:{query.account}:%"))
    if query.finished_after is not None:
        clauses.append(runs.c.finished_at >= query.finished_after)
    if query.finished_before is not None:
        clauses.append(runs.c.finished_at < query.finished_before)
    return clauses
