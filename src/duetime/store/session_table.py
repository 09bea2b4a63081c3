"""Worker sessions: one row per process start, and the beats by which a lost one is known."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select, update

from duetime.core.errors import SessionLost
from duetime.store.tables import IS_RUNNING, events, sessions


@dataclass(frozen=True, slots=True)
class WorkerSession:
    """One start of one worker process.

    Attributes:
        status: `alive`, `stopped` (it said goodbye) or `lost` (it stopped beating).
        beat: grows with every heartbeat; a reaper watches it, never `beat_at`, which is for people.
        event_types: what it can run.
        measures: what it has counted, as JSON text; see `core.measures`.
    """

    session_id: int
    worker: str
    status: str
    beat: int
    lease_seconds: int
    slots: int
    started_at: datetime
    beat_at: datetime
    ended_at: datetime | None
    clock_offset_ms: int
    event_types: tuple[str, ...]
    measures: str = "{}"

    def is_beating(self, *, now: datetime) -> bool:
        """Return whether it was heard of within its lease, by the database's clock: for people, never for claims."""
        return self.status == "alive" and now - self.beat_at <= timedelta(seconds=self.lease_seconds)


class SessionTable:
    """Who works here."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def open(self, *, worker: str, lease_seconds: int, slots: int, event_types: Sequence[str] = ()) -> int:
        """Begin a session and return its id."""
        statement = (
            insert(sessions)
            .values(
                worker=worker,
                lease_seconds=lease_seconds,
                slots=slots,
                started_at=self._now,
                beat_at=self._now,
                event_types=json.dumps(sorted(event_types)),
            )
            .returning(sessions.c.session_id)
        )
        return int(self._connection.execute(statement).scalar_one())

    def beat(
        self, session_id: int, *, event_types: Sequence[str], clock_offset_ms: int = 0, measures: str = "{}"
    ) -> None:
        """Say that the session lives, and what its worker has counted.

        Raises:
            SessionLost: a reaper has declared it lost; it never comes back.
        """
        beaten = self._connection.execute(
            update(sessions)
            .where(sessions.c.session_id == session_id, sessions.c.status == "alive")
            .values(
                beat=sessions.c.beat + 1,
                beat_at=self._now,
                clock_offset_ms=clock_offset_ms,
                event_types=json.dumps(sorted(event_types)),
                measures=measures,
            )
        )
        if beaten.rowcount != 1:
            raise SessionLost(session_id)

    def stop(self, session_id: int, *, measures: str | None = None) -> None:
        """End a session that has nothing left to do; with `measures`, its last counts stand."""
        last = {} if measures is None else {"measures": measures}
        self._connection.execute(
            update(sessions)
            .where(sessions.c.session_id == session_id, sessions.c.status == "alive")
            .values(status="stopped", ended_at=self._now, **last)
        )

    def declare_lost(self, session_id: int, *, beat_seen: int) -> bool:
        """Declare a session lost if it has not beaten since `beat_seen`; return whether it was."""
        lost = self._connection.execute(
            update(sessions)
            .where(sessions.c.session_id == session_id, sessions.c.status == "alive", sessions.c.beat == beat_seen)
            .values(status="lost", ended_at=self._now)
        )
        return lost.rowcount == 1

    def alive(self) -> list[WorkerSession]:
        """Return the sessions that nobody has ended."""
        return self._list(only_alive=True, most=10_000)

    def latest(self, *, most: int = 50) -> list[WorkerSession]:
        """Return sessions, newest first."""
        return self._list(only_alive=False, most=most)

    def busy(self) -> dict[int, int]:
        """Return how many events each session holds; those that hold none are left out."""
        held = select(events.c.session_id, func.count()).where(IS_RUNNING).group_by(events.c.session_id)
        return {row.session_id: row[1] for row in self._connection.execute(held)}

    def prune(self, *, before: datetime, most: int) -> int:
        """Delete sessions that ended before `before` and hold no running event, at most `most`; return how many."""
        busy = select(events.c.session_id).where(IS_RUNNING, events.c.session_id.is_not(None))
        old = sessions.c.ended_at < before, sessions.c.session_id.not_in(busy)
        oldest = select(sessions.c.session_id).where(*old).limit(most)
        return int(self._connection.execute(delete(sessions).where(sessions.c.session_id.in_(oldest))).rowcount)

    def _list(self, *, only_alive: bool, most: int) -> list[WorkerSession]:
        statement = select(sessions).order_by(sessions.c.session_id.desc()).limit(most)
        if only_alive:
            statement = statement.where(sessions.c.status == "alive")
        return [
            WorkerSession(
                session_id=row.session_id,
                worker=row.worker,
                status=row.status,
                beat=row.beat,
                lease_seconds=row.lease_seconds,
                slots=row.slots,
                started_at=row.started_at,
                beat_at=row.beat_at,
                ended_at=row.ended_at,
                clock_offset_ms=row.clock_offset_ms,
                event_types=tuple(json.loads(row.event_types)),
                measures=row.measures,
            )
            for row in self._connection.execute(statement)
        ]
