"""What a person or program may do to one event, each with its audit entry, inside the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, select, update

from duetime.core.errors import IllegalTransition, Invalid, StaleClaim, UnknownName
from duetime.core.events import Event
from duetime.core.sanitising import clean_text
from duetime.core.schedules import Schedule
from duetime.core.statuses import FINAL, EventStatus, RunStatus, Wish, may_move
from duetime.schedule.codec import encode, to_json
from duetime.store.audit_table import AuditTable, reason_text
from duetime.store.event_table import EventTable
from duetime.store.owed import owed_until
from duetime.store.rows import event_of
from duetime.store.run_table import DueTime, RunTable
from duetime.store.tables import events
from duetime.store.unreadable_schedule import UnreadableSchedule

_ENDING = "It was cancelled or replaced already and ends with this attempt."
_ENDED = "It has ended; to do it once more: duetime events run ID."
_REMEDIES: Mapping[EventStatus, str] = {
    EventStatus.SCHEDULED: "It waits for its due time.",
    EventStatus.RUNNING: "Wait until its attempt ends.",
    EventStatus.PAUSED: "It waits to be resumed: duetime events resume ID.",
    EventStatus.HELD: "Resolve it: duetime events resolve ID --as retry|succeeded|failed|cancelled --reason ...",
    **dict.fromkeys(FINAL, _ENDED),
}


RESOLVED_AS_RETRY = "resolved as retry"
"""How the status reason of an event begins that a person wants run at its present due time, whatever came due since."""


class Resolution(StrEnum):
    """How a person settles a held event."""

    RETRY = "retry"
    """Run it again at this due time."""
    SUCCEEDED = "succeeded"
    """It was done after all."""
    FAILED = "failed"
    """It was not done, and shall not be."""
    CANCELLED = "cancelled"
    """It is taken back, with all that would follow."""


_FINAL_RUN = {
    Resolution.SUCCEEDED: RunStatus.SUCCEEDED,
    Resolution.FAILED: RunStatus.FAILED,
    Resolution.CANCELLED: RunStatus.CANCELLED,
}


class EventVerbs:
    """Pause, resume, cancel, reschedule and resolve. Each returns the event as it stands afterwards."""

    def __init__(
        self, connection: Connection, *, events: EventTable, runs: RunTable, audit: AuditTable, now: datetime
    ) -> None:
        self._connection = connection
        self._events = events
        self._runs = runs
        self._audit = audit
        self._now = now

    def pause(self, event_id: int, *, actor: str, reason: str = "") -> Event:
        """Keep an event from running until it is resumed; a running one pauses when its attempt ends."""
        event = self.locked(event_id)
        if event.status is EventStatus.RUNNING:
            if event.wish in (Wish.CANCEL, Wish.DETACH):
                raise IllegalTransition(event_id, verb="paused", status=event.status, remedy=_ENDING)
            return self._write(event, "pause", actor, reason, wish=Wish.PAUSE.value)
        self._allow(event, EventStatus.PAUSED, "paused")
        return self._write(event, "pause", actor, reason, status=EventStatus.PAUSED, status_reason=_by(actor, reason))

    def resume(self, event_id: int, *, actor: str, reason: str = "", catch_up: str | None = None) -> Event:
        """Let a paused event run again; times missed meanwhile follow `catch_up`, or the event's rule when None.

        A `catch_up` becomes the event's rule for good: it holds for all times that are missed later too.
        """
        event = self.locked(event_id)
        if event.status is EventStatus.RUNNING and event.wish is Wish.PAUSE:
            return self._write(event, "resume", actor, reason, wish=None)
        if event.status is not EventStatus.PAUSED:
            raise _not_allowed(event, "resumed")
        changes: dict[str, Any] = {"status": EventStatus.SCHEDULED, "status_reason": "was paused"}
        if catch_up is not None:
            changes["catch_up"] = catch_up
        return self._write(event, "resume", actor, reason, **changes)

    def cancel(self, event_id: int, *, actor: str, reason: str = "") -> Event:
        """Take an event back for good; a running one ends with its true outcome first and is then not repeated."""
        event = self.locked(event_id)
        if event.status is EventStatus.RUNNING:
            # The key is given up at once: what is scheduled from now on must not be kept for one that is ending.
            return self._write(event, "cancel", actor, reason, wish=Wish.CANCEL.value, dedupe_key=None)
        if event.status is EventStatus.HELD:  # whoever takes it back must say how its outcome is known
            raise IllegalTransition(event_id, verb="cancelled", status=event.status, remedy=_REMEDIES[event.status])
        self._allow(event, EventStatus.CANCELLED, "cancelled")
        self._answer_owed(event, RunStatus.CANCELLED, _by(actor, reason))
        return self._write(
            event, "cancel", actor, reason, status=EventStatus.CANCELLED, status_reason=_by(actor, reason)
        )

    def reschedule(
        self,
        event_id: int,
        *,
        schedule: Schedule,
        due_at: datetime,
        expires_at: datetime | None,
        actor: str,
        reason: str = "",
    ) -> Event:
        """Give an event another schedule. The due times that were already owed are answered as skipped."""
        event = self.locked(event_id)
        if event.status not in (EventStatus.SCHEDULED, EventStatus.PAUSED):
            raise _not_allowed(event, "rescheduled")
        self._answer_owed(event, RunStatus.SKIPPED, "rescheduled")
        return self._write(
            event,
            "reschedule",
            actor,
            reason,
            schedule=encode(schedule),
            due_at=due_at,
            ready_at=due_at,
            expires_at=expires_at,
            attempt=self._runs.last_attempt(event_id, due_at=due_at),
            failures=0,
            status_reason=_by(actor, reason or "rescheduled"),
        )

    def resolve(
        self, event_id: int, resolution: Resolution, *, next_due: datetime | None, actor: str, reason: str
    ) -> Event:
        """Settle a held event; the only way out of `held`.

        Args:
            event_id: the event.
            resolution: how.
            next_due: the due time after the present one, for a recurring event.
            actor: who says so.
            reason: why; required.
        """
        if not reason.strip():
            message = "A resolution needs a reason: say how the outcome is known."
            raise Invalid(message)
        event = self.locked(event_id)
        if event.status is not EventStatus.HELD:
            raise IllegalTransition(event_id, verb="resolved", status=event.status, remedy="Only held events are.")
        said = f"resolved as {resolution} {_by(actor, reason)}"
        if resolution is Resolution.RETRY:
            return self._write(
                event,
                "resolve",
                actor,
                reason,
                status=EventStatus.SCHEDULED,
                ready_at=max(event.due_at, self._now),
                expires_at=None,  # the person who says retry has seen how late it is
                status_reason=said,
            )
        if resolution is Resolution.CANCELLED:
            self._answer_owed(event, RunStatus.CANCELLED, said)
        else:
            self._runs.answer([DueTime.of(event)], status=_FINAL_RUN[resolution], reason=said, now=self._now)
        failed_in_a_row = event.failed_in_a_row + 1 if resolution is Resolution.FAILED else 0
        if next_due is not None and resolution is not Resolution.CANCELLED:
            return self._write(
                event,
                "resolve",
                actor,
                reason,
                status=EventStatus.SCHEDULED,
                due_at=next_due,
                ready_at=next_due,
                attempt=0,
                failures=0,
                failed_in_a_row=failed_in_a_row,
                status_reason=said,
            )
        return self._write(
            event,
            "resolve",
            actor,
            reason,
            status=EventStatus(resolution.value),
            failed_in_a_row=failed_in_a_row,
            status_reason=said,
        )

    def locked(self, event_id: int) -> Event:
        """Return the event, with its row locked until the transaction ends."""
        row = self._connection.execute(
            select(events).where(events.c.event_id == event_id).with_for_update()
        ).one_or_none()
        if row is None:
            raise UnknownName("event", event_id)
        return event_of(row)

    def _allow(self, event: Event, target: EventStatus, verb: str) -> None:
        if not may_move(event.status, target):
            raise _not_allowed(event, verb)

    def _answer_owed(self, event: Event, status: RunStatus, reason: str) -> None:
        """Write the one final answer for all due times up to now that have none yet; those to come were never owed."""
        if event.due_at > self._now:
            return
        until, count = owed_until(event.schedule, due_at=event.due_at, now=self._now)
        self._runs.answer(
            [DueTime.of(event)], status=status, reason=reason, now=self._now, covers_until=until, covers_count=count
        )

    def _write(self, event: Event, verb: str, actor: str, reason: str, **changes: Any) -> Event:
        status = changes.get("status")
        if isinstance(status, EventStatus):
            changes["status"] = status.value
            if status.is_final:
                changes |= {"finished_at": self._now, "dedupe_key": None}
        if event.status is not EventStatus.RUNNING:
            changes["claim_token"] = event.claim_token + 1
        written = self._connection.execute(
            update(events)
            .where(events.c.event_id == event.event_id, events.c.claim_token == event.claim_token)
            .values(**changes)
        )
        if written.rowcount != 1:  # cannot happen while the row is locked; said rather than assumed
            raise StaleClaim(event.event_id, token=event.claim_token)
        after = self._events.get(event.event_id)
        self._audit.add(
            actor=actor,
            verb=f"event.{verb}",
            subject=f"event:{event.event_id}",
            reason=reason,
            before=_facts(event),
            after=_facts(after),
        )
        return after


def _not_allowed(event: Event, verb: str) -> IllegalTransition:
    return IllegalTransition(event.event_id, verb=verb, status=event.status, remedy=_REMEDIES[event.status])


def _by(actor: str, reason: str) -> str:
    said_by = f"by {clean_text(actor) or 'somebody'}"
    return f"{said_by}: {reason_text(reason)}" if reason else said_by


def _facts(event: Event) -> dict[str, Any]:
    return {
        "status": event.status.value,
        "due_at": event.due_at.isoformat(),
        "ready_at": event.ready_at.isoformat(),
        "schedule": event.schedule.text if isinstance(event.schedule, UnreadableSchedule) else to_json(event.schedule),
        "wish": event.wish.value if event.wish else None,
    }
