"""Which due time a claim is for: missed times are recorded and passed over before anything starts."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from duetime.core.claims import Claim, Ending, MissedTimes, Step
from duetime.core.errors import Unavailable
from duetime.core.events import Event
from duetime.core.outcomes import Deferred, Released
from duetime.core.statuses import EventStatus, RunStatus
from duetime.engine.catalogue import Handler
from duetime.engine.judging import DEFER_AFTER_FAULT
from duetime.engine.log import get_logger
from duetime.schedule.catch_up import CatchUp, CatchUpPlan, Missed, catch_up
from duetime.schedule.codec import decode
from duetime.store.store import Store, Transaction
from duetime.store.verbs import RESOLVED_AS_RETRY

_log = get_logger(__name__)

FAILED = RunStatus.FAILED
TOGETHER = 100
"""How many events that missed times are moved on in one transaction: after an outage all of them are behind at once,
and one transaction each would make the wait for the last of them longer than the outage."""

Settled = Claim | Deferred | Released | None


class _Behind(NamedTuple):
    """A claim some of whose due times were missed."""

    claim: Claim
    policy: CatchUp
    plan: CatchUpPlan
    missed: Missed


class Occurrences:
    """Applies the catch-up rule to claimed recurring events."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def settle(
        self, claims: Iterable[Claim], *, handlers: Mapping[str, Handler], session_id: int, now: datetime
    ) -> dict[int, Settled]:
        """Return, by event id, the claim for the due time that shall run now, what it came to instead, or None.

        None: no time shall run now, and the event was moved on. Missed times get their history row in the same
        transaction that moves the event on. When something was asked of the event meanwhile it is given back, so that
        this is heard. One event that cannot be settled is put off and does not stop the others.

        Raises:
            Unavailable: the database does not answer; some events may have been moved on.
        """
        settled: dict[int, Settled] = {}
        behind: list[_Behind] = []
        for claim in claims:
            try:
                policy = CatchUp(claim.catch_up or handlers[claim.event_type].kind.catch_up)
                plan = catch_up(decode(claim.schedule_text), due_at=claim.due_at, now=now, policy=policy)
            except Exception as error:  # noqa: BLE001 - logged; see above
                settled[claim.event_id] = _put_off(claim, error, now=now)
                continue
            if plan.missed is None:
                settled[claim.event_id] = claim
            else:
                behind.append(_Behind(claim, policy, plan, plan.missed))
        for first in range(0, len(behind), TOGETHER):
            settled |= self._move_together(behind[first : first + TOGETHER], session_id=session_id, now=now)
        return settled

    def _move_together(self, behind: Sequence[_Behind], *, session_id: int, now: datetime) -> dict[int, Settled]:
        try:
            with self._store.write() as tx:
                return {one.claim.event_id: self._move(tx, one, session_id=session_id, now=now) for one in behind}
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001 - logged; see `settle`
            if len(behind) == 1:
                return {behind[0].claim.event_id: _put_off(behind[0].claim, error, now=now)}
        alone: dict[int, Settled] = {}
        for one in behind:
            alone |= self._move_together([one], session_id=session_id, now=now)
        return alone

    def _move(self, tx: Transaction, behind: _Behind, *, session_id: int, now: datetime) -> Settled:
        claim, policy, plan, _ = behind
        event = tx.events.get(claim.event_id)
        if event.status_reason.startswith(RESOLVED_AS_RETRY):
            return claim  # a person wants this very time; those after it are looked at when it has its answer
        missed = self._answers(tx, claim, event, behind.missed, policy=policy)
        if plan.run_at is None:
            return self._pass_over(tx, claim, plan, missed, session_id=session_id, now=now)
        if not tx.claims.advance(claim, due_at=plan.run_at, missed=missed, session_id=session_id, now=now):
            return None
        failed_in_a_row = claim.failed_in_a_row + _failures_in(missed)
        return claim._replace(due_at=plan.run_at, attempt=1, failures=0, failed_in_a_row=failed_in_a_row)

    def _answers(
        self, tx: Transaction, claim: Claim, event: Event, missed: Missed, *, policy: CatchUp
    ) -> Sequence[MissedTimes]:
        """Return the answers of missed times: one row, or two when the first of them was tried and failed."""
        reason = f"missed ({policy} applies): {self._why(tx, claim, event)}"
        if not claim.failures:
            return (MissedTimes(missed.first, missed.last, missed.count, reason),)
        failed = MissedTimes(missed.first, missed.first, 1, "failed; a later time came due before its retry", FAILED)
        second = decode(claim.schedule_text).next_after(missed.first)
        if missed.count == 1 or second is None:
            return (failed,)
        return (failed, MissedTimes(second, missed.last, missed.count - 1, reason))

    def _pass_over(
        self,
        tx: Transaction,
        claim: Claim,
        plan: CatchUpPlan,
        missed: Sequence[MissedTimes],
        *,
        session_id: int,
        now: datetime,
    ) -> Released | None:
        """Move the event to its next due time, or end it when there is none."""
        next_due = plan.next_due
        step = Step(
            status=EventStatus.SKIPPED if next_due is None else EventStatus.SCHEDULED,
            due_at=claim.due_at if next_due is None else next_due,
            ready_at=claim.ready_at if next_due is None else next_due,
            attempt=0,
            failures=0,
            failed_in_a_row=claim.failed_in_a_row + _failures_in(missed),
            reason=missed[-1].reason,
            run_status=None,
            final=False,
        )
        if tx.claims.finish([Ending(claim, step, session_id, None, now)]):
            tx.claims.record_missed(claim, missed=missed, session_id=session_id, now=now)
            return None
        return Released(missed[-1].reason)

    def _why(self, tx: Transaction, claim: Claim, event: Event) -> str:
        if claim.failures or claim.attempt > 1:
            return "a later time came due before its retry"
        if event.status_reason == "was paused":
            return "it was paused"
        runs = tx.runs.of_event(claim.event_id, most=1)
        if runs and runs[-1].finished_at > claim.due_at:
            return "the previous run was still going"
        return "no worker with a handler was running"


def _put_off(claim: Claim, error: Exception, *, now: datetime) -> Deferred:
    _log.error("event.unsettled", event_id=claim.event_id, exc_info=error)
    return Deferred(now + DEFER_AFTER_FAULT, f"its due times could not be settled: {type(error).__name__}: {error}")


def _failures_in(missed: Sequence[MissedTimes]) -> int:
    return sum(times.status is FAILED for times in missed)
