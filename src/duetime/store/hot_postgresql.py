"""The hot path on PostgreSQL: arrays in, one round trip each."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from duetime.core.claims import Claim, Ending
from duetime.core.events import NewEvent
from duetime.core.statuses import OnLost
from duetime.store.array_literal import array, columns
from duetime.store.hot_path import CLAIM_COLUMNS, INSERT_COLUMNS, Probe, Start, Want, is_done

_INSERT_TYPES = (
    *("text", "text", "bigint", "text", "text", "text"),
    *("timestamptz", "timestamptz", "timestamptz", "timestamptz"),
    *("bytea", "bigint", "text", "text", "boolean", "boolean", "bigint", "text", "text", "text"),
)
"""In the order of `INSERT_COLUMNS`."""


@lru_cache(maxsize=256)
def _insert_statement(varies: tuple[bool, ...]) -> str:
    """Return the insert for columns of which some vary within the batch; the others are sent once."""
    names = [f"c{number}" for number in range(len(varies))]
    arrays = ", ".join(f"%s::{kind}[]" for kind, is_array in zip(_INSERT_TYPES, varies, strict=True) if is_array)
    varying = ", ".join(name for name, is_array in zip(names, varies, strict=True) if is_array)
    values = ", ".join(
        name if is_array else f"%s::{kind}" for name, kind, is_array in zip(names, _INSERT_TYPES, varies, strict=True)
    )
    return (
        f"INSERT INTO events ({INSERT_COLUMNS}) SELECT {values} FROM unnest({arrays}) AS wished ({varying}) "
        "ON CONFLICT DO NOTHING"
    )


_RETURNED = ", ".join(f"events.{column}" for column in CLAIM_COLUMNS.split(", "))

# An array and no join: how many are due is unknown to a plan that is kept, and for many a join would read all events.
_TAKE = f"""
UPDATE events
SET status = 'running', session_id = %s, claim_token = claim_token + 1, attempt = attempt + 1, started_at = NULL
WHERE events.event_id = ANY (ARRAY(SELECT due.event_id FROM due))
  AND EXISTS (SELECT 1 FROM sessions WHERE sessions.session_id = %s AND sessions.status = 'alive')
RETURNING {_RETURNED}
"""

# statement_timestamp() and never clock_timestamp(): the latter is volatile, so that no index can be used with it.
_CLAIM = f"""
WITH due AS MATERIALIZED (
    SELECT found.event_id
    FROM unnest(%s::text[], %s::int[]) AS wanted (event_type, most)
    CROSS JOIN LATERAL (
        SELECT event_id, ready_at FROM events
        WHERE events.event_type = wanted.event_type AND status = 'scheduled' AND ready_at <= statement_timestamp()
        ORDER BY ready_at, event_id LIMIT wanted.most
        FOR UPDATE SKIP LOCKED
    ) AS found
    ORDER BY found.ready_at, found.event_id LIMIT %s
)
{_TAKE}
"""

_FILL = f"""
WITH due AS MATERIALIZED (
    SELECT found.event_id
    FROM unnest(%s::text[], %s::bigint[], %s::int[]) AS probe (event_type, group_key, most)
    CROSS JOIN LATERAL (
        SELECT event_id FROM events
        WHERE events.event_type = probe.event_type AND events.group_key = probe.group_key AND status = 'scheduled'
          AND ready_at <= statement_timestamp()
        ORDER BY ready_at LIMIT probe.most
        FOR UPDATE SKIP LOCKED
    ) AS found
)
{_TAKE}
"""

_EARLIEST = """
SELECT min(first.ready_at) FROM unnest(%s::text[]) AS wanted (event_type)
CROSS JOIN LATERAL (
    SELECT ready_at FROM events WHERE events.event_type = wanted.event_type AND status = 'scheduled'
    ORDER BY ready_at, event_id LIMIT 1
) AS first
"""

_START = """
UPDATE events SET started_at = started.started_at
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS started (event_id, claim_token, started_at)
WHERE events.event_id = started.event_id AND events.claim_token = started.claim_token
RETURNING events.event_id
"""

# Guarded by id and token alone: adding the status makes the planner choose the claim index (twice as slow). The token
# grows here too, so that the same ending written twice is refused the second time.
_FINISH = """
WITH ending AS (
    SELECT * FROM unnest(
        %s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[], %s::int[],
        %s::int[], %s::int[], %s::text[], %s::timestamptz[], %s::boolean[], %s::timestamptz[], %s::int[], %s::text[],
        %s::boolean[], %s::timestamptz[], %s::bigint[], %s::text[], %s::text[]
    ) AS t (event_id, claim_token, wish, status, due_at, ready_at, attempt, failures, failed_in_a_row, reason,
            finished_at, is_final, run_due_at, run_attempt, run_status, run_final, run_started_at, session_id, error,
            result)
), ended AS (
    UPDATE events
    SET status = ending.status, due_at = ending.due_at, ready_at = ending.ready_at, attempt = ending.attempt,
        failures = ending.failures, failed_in_a_row = ending.failed_in_a_row, status_reason = ending.reason,
        finished_at = CASE WHEN ending.is_final THEN ending.finished_at END,
        dedupe_key = CASE WHEN ending.is_final THEN NULL ELSE events.dedupe_key END,
        session_id = NULL, started_at = NULL, wish = NULL, claim_token = events.claim_token + 1
    FROM ending
    WHERE events.event_id = ending.event_id AND events.claim_token = ending.claim_token
      AND events.wish IS NOT DISTINCT FROM ending.wish
    RETURNING events.event_id, events.event_type, events.resource_id, events.bot_id
), written AS (
    INSERT INTO runs (event_id, due_at, attempt, event_type, resource_id, bot_id, status, final, started_at,
                      finished_at, session_id, reason, error, result)
    SELECT ended.event_id, run_due_at, run_attempt, ended.event_type, ended.resource_id, ended.bot_id, run_status,
           run_final, run_started_at, finished_at, session_id, reason, error, result
    FROM ended JOIN ending USING (event_id)
    WHERE run_status IS NOT NULL
)
SELECT event_id FROM ended
"""

# The same for endings that `is_done`: what does not change is not sent.
_FINISH_DONE = """
WITH ending AS (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[], %s::timestamptz[], %s::bigint[], %s::text[])
        AS t (event_id, claim_token, started_at, finished_at, session_id, result)
), ended AS (
    UPDATE events
    SET status = 'succeeded', failed_in_a_row = 0, status_reason = '', finished_at = ending.finished_at,
        dedupe_key = NULL, session_id = NULL, started_at = NULL, wish = NULL, claim_token = events.claim_token + 1
    FROM ending
    WHERE events.event_id = ending.event_id AND events.claim_token = ending.claim_token AND events.wish IS NULL
    RETURNING events.event_id, events.event_type, events.resource_id, events.bot_id, events.due_at, events.attempt,
              ending.started_at, ending.finished_at, ending.session_id, ending.result
), written AS (
    INSERT INTO runs (event_id, due_at, attempt, event_type, resource_id, bot_id, status, final, started_at,
                      finished_at, session_id, result)
    SELECT event_id, due_at, attempt, event_type, resource_id, bot_id, 'succeeded', true, started_at, finished_at,
           session_id, result
    FROM ended
)
SELECT event_id FROM ended
"""

_ON_LOST = {member.value: member for member in OnLost}


def _utc(instant: datetime) -> datetime:
    return instant if instant.tzinfo is UTC else instant.astimezone(UTC)


def _claim_of(row: Any) -> Claim:
    return Claim(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        row[6],
        _utc(row[7]),
        _utc(row[8]),
        row[9],
        row[10],
        row[11],
        None if row[12] is None else _utc(row[12]),
        _ON_LOST[row[13]],
        row[14],
        row[15],
        row[16],
        row[17],
        row[18],
    )


class PostgresqlHotPath:
    """See `HotPath`."""

    def insert(
        self, connection: Connection, events: Sequence[NewEvent], *, now: datetime, schedule_texts: Sequence[str]
    ) -> int:
        of = dict(zip(NewEvent._fields, zip(*events, strict=True), strict=True))
        ready_at = of["ready_at"]
        if any(ready_at):
            ready_at = tuple(event.ready_at or event.due_at for event in events)
        else:
            ready_at = of["due_at"]
        given: tuple[Sequence[Any], ...] = (
            of["event_type"],
            of["resource_id"],
            of["bot_id"],
            of["description"],
            of["args_text"],
            schedule_texts,
            of["due_at"],
            ready_at,
            of["expires_at"],
            (now,),
            of["dedupe_key"],
            of["group_key"],
            [on_lost.value for on_lost in of["on_lost"]],
            of["catch_up"],
            of["recheck"],
            of["cancel_when_compliant"],
            of["parent_id"],
            of["user_resource_id"],
            of["created_by"],
            of["trace_parent"],
        )
        # The schedules always vary as far as the statement goes: one array at least says how many rows there are.
        varies = tuple(column is schedule_texts or column.count(column[0]) != len(column) for column in given)
        constants = [column[0] for column, is_array in zip(given, varies, strict=True) if not is_array]
        arrays = [array(column) for column, is_array in zip(given, varies, strict=True) if is_array]
        return connection.exec_driver_sql(_insert_statement(varies), (*constants, *arrays)).rowcount

    def claim(self, connection: Connection, *, session_id: int, wants: Sequence[Want], most: int) -> list[Claim]:
        types = [want.event_type for want in wants]
        limits = [want.most for want in wants]
        rows = connection.exec_driver_sql(_CLAIM, (types, limits, most, session_id, session_id)).fetchall()
        claims = [_claim_of(row) for row in rows]
        claims.sort(key=lambda claim: (claim.ready_at, claim.event_id))
        return claims

    def fill(self, connection: Connection, *, session_id: int, probes: Sequence[Probe]) -> list[Claim]:
        if not probes:
            return []
        rows = connection.exec_driver_sql(_FILL, (*columns(probes), session_id, session_id)).fetchall()
        return [_claim_of(row) for row in rows]

    def earliest(self, connection: Connection, *, event_types: Sequence[str]) -> datetime | None:
        ready_at = connection.exec_driver_sql(_EARLIEST, (list(event_types),)).scalar_one()
        return None if ready_at is None else _utc(ready_at)

    def start(self, connection: Connection, starts: Sequence[Start]) -> set[int]:
        if not starts:
            return set()
        return set(connection.exec_driver_sql(_START, columns(starts)).scalars())

    def finish(self, connection: Connection, endings: Sequence[Ending]) -> set[int]:
        done = [
            (claim.event_id, claim.token, started_at, finished_at, session_id, result)
            for ending in endings
            if is_done(ending)
            for claim, _, session_id, started_at, finished_at, _, result, _, _ in (ending,)
        ]
        written: set[int] = set()
        if done:
            written.update(connection.exec_driver_sql(_FINISH_DONE, columns(done)).scalars())
        rest = endings if not done else [ending for ending in endings if not is_done(ending)]
        if rest:
            written |= self._finish_others(connection, rest)
        return written

    def _finish_others(self, connection: Connection, endings: Sequence[Ending]) -> set[int]:
        rows = [
            (
                claim.event_id,
                claim.token,
                None if wish is None else wish.value,
                step.status.value,
                step.due_at,
                step.ready_at,
                step.attempt,
                step.failures,
                step.failed_in_a_row,
                step.reason,
                finished_at,
                step.status.is_final,
                claim.due_at,
                claim.attempt,
                None if step.run_status is None else step.run_status.value,
                step.final,
                started_at,
                session_id,
                error,
                result,
            )
            for claim, step, session_id, started_at, finished_at, error, result, wish, _operations in endings
        ]
        return set(connection.exec_driver_sql(_FINISH, columns(rows)).scalars())
