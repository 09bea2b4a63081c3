"""Which due time a claim is for: missed times are recorded and passed over before anything starts."""

from datetime import datetime

from duetime.core.claims import Claim, Ending, MissedTimes, Step
from duetime.core.outcomes import Released
from duetime.core.statuses import EventStatus
from duetime.engine.catalogue import Handler
from duetime.schedule.catch_up import CatchUp, CatchUpPlan, catch_up
from duetime.schedule.codec import decode
from duetime.store.store import Store, Transaction


class Occurrences:
    """Applies the catch-up rule to claimed recurring events."""

    def __init__(self, *, store: Store) -> None:
        self._store = store

    def settle(self, claim: Claim, *, handler: Handler, session_id: int, now: datetime) -> Claim | Released | None:
        """Return the claim for the due time that shall run now, or None when none shall and the event was moved on.

        Missed times get their one history row in the same transaction that moves the event on. When something was asked
        of the event meanwhile it is given back, so that this is heard.
        """
        policy = CatchUp(claim.catch_up or handler.kind.catch_up)
        plan = catch_up(decode(claim.schedule_text), due_at=claim.due_at, now=now, policy=policy)
        if plan.missed is None:
            return claim
        with self._store.write() as tx:
            missed = MissedTimes(
                first=plan.missed.first,
                last=plan.missed.last,
                times=plan.missed.count,
                reason=f"missed ({policy} applies): {self._why(tx, claim)}",
            )
            if plan.run_at is None:
                return self._pass_over(tx, claim, plan, missed, session_id=session_id, now=now)
            if not tx.claims.advance(claim, due_at=plan.run_at, missed=missed, session_id=session_id, now=now):
                return None
        return claim._replace(due_at=plan.run_at, attempt=1, failures=0)

    def _pass_over(
        self, tx: Transaction, claim: Claim, plan: CatchUpPlan, missed: MissedTimes, *, session_id: int, now: datetime
    ) -> Released | None:
        """Move the event to its next due time, or end it when there is none."""
        next_due = plan.next_due
        step = Step(
            status=EventStatus.SKIPPED if next_due is None else EventStatus.SCHEDULED,
            due_at=claim.due_at if next_due is None else next_due,
            ready_at=claim.ready_at if next_due is None else next_due,
            attempt=0,
            failures=0,
            failed_in_a_row=claim.failed_in_a_row,
            reason=missed.reason,
            run_status=None,
            final=False,
        )
        if tx.claims.finish([Ending(claim, step, session_id, None, now)]):
            tx.claims.record_missed(claim, missed=missed, session_id=session_id, now=now)
            return None
        return Released(missed.reason)

    def _why(self, tx: Transaction, claim: Claim) -> str:
        if claim.failures or claim.attempt > 1:
            return "a later time came due before its retry"
        event = tx.events.get(claim.event_id)
        if event.status_reason == "was paused":
            return "it was paused"
        runs = tx.runs.of_event(claim.event_id, most=1)
        if runs and runs[-1].finished_at > claim.due_at:
            return "the previous run was still going"
        return "no worker with a handler was running"
