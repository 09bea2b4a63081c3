"""The limit on SQLite: sqlite3 and nothing else, on duetime's schema."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.contenders.bare import BareContender, Row
from benchmarks.contenders.limit_rows import created_by, texts_and_keys
from benchmarks.databases import Target
from benchmarks.workload import BATCH, BOT, DESCRIPTION, EVENT_TYPE, LEASE_SECONDS, Bot, Wish

_INSERT = """
INSERT INTO events (event_type, resource_id, bot_id, description, args, schedule, due_at, ready_at, expires_at,
                    created_at, dedupe_key, group_key, on_lost, catch_up, recheck, parent_id, user_resource_id,
                    created_by)
VALUES (?, ?, ?, ?, '{}', ?, ?, ?, NULL, ?, ?, NULL, 'retry', NULL, 0, NULL, ?, ?)
ON CONFLICT DO NOTHING
"""

_CLAIM = """
UPDATE events
SET status = 'running', session_id = ?, claim_token = claim_token + 1, attempt = attempt + 1, started_at = NULL
WHERE event_id IN (
    SELECT event_id FROM events
    WHERE event_type = ? AND status = 'scheduled' AND ready_at <= ?
    ORDER BY ready_at, event_id LIMIT ?
) AND EXISTS (SELECT 1 FROM sessions WHERE session_id = ? AND status = 'alive')
RETURNING event_id, claim_token, event_type, resource_id, bot_id, args, schedule, due_at, ready_at, attempt, failures,
          failed_in_a_row, expires_at, on_lost, catch_up, recheck, group_key, user_resource_id
"""

_END = """
UPDATE events
SET status = 'succeeded', due_at = ?, ready_at = ?, attempt = ?, failures = 0, failed_in_a_row = 0, status_reason = '',
    finished_at = ?, dedupe_key = NULL, session_id = NULL, started_at = NULL, wish = NULL,
    claim_token = claim_token + 1
WHERE event_id = ? AND claim_token = ? AND wish IS NULL
"""

_RUN = """
INSERT INTO runs (event_id, due_at, attempt, event_type, resource_id, bot_id, status, final, started_at, finished_at,
                  session_id, reason, error, result)
VALUES (?, ?, ?, ?, ?, ?, 'succeeded', 1, ?, ?, ?, '', '', NULL)
"""

_OPEN = """
INSERT INTO sessions (worker, lease_seconds, slots, started_at, beat_at) VALUES ('limit', ?, 1, ?, ?)
RETURNING session_id
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(instant: datetime) -> int:
    """Return the form in which instants are kept on SQLite."""
    return (instant - _EPOCH) // _MICROSECOND


def open_sqlite(target: Target) -> sqlite3.Connection:
    """Connect as duetime does: WAL, every commit waits for the disk."""
    connection = sqlite3.connect(target.path, isolation_level=None, timeout=15)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


class LimitSqliteStatements:
    """See `Statements`."""

    def __init__(self, connection: sqlite3.Connection, *, session_id: int) -> None:
        self._connection = connection
        self._session_id = session_id

    def insert(self, wished: Sequence[Wish], *, bot: Bot = BOT) -> int:
        created_at = micros(datetime.now(UTC))
        rows = [
            (EVENT_TYPE, resource_id, bot.bot_id, DESCRIPTION, schedule, due_at, due_at, created_at, key, bot.owner,
             created_by(bot))
            for resource_id, when, schedule, key in texts_and_keys(bot, wished)
            for due_at in (micros(when),)
        ]  # fmt: skip
        self._connection.execute("BEGIN IMMEDIATE")
        inserted = self._connection.executemany(_INSERT, rows).rowcount
        self._connection.execute("COMMIT")
        return inserted

    def claim(self, most: int = BATCH) -> Sequence[Row]:
        session_id = self._session_id
        now = micros(datetime.now(UTC))
        self._connection.execute("BEGIN IMMEDIATE")
        rows = self._connection.execute(_CLAIM, (session_id, EVENT_TYPE, now, most, session_id)).fetchall()
        self._connection.execute("COMMIT")
        rows.sort(key=lambda row: (row[8], row[0]))
        return rows

    def finish(self, rows: Sequence[Row], *, started_at: datetime, finished_at: datetime) -> None:
        session_id, started, finished = self._session_id, micros(started_at), micros(finished_at)
        ends: list[tuple[Any, ...]] = [(row[7], row[8], row[9], finished, row[0], row[1]) for row in rows]
        runs = [(row[0], row[7], row[9], row[2], row[3], row[4], started, finished, session_id) for row in rows]
        self._connection.execute("BEGIN IMMEDIATE")
        if self._connection.executemany(_END, ends).rowcount != len(ends):
            self._connection.execute("ROLLBACK")
            message = "A claim no longer holds."
            raise RuntimeError(message)
        self._connection.executemany(_RUN, runs)
        self._connection.execute("COMMIT")

    def earliest(self) -> datetime | None:
        found = self._connection.execute(
            "SELECT min(ready_at) FROM events WHERE event_type = ? AND status = 'scheduled'", (EVENT_TYPE,)
        ).fetchone()[0]
        return None if found is None else _EPOCH + timedelta(microseconds=found)


class LimitSqlite(BareContender):
    """Duetime's schema, fences, dedupe keys and history in a bare sqlite3 loop."""

    @contextmanager
    def connect(self, target: Target) -> Iterator[LimitSqliteStatements]:
        connection = open_sqlite(target)
        try:
            now = micros(datetime.now(UTC))
            (session_id,) = connection.execute(_OPEN, (LEASE_SECONDS, now, now)).fetchone()
            yield LimitSqliteStatements(connection, session_id=session_id)
        finally:
            connection.close()
