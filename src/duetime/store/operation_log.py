"""What tracker blocks asked for, carried out in order."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import ColumnElement, Connection, and_, func, select, update

from duetime.core.events import NewEvent, OnExisting
from duetime.core.operations import Operation, OperationReport, ScheduleEvent, UnscheduleEvents
from duetime.core.statuses import FINAL, EventStatus, RunStatus, Wish
from duetime.schedule.codec import encode
from duetime.store.hot_path import HotPath
from duetime.store.runs_of_owed import write_owed
from duetime.store.tables import events


class OperationWriter:
    """Schedules and unschedules in bulk, inside the caller's transaction."""

    def __init__(self, connection: Connection, *, hot_path: HotPath, now: datetime) -> None:
        self._connection = connection
        self._hot_path = hot_path
        self._now = now

    def apply(self, operations: Sequence[Operation]) -> OperationReport:
        """Carry out `operations` in order; neighbours of one kind go together."""
        report = OperationReport()
        for kind, group in groupby(operations, key=_kind_of):
            if kind == "replace":
                for operation in group:
                    self._replace(operation.event, report)  # type: ignore[union-attr]
            elif kind == "schedule":
                self._insert([operation.event for operation in group], report)  # type: ignore[union-attr]
            else:
                for operation in group:
                    report.cancelled += self._unschedule(operation)  # type: ignore[arg-type]
        return report

    def _insert(self, new_events: Sequence[NewEvent], report: OperationReport) -> None:
        texts = [encode(event.schedule) for event in new_events]
        created = self._hot_path.insert(self._connection, new_events, now=self._now, schedule_texts=texts)
        report.created += created
        report.kept += len(new_events) - created

    def _replace(self, event: NewEvent, report: OperationReport) -> None:
        """Give the live event of this key the new schedule; one that is running is detached and a new one added."""
        mine = events.c.dedupe_key == event.dedupe_key
        detached = self._connection.execute(
            update(events)
            .where(mine, events.c.status == EventStatus.RUNNING)
            .values(dedupe_key=None, wish=Wish.DETACH.value)
        ).rowcount
        if not detached:
            write_owed(
                self._connection,
                events.c.dedupe_key == event.dedupe_key,
                status=RunStatus.SKIPPED,
                reason="rescheduled",
                now=self._now,
            )
            replaced = self._connection.execute(
                update(events)
                .where(mine)
                .values(
                    schedule=encode(event.schedule),
                    args=event.args_text,
                    description=event.description,
                    due_at=event.due_at,
                    ready_at=event.ready_at or event.due_at,
                    expires_at=event.expires_at,
                    group_key=event.group_key,
                    attempt=0,
                    failures=0,
                )
            ).rowcount
            if replaced:
                report.replaced += 1
                return
        self._insert([event], report)
        report.replaced += bool(detached)
        report.created -= bool(detached)

    def _unschedule(self, operation: UnscheduleEvents) -> int:
        """Cancel the live events of a bot and resource; running ones end first. Return how many."""
        clauses: list[ColumnElement[bool]] = [events.c.finished_at.is_(None)]
        if operation.bot_id is not None:
            clauses.append(events.c.bot_id == operation.bot_id)
        if operation.resource_id is not None:
            clauses.append(events.c.resource_id == operation.resource_id)
        if operation.event_type is not None:
            clauses.append(events.c.event_type == operation.event_type)
        pending = [EventStatus.SCHEDULED, EventStatus.PAUSED, EventStatus.HELD]
        waiting = and_(events.c.status.in_(pending), *clauses)
        write_owed(self._connection, waiting, status=RunStatus.CANCELLED, reason=operation.reason, now=self._now)
        cancelled = self._connection.execute(
            update(events)
            .where(*clauses, events.c.status.in_(pending))
            .values(
                status=EventStatus.CANCELLED.value,
                status_reason=operation.reason,
                finished_at=self._now,
                dedupe_key=None,
                claim_token=events.c.claim_token + 1,
            )
        ).rowcount
        wished = self._connection.execute(
            update(events)
            .where(*clauses, events.c.status == EventStatus.RUNNING)
            .values(wish=Wish.CANCEL.value, dedupe_key=None)
        ).rowcount
        return cancelled + wished

    def count_live(self, *, bot_id: int) -> int:
        """Return how many live events a bot has."""
        statement = select(func.count()).where(events.c.bot_id == bot_id, events.c.status.not_in(sorted(FINAL)))
        return int(self._connection.execute(statement).scalar_one())


def _kind_of(operation: Operation) -> str:
    match operation:
        case ScheduleEvent(event) if event.on_existing is OnExisting.REPLACE and event.dedupe_key is not None:
            return "replace"
        case ScheduleEvent():
            return "schedule"
        case UnscheduleEvents():
            return "unschedule"
