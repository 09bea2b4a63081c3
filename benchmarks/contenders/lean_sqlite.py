"""The lean loop on SQLite: the least a scheduler's table can be."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from benchmarks.contenders.bare import BareContender, Row
from benchmarks.contenders.limit_sqlite import micros, open_sqlite
from benchmarks.databases import Target
from benchmarks.workload import BOT, EVENT_TYPE, Bot, Wish

SCHEMA = """
CREATE TABLE lean_events (
    id INTEGER PRIMARY KEY, type TEXT NOT NULL, ready_at BIGINT NOT NULL, state TEXT NOT NULL DEFAULT 'scheduled',
    token BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX lean_claim ON lean_events (type, ready_at, id) WHERE state = 'scheduled';
CREATE TABLE lean_runs (
    id INTEGER PRIMARY KEY, event_id BIGINT NOT NULL, ready_at BIGINT NOT NULL, started_at BIGINT NOT NULL,
    finished_at BIGINT NOT NULL, state TEXT NOT NULL
);
"""

_INSERT = "INSERT INTO lean_events (type, ready_at) VALUES (?, ?)"

_CLAIM = """
UPDATE lean_events SET state = 'running', token = token + 1
WHERE id IN (SELECT id FROM lean_events WHERE type = ? AND state = 'scheduled' AND ready_at <= ?
             ORDER BY ready_at, id LIMIT ?)
RETURNING id, token, ready_at
"""

_END = "UPDATE lean_events SET state = 'succeeded', token = token + 1 WHERE id = ? AND token = ?"

_RUN = "INSERT INTO lean_runs (event_id, ready_at, started_at, finished_at, state) VALUES (?, ?, ?, ?, 'succeeded')"

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class LeanSqliteStatements:
    """See `Statements`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def insert(self, wished: Sequence[Wish], *, bot: Bot = BOT) -> int:
        self._connection.execute("BEGIN IMMEDIATE")
        rows = [(EVENT_TYPE, micros(wish.when)) for wish in wished]
        inserted = self._connection.executemany(_INSERT, rows).rowcount
        self._connection.execute("COMMIT")
        return inserted

    def claim(self, most: int) -> Sequence[Row]:
        self._connection.execute("BEGIN IMMEDIATE")
        rows = self._connection.execute(_CLAIM, (EVENT_TYPE, micros(datetime.now(UTC)), most)).fetchall()
        self._connection.execute("COMMIT")
        return rows

    def finish(self, rows: Sequence[Row], *, started_at: datetime, finished_at: datetime) -> None:
        started, finished = micros(started_at), micros(finished_at)
        self._connection.execute("BEGIN IMMEDIATE")
        ended = self._connection.executemany(_END, [(row[0], row[1]) for row in rows]).rowcount
        if ended != len(rows):
            message = "A claim no longer holds."
            raise RuntimeError(message)
        self._connection.executemany(_RUN, [(row[0], row[2], started, finished) for row in rows])
        self._connection.execute("COMMIT")

    def earliest(self) -> datetime | None:
        found = self._connection.execute(
            "SELECT min(ready_at) FROM lean_events WHERE type = ? AND state = 'scheduled'", (EVENT_TYPE,)
        ).fetchone()[0]
        return None if found is None else _EPOCH + timedelta(microseconds=found)


class LeanSqlite(BareContender):
    """A minimal table in a bare sqlite3 loop."""

    @contextmanager
    def connect(self, target: Target) -> Iterator[LeanSqliteStatements]:
        connection = open_sqlite(target)
        try:
            yield LeanSqliteStatements(connection)
        finally:
            connection.close()
