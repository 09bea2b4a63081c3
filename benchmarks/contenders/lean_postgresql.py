"""The lean loop on PostgreSQL: the least a scheduler's table can be."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from benchmarks.contenders.bare import BareContender, Row
from benchmarks.contenders.limit_postgresql import Cursor, open_postgresql
from benchmarks.databases import Target
from benchmarks.workload import BOT, EVENT_TYPE, Bot, Wish

SCHEMA = """
CREATE TABLE lean_events (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, type text NOT NULL, ready_at timestamptz NOT NULL,
    state text NOT NULL DEFAULT 'scheduled', token bigint NOT NULL DEFAULT 0
);
CREATE INDEX lean_claim ON lean_events (type, ready_at, id) WHERE state = 'scheduled';
CREATE TABLE lean_runs (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id bigint NOT NULL, ready_at timestamptz NOT NULL,
    started_at timestamptz NOT NULL, finished_at timestamptz NOT NULL, state text NOT NULL
);
"""

_INSERT = "INSERT INTO lean_events (type, ready_at) SELECT %s, ready_at FROM unnest(%b::timestamptz[]) AS t (ready_at)"

_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT id FROM lean_events WHERE type = %s AND state = 'scheduled' AND ready_at <= statement_timestamp()
    ORDER BY ready_at, id LIMIT %s
    FOR UPDATE SKIP LOCKED
)
UPDATE lean_events SET state = 'running', token = token + 1 FROM due WHERE lean_events.id = due.id
RETURNING lean_events.id, token, ready_at
"""

_FINISH = """
WITH ended AS (
    UPDATE lean_events SET state = 'succeeded', token = lean_events.token + 1
    FROM unnest(%b::bigint[], %b::bigint[]) AS ending (id, token)
    WHERE lean_events.id = ending.id AND lean_events.token = ending.token
    RETURNING lean_events.id, ready_at
), written AS (
    INSERT INTO lean_runs (event_id, ready_at, started_at, finished_at, state)
    SELECT id, ready_at, %s, %s, 'succeeded' FROM ended
)
SELECT count(*) FROM ended
"""

_EARLIEST = """
SELECT ready_at FROM lean_events WHERE type = %s AND state = 'scheduled' ORDER BY ready_at, id LIMIT 1
"""


class LeanPostgresqlStatements:
    """See `Statements`. Each statement is a transaction of its own, as the connection commits by itself."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor

    def insert(self, wished: Sequence[Wish], *, bot: Bot = BOT) -> int:
        return self._cursor.execute(_INSERT, (EVENT_TYPE, [wish.when for wish in wished])).rowcount

    def claim(self, most: int) -> Sequence[Row]:
        return self._cursor.execute(_CLAIM, (EVENT_TYPE, most)).fetchall()

    def finish(self, rows: Sequence[Row], *, started_at: datetime, finished_at: datetime) -> None:
        ids, tokens = [row[0] for row in rows], [row[1] for row in rows]
        if self._cursor.execute(_FINISH, (ids, tokens, started_at, finished_at)).fetchone() != (len(rows),):
            message = "A claim no longer holds."
            raise RuntimeError(message)

    def earliest(self) -> datetime | None:
        row = self._cursor.execute(_EARLIEST, (EVENT_TYPE,)).fetchone()
        return None if row is None else row[0]


class LeanPostgresql(BareContender):
    """A minimal table in a bare psycopg loop."""

    @contextmanager
    def connect(self, target: Target) -> Iterator[LeanPostgresqlStatements]:
        with open_postgresql(target) as cursor:
            yield LeanPostgresqlStatements(cursor)
