"""The hot path on SQLite: `executemany` with tuples, instants as integer microseconds."""

import json
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from duetime.core.claims import Claim, Ending
from duetime.core.events import NewEvent
from duetime.core.statuses import OnLost
from duetime.store.hot_path import CLAIM_COLUMNS, INSERT_COLUMNS, Probe, Start, Want, is_done
from duetime.store.types import from_micros, to_micros

_MOST_TYPES = 200
"""Types per statement; SQLite refuses compound selects of more than 500 parts."""

_INSERT = f"""
INSERT INTO events ({INSERT_COLUMNS})
VALUES ({", ".join("?" * len(INSERT_COLUMNS.split(", ")))})
ON CONFLICT DO NOTHING
"""

_TAKE = f"""
UPDATE events
SET status = 'running', session_id = ?, claim_token = claim_token + 1, attempt = attempt + 1, started_at = NULL
WHERE event_id IN ({{due}})
  AND EXISTS (SELECT 1 FROM sessions WHERE session_id = ? AND status = 'alive')
RETURNING {CLAIM_COLUMNS}
"""

_DUE_OF_TYPE = """
SELECT event_id, ready_at FROM (
    SELECT event_id, ready_at FROM events
    WHERE event_type = ? AND status = 'scheduled' AND ready_at <= duetime_now()
    ORDER BY ready_at, event_id LIMIT ?
)
"""

_THESE = "SELECT value FROM json_each(?)"

_DUE_OF_GROUP = """
SELECT event_id FROM events
WHERE event_type = ? AND group_key = ? AND status = 'scheduled' AND ready_at <= duetime_now()
ORDER BY ready_at LIMIT ?
"""

_EARLIEST_OF_TYPE = "SELECT min(ready_at) AS ready_at FROM events WHERE event_type = ? AND status = 'scheduled'"

_START = "UPDATE events SET started_at = ? WHERE event_id = ? AND claim_token = ?"

# The claim token grows here too, so that the same ending written twice is refused the second time.
_END = """
UPDATE events
SET status = ?, due_at = ?, ready_at = ?, attempt = ?, failures = ?, failed_in_a_row = ?, status_reason = ?,
    finished_at = ?, dedupe_key = CASE WHEN ? THEN NULL ELSE dedupe_key END,
    session_id = NULL, started_at = NULL, wish = NULL, claim_token = claim_token + 1
WHERE event_id = ? AND claim_token = ? AND wish IS ?
"""

# The same for endings that `is_done`: what does not change is not bound.
_END_DONE = """
UPDATE events
SET status = 'succeeded', failed_in_a_row = 0, status_reason = '', finished_at = ?, dedupe_key = NULL,
    session_id = NULL, started_at = NULL, wish = NULL, claim_token = claim_token + 1
WHERE event_id = ? AND claim_token = ? AND wish IS NULL
"""

_RUN = """
INSERT INTO runs (event_id, due_at, attempt, event_type, resource_id, bot_id, status, final, started_at, finished_at,
                  session_id, reason, error, result)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""

_ON_LOST = {member.value: member for member in OnLost}


@lru_cache(maxsize=64)
def _due_statement(types: int, columns: str = "event_id") -> str:
    union = " UNION ALL ".join([_DUE_OF_TYPE] * types)
    return f"SELECT {columns} FROM ({union}) ORDER BY ready_at, event_id LIMIT ?"


@lru_cache(maxsize=64)
def _claim_statement(types: int) -> str:
    return _TAKE.format(due=_due_statement(types))


@lru_cache(maxsize=64)
def _earliest_statement(types: int) -> str:
    return f"SELECT min(ready_at) FROM ({' UNION ALL '.join([_EARLIEST_OF_TYPE] * types)})"


_FILL = _TAKE.format(due=_DUE_OF_GROUP)
_TAKE_THESE = _TAKE.format(due=_THESE)


def _claim_of(row: Any) -> Claim:
    return Claim(
        row[0],
        row[1],
        row[2],
        row[3],
        row[4],
        row[5],
        row[6],
        from_micros(row[7]),
        from_micros(row[8]),
        row[9],
        row[10],
        row[11],
        None if row[12] is None else from_micros(row[12]),
        _ON_LOST[row[13]],
        row[14],
        bool(row[15]),
        row[16],
        row[17],
        row[18],
    )


def _micros(instant: datetime | None) -> int | None:
    return None if instant is None else to_micros(instant)


def _flat(wants: Sequence[Want]) -> list[Any]:
    return [value for want in wants for value in want]


def _oldest(connection: Connection, wants: Sequence[Want], *, most: int) -> str:
    """Return, as JSON, the ids of the oldest due events of more types than one statement can name."""
    due: list[tuple[int, int]] = []
    for first in range(0, len(wants), _MOST_TYPES):
        part = wants[first : first + _MOST_TYPES]
        statement = _due_statement(len(part), "ready_at, event_id")
        due += map(tuple, connection.exec_driver_sql(statement, (*_flat(part), most)).fetchall())
    return json.dumps([event_id for _, event_id in sorted(due)[:most]])


class SqliteHotPath:
    """See `HotPath`."""

    def insert(
        self, connection: Connection, events: Sequence[NewEvent], *, now: datetime, schedule_texts: Sequence[str]
    ) -> int:
        created_at = to_micros(now)
        rows = [
            (
                event.event_type,
                event.resource_id,
                event.bot_id,
                event.description,
                event.args_text,
                schedule_text,
                due_at := to_micros(event.due_at),
                due_at if event.ready_at is None else to_micros(event.ready_at),
                _micros(event.expires_at),
                created_at,
                event.dedupe_key,
                event.group_key,
                event.on_lost.value,
                event.catch_up,
                event.recheck,
                event.cancel_when_compliant,
                event.parent_id,
                event.user_resource_id,
                event.created_by,
                event.trace_parent,
            )
            for event, schedule_text in zip(events, schedule_texts, strict=True)
        ]
        return connection.exec_driver_sql(_INSERT, rows).rowcount

    def claim(self, connection: Connection, *, session_id: int, wants: Sequence[Want], most: int) -> list[Claim]:
        if not wants:
            return []
        if len(wants) <= _MOST_TYPES:
            statement = _claim_statement(len(wants))
            parameters: tuple[Any, ...] = (session_id, *_flat(wants), most, session_id)
        else:
            statement = _TAKE_THESE
            parameters = (session_id, _oldest(connection, wants, most=most), session_id)
        claims = [_claim_of(row) for row in connection.exec_driver_sql(statement, parameters).fetchall()]
        claims.sort(key=lambda claim: (claim.ready_at, claim.event_id))
        return claims

    def fill(self, connection: Connection, *, session_id: int, probes: Sequence[Probe]) -> list[Claim]:
        claims: list[Claim] = []
        for probe in probes:
            rows = connection.exec_driver_sql(
                _FILL, (session_id, probe.event_type, probe.group_key, probe.most, session_id)
            ).fetchall()
            claims += map(_claim_of, rows)
        return claims

    def earliest(self, connection: Connection, *, event_types: Sequence[str]) -> datetime | None:
        earliest: int | None = None
        for first in range(0, len(event_types), _MOST_TYPES):
            part = tuple(event_types[first : first + _MOST_TYPES])
            found = connection.exec_driver_sql(_earliest_statement(len(part)), part).scalar_one()
            if found is not None and (earliest is None or found < earliest):
                earliest = found
        return None if earliest is None else from_micros(earliest)

    def start(self, connection: Connection, starts: Sequence[Start]) -> set[int]:
        if not starts:
            return set()
        rows = [(to_micros(start.started_at), start.event_id, start.token) for start in starts]
        if connection.exec_driver_sql(_START, rows).rowcount == len(rows):
            return {start.event_id for start in starts}
        return {
            start.event_id
            for start, row in zip(starts, rows, strict=True)
            if connection.exec_driver_sql(_START, row).rowcount == 1
        }

    def finish(self, connection: Connection, endings: Sequence[Ending]) -> set[int]:
        if not endings:
            return set()
        done: list[tuple[int, int, int]] = []
        ends: list[tuple[Any, ...]] = []
        runs: list[tuple[Any, ...]] = []
        for ending in endings:
            finished_at = to_micros(ending.finished_at)
            if is_done(ending):
                done.append((finished_at, ending.claim.event_id, ending.claim.token))
            else:
                ends.append(_end_of(ending, finished_at))
            if ending.step.run_status is not None:
                runs.append(_run_of(ending, finished_at))
        if done and connection.exec_driver_sql(_END_DONE, done).rowcount != len(done):
            return set()
        if ends and connection.exec_driver_sql(_END, ends).rowcount != len(ends):
            return set()
        if runs:
            connection.exec_driver_sql(_RUN, runs)
        return {ending.claim.event_id for ending in endings}


def _end_of(ending: Ending, finished_at: int) -> tuple[Any, ...]:
    """Return the parameters of `_END`."""
    claim, step, *_, wish, _operations = ending
    is_final = step.status.is_final
    return (
        step.status.value,
        to_micros(step.due_at),
        to_micros(step.ready_at),
        step.attempt,
        step.failures,
        step.failed_in_a_row,
        step.reason,
        finished_at if is_final else None,
        is_final,
        claim.event_id,
        claim.token,
        None if wish is None else wish.value,
    )


def _run_of(ending: Ending, finished_at: int) -> tuple[Any, ...]:
    """Return the parameters of `_RUN`."""
    claim, step, session_id, started_at, _, error, result, _wish, _operations = ending
    return (
        claim.event_id,
        to_micros(claim.due_at),
        claim.attempt,
        claim.event_type,
        claim.resource_id,
        claim.bot_id,
        None if step.run_status is None else step.run_status.value,
        step.final,
        _micros(started_at),
        finished_at,
        session_id,
        step.reason,
        error,
        result,
    )
