"""Claims: taken, started, ended, and taken back from the lost."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, insert, select, update

from duetime.core.claims import Claim, Ending, MissedTimes
from duetime.core.operations import CallOperations
from duetime.core.statuses import OnLost, RunStatus, Wish
from duetime.store.hot_path import HotPath, Probe, Start, Want
from duetime.store.operation_log import OperationWriter
from duetime.store.tables import IS_RUNNING, events, runs, sessions


class Orphan(NamedTuple):
    """A running event whose worker session is no longer alive."""

    claim: Claim
    session_id: int
    started_at: datetime | None
    wish: Wish | None


class ClaimTable:
    """The events of a worker, between claim and end."""

    def __init__(self, connection: Connection, *, hot_path: HotPath, operations: OperationWriter) -> None:
        self._connection = connection
        self._hot_path = hot_path
        self._operations = operations

    def take(self, *, session_id: int, wants: Sequence[Want], most: int) -> list[Claim]:
        """Claim due events for a live session: at most `most` in all, the oldest first."""
        return self._hot_path.claim(self._connection, session_id=session_id, wants=wants, most=most)

    def fill(self, *, session_id: int, probes: Sequence[Probe]) -> list[Claim]:
        """Claim further due members of the groups of claimed events."""
        return self._hot_path.fill(self._connection, session_id=session_id, probes=probes)

    def earliest_ready_at(self, *, event_types: Sequence[str]) -> datetime | None:
        """Return when the next scheduled event of these types may be claimed, or None."""
        return self._hot_path.earliest(self._connection, event_types=event_types)

    def start(self, starts: Sequence[Start]) -> set[int]:
        """Record that jobs are about to be called; return the ids whose claim still holds: call only those."""
        return self._hot_path.start(self._connection, starts)

    def finish(self, endings: Sequence[Ending]) -> set[int]:
        """Write endings whose claims still hold; return their event ids.

        What trackers asked for inside a call is written here too, with the first ending that carries it, or not at
        all. On SQLite a batch with one stale claim returns an empty set and must be rolled back.
        """
        asked = [operation for ending in endings if ending.operations for operation in ending.operations]
        if asked:  # bots before events, as whoever archives one locks them: the other way round would be a deadlock
            self._operations.lock_bots(asked)
        accepted = self._hot_path.finish(self._connection, endings)
        applied: set[int] = set()
        for ending in endings:
            operations = ending.operations
            if not operations or ending.claim.event_id not in accepted or id(operations) in applied:
                continue
            applied.add(id(operations))
            if not (isinstance(operations, CallOperations) and operations.are_written):
                self._operations.apply(operations)
        return accepted

    def advance(
        self, claim: Claim, *, due_at: datetime, missed: Sequence[MissedTimes], session_id: int, now: datetime
    ) -> bool:
        """Record the missed times of a claimed recurring event and move it to `due_at`, its first attempt there."""
        failed = sum(times.status is RunStatus.FAILED for times in missed)
        moved = self._connection.execute(
            update(events)
            .where(events.c.event_id == claim.event_id, events.c.claim_token == claim.token)
            .values(due_at=due_at, attempt=1, failures=0, failed_in_a_row=claim.failed_in_a_row + failed)
        )
        if moved.rowcount != 1:
            return False
        self.record_missed(claim, missed=missed, session_id=session_id, now=now)
        return True

    def record_missed(self, claim: Claim, *, missed: Sequence[MissedTimes], session_id: int, now: datetime) -> None:
        """Write the history rows that answer for missed times."""
        self._connection.execute(
            insert(runs),
            [
                {
                    "event_id": claim.event_id,
                    "due_at": times.first,
                    "attempt": claim.attempt if times.first == claim.due_at else 1,
                    "event_type": claim.event_type,
                    "resource_id": claim.resource_id,
                    "bot_id": claim.bot_id,
                    "status": times.status.value,
                    "final": True,
                    "finished_at": now,
                    "session_id": session_id,
                    "covers_until": times.last,
                    "covers_count": times.times,
                    "reason": times.reason,
                }
                for times in missed
            ],
        )

    def wishes(self, session_id: int) -> dict[int, Wish]:
        """Return what was asked of the events that a session is running."""
        rows = self._connection.execute(
            select(events.c.event_id, events.c.wish).where(
                events.c.session_id == session_id, IS_RUNNING, events.c.wish.is_not(None)
            )
        )
        return {row.event_id: Wish(row.wish) for row in rows}

    def wish_of(self, event_id: int, *, token: int) -> tuple[bool, Wish | None]:
        """Return whether a claim still holds, and what was asked of its event."""
        row = self._connection.execute(
            select(events.c.wish).where(events.c.event_id == event_id, events.c.claim_token == token)
        ).one_or_none()
        return (False, None) if row is None else (True, Wish(row.wish) if row.wish else None)

    def has_ended(self, ending: Ending) -> bool:
        """Return whether an ending without a history row is written: what to ask after a connection broke at commit."""
        claim, step = ending.claim, ending.step
        found = self._connection.execute(
            select(events.c.event_id).where(
                events.c.event_id == claim.event_id,
                events.c.claim_token == claim.token + 1,
                events.c.status == step.status.value,
                events.c.due_at == step.due_at,
                events.c.ready_at == step.ready_at,
                events.c.attempt == step.attempt,
                events.c.status_reason == step.reason,
            )
        )
        return found.one_or_none() is not None

    def held_by(self, session_id: int, *, besides: Collection[int]) -> list[Orphan]:
        """Return events that a session is running, other than `besides`."""
        statement = _running().where(events.c.session_id == session_id)
        return [orphan for orphan in self._orphans(statement) if orphan.claim.event_id not in besides]

    def orphans(self, *, most: int) -> list[Orphan]:
        """Return running events whose session is not alive, at most `most`."""
        alive = select(sessions.c.session_id).where(sessions.c.status == "alive")
        return self._orphans(_running().where(events.c.session_id.not_in(alive)).limit(most))

    def _orphans(self, statement: Select[Any]) -> list[Orphan]:
        return [
            Orphan(
                claim=Claim(
                    event_id=row.event_id,
                    token=row.claim_token,
                    event_type=row.event_type,
                    resource_id=row.resource_id,
                    bot_id=row.bot_id,
                    args_text=row.args,
                    schedule_text=row.schedule,
                    due_at=row.due_at,
                    ready_at=row.ready_at,
                    attempt=row.attempt,
                    failures=row.failures,
                    failed_in_a_row=row.failed_in_a_row,
                    expires_at=row.expires_at,
                    on_lost=OnLost(row.on_lost),
                    catch_up=row.catch_up,
                    recheck=bool(row.recheck),
                    group_key=row.group_key,
                    user_resource_id=row.user_resource_id,
                    trace_parent=row.trace_parent,
                ),
                session_id=row.session_id,
                started_at=row.started_at,
                wish=Wish(row.wish) if row.wish else None,
            )
            for row in self._connection.execute(statement)
        ]


def _running() -> Select[Any]:
    # In the order of the index that finds them: by event id, a plan might walk through all events instead.
    return select(events).where(IS_RUNNING).order_by(events.c.session_id, events.c.event_id)
