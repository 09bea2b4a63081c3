"""What tracker blocks asked for, carried out in order."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from duetime.core.bots import BotStatus
from duetime.core.errors import Invalid
from duetime.core.events import NewEvent, OnExisting
from duetime.core.operations import CancelEvents, Operation, OperationReport, ScheduleEvent, UnscheduleEvents
from duetime.core.statuses import EventStatus, RunStatus, Wish
from duetime.schedule.codec import decode, encode
from duetime.store.hot_path import HotPath
from duetime.store.operation_preview import Foreseen, OperationPreview
from duetime.store.owed import owed_until
from duetime.store.run_table import DUE_TIME_COLUMNS, DueTime, RunTable
from duetime.store.tables import bots, events

_IDS_PER_QUERY = 500


class OperationWriter:
    """Schedules and unschedules in bulk, inside the caller's transaction."""

    def __init__(self, connection: Connection, *, hot_path: HotPath, now: datetime) -> None:
        self._connection = connection
        self._hot_path = hot_path
        self._runs = RunTable(connection)
        self._now = now

    def apply(self, operations: Sequence[Operation]) -> OperationReport:
        """Carry out `operations` in order; neighbours that are plainly scheduled go together."""
        report = OperationReport()
        archived = self.lock_bots(operations)
        together: list[NewEvent] = []
        for operation in _merged(operations):
            if isinstance(operation, ScheduleEvent):
                event = operation.event
                if event.bot_id in archived:
                    report.dropped += 1
                elif event.on_existing is OnExisting.REPLACE and event.dedupe_key is not None:
                    self._insert(together, report)
                    together = []
                    self._replace(event, report)
                else:
                    together.append(event)
            else:
                self._insert(together, report)
                together = []
                report.cancelled += (
                    self._cancel_these(operation)
                    if isinstance(operation, CancelEvents)
                    else self._unschedule(operation)
                )
        self._insert(together, report)
        return report

    def lock_bots(self, operations: Iterable[Operation]) -> frozenset[int]:
        """Return the bots among those that schedule here which are archived: they leave no new events behind.

        The rows stay locked against an archive that comes now, whose cancelling must see what is written here. Whoever
        also changes events calls this first: archiving, pausing and applying lock the bot before its events, too.
        """
        bot_ids = {operation.event.bot_id for operation in operations if isinstance(operation, ScheduleEvent)} - {None}
        if not bot_ids:
            return frozenset()
        statement = (
            select(bots.c.bot_id, bots.c.status)
            .where(bots.c.bot_id.in_(list(bot_ids)))
            .order_by(bots.c.bot_id)
            .with_for_update(read=True)
        )
        rows = self._connection.execute(statement)
        return frozenset(row.bot_id for row in rows if row.status == BotStatus.ARCHIVED)

    def _insert(self, new_events: Sequence[NewEvent], report: OperationReport) -> None:
        if not new_events:
            return
        texts = [encode(event.schedule) for event in new_events]
        created = self._hot_path.insert(self._connection, new_events, now=self._now, schedule_texts=texts)
        report.created += created
        report.kept += len(new_events) - created

    def _replace(self, event: NewEvent, report: OperationReport) -> None:
        """Give the live event of this key the new schedule; one that is running is detached and a new one added."""
        # The row stays locked: a claim that came between would make this the schedule of an attempt that has begun.
        live = self._connection.execute(
            select(events.c.status, *DUE_TIME_COLUMNS).where(events.c.dedupe_key == event.dedupe_key).with_for_update()
        ).one_or_none()
        if live is None:
            self._insert([event], report)
        elif live.status == EventStatus.RUNNING:
            self._change(live.event_id, dedupe_key=None, wish=Wish.DETACH.value)
            self._insert([event], OperationReport())
            report.replaced += 1
        else:
            owed = DueTime._make(live[1:])
            self._runs.answer_owed([owed], status=RunStatus.SKIPPED, reason="rescheduled", now=self._now)
            self._change(
                live.event_id,
                schedule=encode(event.schedule),
                args=event.args_text,
                description=event.description,
                due_at=event.due_at,
                ready_at=event.ready_at or event.due_at,
                expires_at=event.expires_at,
                group_key=event.group_key,
                recheck=event.recheck,
                cancel_when_compliant=event.cancel_when_compliant,
                user_resource_id=event.user_resource_id,
                trace_parent=event.trace_parent,
                attempt=self._runs.last_attempt(live.event_id, due_at=event.due_at),
                failures=0,
            )
            report.replaced += 1

    def _change(self, event_id: int, **changes: Any) -> None:
        self._connection.execute(update(events).where(events.c.event_id == event_id).values(**changes))

    def _unschedule(self, alike: Sequence[UnscheduleEvents]) -> int:
        """Cancel the live events of a bot for one resource, for each of several, or for all; return how many."""
        first = alike[0]
        which: list[ColumnElement[bool]] = []
        if first.bot_id is not None:
            which.append(events.c.bot_id == first.bot_id)
        if first.event_type is not None:
            which.append(events.c.event_type == first.event_type)
        if first.resource_id is not None:
            which.append(events.c.resource_id.in_(sorted({each.resource_id or "" for each in alike})))
        elif first.bot_id is None:
            message = "Unscheduling needs a bot or a resource; without them it would mean every event there is."
            raise Invalid(message)
        return self._cancel(which, reason=first.reason)

    def _cancel_these(self, operation: CancelEvents) -> int:
        """Cancel events by id, in the order of their ids, as everybody locks them; return how many."""
        event_ids = sorted(operation.event_ids)
        return sum(
            self._cancel([events.c.event_id.in_(event_ids[first : first + _IDS_PER_QUERY])], reason=operation.reason)
            for first in range(0, len(event_ids), _IDS_PER_QUERY)
        )

    def _cancel(self, which: Sequence[ColumnElement[bool]], *, reason: str) -> int:
        """Cancel those of the events that are live; running ones end first. Return how many."""
        live = [events.c.finished_at.is_(None), *which]
        if self._connection.dialect.name != "sqlite":
            # Between the two updates an event could go from running back to scheduled, and escape both.
            self._connection.execute(
                select(events.c.event_id).where(*live).order_by(events.c.event_id).with_for_update()
            )
        cancelled = self._connection.execute(
            update(events)
            .where(*live, events.c.status.in_([EventStatus.SCHEDULED, EventStatus.PAUSED, EventStatus.HELD]))
            .values(
                status=EventStatus.CANCELLED.value,
                status_reason=reason,
                finished_at=self._now,
                dedupe_key=None,
                claim_token=events.c.claim_token + 1,
            )
            .returning(*DUE_TIME_COLUMNS, events.c.schedule)
        ).all()
        self._answer_cancelled(cancelled, reason=reason)
        wished = self._connection.execute(
            update(events)
            .where(
                *live, events.c.status == EventStatus.RUNNING, or_(events.c.wish.is_(None), events.c.wish == Wish.PAUSE)
            )
            .values(wish=Wish.CANCEL.value, dedupe_key=None)
        ).rowcount
        return len(cancelled) + wished

    def _answer_cancelled(self, cancelled: Sequence[Row[Any]], *, reason: str) -> None:
        """Answer for every due time that was reached: of a recurring event that is overdue, for all of them."""
        one_each: list[DueTime] = []
        for row in cancelled:
            due, schedule_text = DueTime._make(row[:-1]), row[-1]
            if due.due_at > self._now:
                continue  # it was never owed
            until, count = owed_until(decode(schedule_text), due_at=due.due_at, now=self._now)
            if until is None:
                one_each.append(due)
            else:
                self._runs.answer(
                    [due],
                    status=RunStatus.CANCELLED,
                    reason=reason,
                    now=self._now,
                    covers_until=until,
                    covers_count=count,
                )
        self._runs.answer(one_each, status=RunStatus.CANCELLED, reason=reason, now=self._now)

    def foresee(self, operations: Sequence[Operation]) -> list[Foreseen]:
        """Return what `apply` would do now, without doing it."""
        return OperationPreview(self._connection).foresee(operations)


def _merged(operations: Iterable[Operation]) -> Iterator[ScheduleEvent | CancelEvents | Sequence[UnscheduleEvents]]:
    """Yield operations in their order, with neighbours that unschedule alike for several resources as one."""
    alike: list[UnscheduleEvents] = []
    for operation in operations:
        if isinstance(operation, UnscheduleEvents):
            if alike and (len(alike) >= _IDS_PER_QUERY or not _are_alike(alike[0], operation)):
                yield alike
                alike = []
            alike.append(operation)
            continue
        if alike:
            yield alike
            alike = []
        yield operation
    if alike:
        yield alike


def _are_alike(one: UnscheduleEvents, other: UnscheduleEvents) -> bool:
    return (
        one.resource_id is not None
        and other.resource_id is not None
        and (one.bot_id, one.event_type, one.reason) == (other.bot_id, other.event_type, other.reason)
    )
