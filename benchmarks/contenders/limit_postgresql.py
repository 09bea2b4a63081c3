"""The limit on PostgreSQL: psycopg and nothing else, on duetime's schema."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg

from benchmarks.contenders.bare import BareContender, Row
from benchmarks.contenders.limit_rows import created_by, texts_and_keys
from benchmarks.databases import Target
from benchmarks.workload import BATCH, BOT, DESCRIPTION, EVENT_TYPE, LEASE_SECONDS, Bot, Wish

# %b: arrays travel in binary. As text they cost the driver ten times as much. In batches this is as fast as COPY into a
# temporary table.
_INSERT = """
INSERT INTO events (event_type, resource_id, bot_id, description, args, schedule, due_at, ready_at, expires_at,
                    created_at, dedupe_key, group_key, on_lost, catch_up, recheck, parent_id, user_resource_id,
                    created_by)
SELECT %s, resource_id, %s, %s, '{}', schedule, due_at, due_at, NULL, statement_timestamp(), key, NULL, 'retry', NULL,
       false, NULL, %s, %s
FROM unnest(%b::text[], %b::text[], %b::timestamptz[], %b::bytea[]) AS wished (resource_id, schedule, due_at, key)
ON CONFLICT DO NOTHING
"""

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT event_id FROM events
    WHERE event_type = %s AND status = 'scheduled' AND ready_at <= statement_timestamp()
    ORDER BY ready_at, event_id LIMIT %s
    FOR UPDATE SKIP LOCKED
)
UPDATE events
SET status = 'running', session_id = %s, claim_token = claim_token + 1, attempt = attempt + 1, started_at = NULL
FROM due
WHERE events.event_id = due.event_id
  AND EXISTS (SELECT 1 FROM sessions WHERE sessions.session_id = %s AND sessions.status = 'alive')
RETURNING events.event_id, claim_token, event_type, resource_id, bot_id, args, schedule, due_at, ready_at, attempt,
          failures, failed_in_a_row, expires_at, on_lost, catch_up, recheck, group_key, user_resource_id
"""

# Every event of this loop ends the same way, so that much of what the engine must send is a constant here.
_FINISH = """
WITH ended AS (
    UPDATE events
    SET status = 'succeeded', due_at = events.due_at, ready_at = events.ready_at, attempt = events.attempt,
        failures = 0, failed_in_a_row = 0, status_reason = '', finished_at = %s, dedupe_key = NULL, session_id = NULL,
        started_at = NULL, wish = NULL, claim_token = events.claim_token + 1
    FROM unnest(%b::bigint[], %b::bigint[]) AS ending (event_id, claim_token)
    WHERE events.event_id = ending.event_id AND events.claim_token = ending.claim_token AND events.wish IS NULL
    RETURNING events.event_id, due_at, attempt, event_type, resource_id, bot_id
), written AS (
    INSERT INTO runs (event_id, due_at, attempt, event_type, resource_id, bot_id, status, final, started_at,
                      finished_at, session_id, reason, error, result)
    SELECT event_id, due_at, attempt, event_type, resource_id, bot_id, 'succeeded', true, %s, %s, %s, '', '', NULL
    FROM ended
)
SELECT count(*) FROM ended
"""

_EARLIEST = """
SELECT ready_at FROM events WHERE event_type = %s AND status = 'scheduled' ORDER BY ready_at, event_id LIMIT 1
"""

_OPEN = """
INSERT INTO sessions (worker, lease_seconds, slots, started_at, beat_at) VALUES ('limit', %s, 1, %s, %s)
RETURNING session_id
"""

Cursor = psycopg.Cursor[Any]


class LimitPostgresqlStatements:
    """See `Statements`. Each statement is a transaction of its own, as the connection commits by itself."""

    def __init__(self, cursor: Cursor, *, session_id: int) -> None:
        self._cursor = cursor
        self._session_id = session_id

    def insert(self, wished: Sequence[Wish], *, bot: Bot = BOT) -> int:
        constants = (EVENT_TYPE, bot.bot_id, DESCRIPTION, bot.owner, created_by(bot))
        inserted = 0
        with self._cursor.connection.transaction():
            for first in range(0, len(wished), BATCH):
                rows = texts_and_keys(bot, wished[first : first + BATCH])
                ids, whens, schedules, keys = (list(column) for column in zip(*rows, strict=True))
                inserted += self._cursor.execute(_INSERT, (*constants, ids, schedules, whens, keys)).rowcount
        return inserted

    def claim(self, most: int) -> Sequence[Row]:
        session_id = self._session_id
        rows = self._cursor.execute(_CLAIM, (EVENT_TYPE, most, session_id, session_id)).fetchall()
        rows.sort(key=lambda row: (row[8], row[0]))
        return rows

    def finish(self, rows: Sequence[Row], *, started_at: datetime, finished_at: datetime) -> None:
        ids, tokens = [row[0] for row in rows], [row[1] for row in rows]
        parameters = (finished_at, ids, tokens, started_at, finished_at, self._session_id)
        if self._cursor.execute(_FINISH, parameters).fetchone() != (len(rows),):
            message = "A claim no longer holds."
            raise RuntimeError(message)

    def earliest(self) -> datetime | None:
        row = self._cursor.execute(_EARLIEST, (EVENT_TYPE,)).fetchone()
        return None if row is None else row[0]


@contextmanager
def open_postgresql(target: Target) -> Iterator[Cursor]:
    """Connect in the way that is fastest here: it commits by itself, and values travel in binary."""
    with psycopg.connect(target.url, autocommit=True) as connection:
        yield connection.cursor(binary=True)


class LimitPostgresql(BareContender):
    """Duetime's schema, fences, dedupe keys and history in a bare psycopg loop."""

    @contextmanager
    def connect(self, target: Target) -> Iterator[LimitPostgresqlStatements]:
        with open_postgresql(target) as cursor:
            now = datetime.now(UTC)
            row = cursor.execute(_OPEN, (LEASE_SECONDS, now, now)).fetchone()
            yield LimitPostgresqlStatements(cursor, session_id=row[0] if row else 0)
