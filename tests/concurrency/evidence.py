"""What happened, from three witnesses: the database, a trigger in it that writes down every claim, and the jobs."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import select, text

from duetime.store.store import Store
from duetime.store.tables import events, runs, sessions
from duetime.store.types import from_micros

_SQLITE = (
    """
    CREATE TABLE moves (
        number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL, event_id INTEGER, status_before TEXT, status TEXT,
        token_before INTEGER, token INTEGER, session_before INTEGER, session_id INTEGER, due_before INTEGER,
        attempt_before INTEGER
    )
    """,
    """
    CREATE TRIGGER moves AFTER UPDATE OF status, claim_token ON events
    WHEN OLD.status <> NEW.status OR OLD.claim_token <> NEW.claim_token
    BEGIN
        INSERT INTO moves (at, event_id, status_before, status, token_before, token, session_before, session_id,
                           due_before, attempt_before)
        VALUES ((julianday('now') - 2440587.5) * 86400.0, OLD.event_id, OLD.status, NEW.status, OLD.claim_token,
                NEW.claim_token, OLD.session_id, NEW.session_id, OLD.due_at, OLD.attempt);
    END
    """,
)
_POSTGRESQL = (
    """
    CREATE TABLE moves (
        number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at double precision, event_id bigint,
        status_before text, status text, token_before bigint, token bigint, session_before bigint, session_id bigint,
        due_before bigint, attempt_before int
    )
    """,
    """
    CREATE FUNCTION note_move() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        INSERT INTO moves (at, event_id, status_before, status, token_before, token, session_before, session_id,
                           due_before, attempt_before)
        VALUES (extract(epoch FROM clock_timestamp()), OLD.event_id, OLD.status, NEW.status, OLD.claim_token,
                NEW.claim_token, OLD.session_id, NEW.session_id, extract(epoch FROM OLD.due_at) * 1000000,
                OLD.attempt);
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER moves AFTER UPDATE ON events FOR EACH ROW
    WHEN (OLD.status <> NEW.status OR OLD.claim_token <> NEW.claim_token) EXECUTE FUNCTION note_move()
    """,
)


def watch(store: Store) -> None:
    """Put the witness into a database."""
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            for statement in _SQLITE if store.is_sqlite else _POSTGRESQL:
                connection.exec_driver_sql(statement)


class Move(NamedTuple):
    """One change of an event's status or token, in the order in which they happened to it."""

    number: int
    at: float
    event_id: int
    status_before: str
    status: str
    token_before: int
    token: int
    session_before: int | None
    session_id: int | None
    due_before: int
    attempt_before: int


class Start(NamedTuple):
    """One event that a job was called for."""

    event_id: int
    due_at: datetime
    pid: int
    at: float


@dataclass(frozen=True)
class Evidence:
    """Everything that is known afterwards.

    Attributes:
        pid_of: the process of each session.
    """

    events: dict[int, Any]
    runs: dict[int, list[Any]]
    moves: dict[int, list[Move]]
    starts: dict[int, list[Start]]
    sessions: dict[int, Any]
    pid_of: dict[int, int]

    @property
    def all_runs(self) -> Sequence[Any]:
        return [run for each in self.runs.values() for run in each]


def gather(store: Store, journal: Path) -> Evidence:
    """Ask the witnesses."""
    with store.engine.connect() as connection:
        event_rows = {row.event_id: row for row in connection.execute(select(events))}
        run_rows = defaultdict(list)
        for row in connection.execute(select(runs).order_by(runs.c.event_id, runs.c.due_at, runs.c.attempt)):
            run_rows[row.event_id].append(row)
        moves = defaultdict(list)
        for row in connection.execute(text("SELECT * FROM moves ORDER BY number")):
            moves[row.event_id].append(Move(*row))
        session_rows = {row.session_id: row for row in connection.execute(select(sessions))}
    return Evidence(
        events=event_rows,
        runs=run_rows,
        moves=moves,
        starts=read_journal(journal),
        sessions=session_rows,
        pid_of={number: int(row.worker.rpartition(":")[2]) for number, row in session_rows.items()},
    )


def read_journal(journal: Path) -> dict[int, list[Start]]:
    """Return what the jobs wrote down, by event."""
    starts = defaultdict(list)
    for line in journal.read_text(encoding="ascii").splitlines() if journal.exists() else ():
        event_id, due_at, pid, at = map(int, line.split())
        starts[event_id].append(Start(event_id, from_micros(due_at), pid, at / 1e9))
    return starts


def instant_of(micros: int) -> datetime:
    """Return the instant that a move names."""
    return from_micros(micros)
