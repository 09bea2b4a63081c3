"""What follows from an outcome: one pure function, every cell of it tested."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol, assert_never

from duetime.core.claims import Step
from duetime.core.outcomes import (
    Deferred,
    Denied,
    Expired,
    Failed,
    Held,
    Lost,
    Outcome,
    Released,
    Skipped,
    Snoozed,
    Succeeded,
    TimedOut,
)
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish

LOST_ATTEMPTS = 3
"""How many lost attempts an event whose type says `on_lost: retry` may have, whatever its retry policy.

Fewer, and one deploy would fail every type without retries. More, and a job that kills its process goes on for long.
"""


class Attempt(Protocol):
    """What of a claim the decision reads."""

    @property
    def due_at(self) -> datetime: ...
    @property
    def ready_at(self) -> datetime: ...
    @property
    def attempt(self) -> int: ...
    @property
    def failures(self) -> int: ...
    @property
    def failed_in_a_row(self) -> int: ...
    @property
    def on_lost(self) -> OnLost: ...


def decide(
    attempt: Attempt,
    outcome: Outcome,
    *,
    now: datetime,
    next_due: datetime | None,
    retry: Retry,
    wish: Wish | None,
    uniform: Callable[[], float],
) -> Step:
    """Return what becomes of an event whose attempt ended in `outcome`.

    Args:
        attempt: the claim.
        outcome: how the attempt ended.
        now: the database's time.
        next_due: the due time after this one; None for a one-off or an exhausted schedule.
        retry: the policy of the event type.
        wish: what was asked of the event while it ran.
        uniform: random numbers from 0 to 1 for the jitter.
    """
    match outcome:
        case Succeeded():
            return _answered(attempt, RunStatus.SUCCEEDED, "", next_due=next_due, wish=wish)
        case Skipped(reason):
            return _answered(attempt, RunStatus.SKIPPED, reason, next_due=next_due, wish=wish)
        case Denied(reason):
            return _answered(attempt, RunStatus.DENIED, reason, next_due=next_due, wish=wish)
        case Expired(reason):
            return _answered(attempt, RunStatus.EXPIRED, reason, next_due=next_due, wish=wish)
        case Failed(error, retry=may_retry):
            failures = attempt.failures + 1
            if may_retry and retry.is_left(failures) and not _ends(wish):
                ready_at = now + retry.delay(failures, uniform=uniform)
                return _again(attempt, RunStatus.FAILED, f"retry after: {error[:200]}", ready_at, wish, failures)
            return _answered(attempt, RunStatus.FAILED, error[:200], next_due=next_due, wish=wish)
        case TimedOut(seconds):
            reason = f"still running after {seconds:g} s; what it did is unknown"
            status = RunStatus.TIMED_OUT
            return _unknown(
                attempt, status, reason, now=now, next_due=next_due, retry=retry, wish=wish, uniform=uniform
            )
        case Lost(error):
            reason = f"lost: {error}; what it did is unknown"
            status = RunStatus.LOST
            return _unknown(
                attempt, status, reason, now=now, next_due=next_due, retry=retry, wish=wish, uniform=uniform
            )
        case Snoozed(until, reason):
            if _ends(wish):
                return _answered(attempt, RunStatus.CANCELLED, "cancelled while snoozing", next_due=None, wish=wish)
            text = f"snoozed: {reason}" if reason else "snoozed"
            return _again(attempt, RunStatus.SNOOZED, text, max(until, now), wish, attempt.failures)
        case Deferred(until, reason):
            return _given_back(attempt, max(until, now), reason, wish)
        case Released(reason):
            return _given_back(attempt, attempt.ready_at, reason, wish)
        case Held(reason):
            return _held(attempt, reason, wish)
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(outcome)


_FINAL_STATUS = {
    RunStatus.SUCCEEDED: EventStatus.SUCCEEDED,
    RunStatus.SKIPPED: EventStatus.SKIPPED,
    RunStatus.EXPIRED: EventStatus.EXPIRED,
    RunStatus.FAILED: EventStatus.FAILED,
    RunStatus.TIMED_OUT: EventStatus.FAILED,
    RunStatus.LOST: EventStatus.FAILED,
    RunStatus.CANCELLED: EventStatus.CANCELLED,
    RunStatus.DENIED: EventStatus.SKIPPED,
}
_COUNTS_AS_FAILURE = frozenset({RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.LOST})


def _ends(wish: Wish | None) -> bool:
    return wish in (Wish.CANCEL, Wish.DETACH)


def _answered(
    attempt: Attempt, run_status: RunStatus, reason: str, *, next_due: datetime | None, wish: Wish | None
) -> Step:
    """The due time has its one answer: go to the next one, or end."""
    if run_status in _COUNTS_AS_FAILURE:
        failed_in_a_row = attempt.failed_in_a_row + 1
    elif run_status is RunStatus.SUCCEEDED:
        failed_in_a_row = 0
    else:
        failed_in_a_row = attempt.failed_in_a_row
    if next_due is not None and not _ends(wish):
        status = EventStatus.PAUSED if wish is Wish.PAUSE else EventStatus.SCHEDULED
        return Step(status, next_due, next_due, 0, 0, failed_in_a_row, reason, run_status, final=True)
    if next_due is not None:
        status = EventStatus.CANCELLED
        reason = "replaced by a newer event" if wish is Wish.DETACH else "cancelled while it ran"
    else:
        status = _FINAL_STATUS[run_status]
    failures = attempt.failures + (run_status in _COUNTS_AS_FAILURE)
    return Step(
        status,
        attempt.due_at,
        attempt.ready_at,
        attempt.attempt,
        failures,
        failed_in_a_row,
        reason,
        run_status,
        final=True,
    )


def _again(
    attempt: Attempt, run_status: RunStatus, reason: str, ready_at: datetime, wish: Wish | None, failures: int
) -> Step:
    """The attempt is over but the due time is not: it is tried again at `ready_at`."""
    status = EventStatus.PAUSED if wish is Wish.PAUSE else EventStatus.SCHEDULED
    return Step(
        status,
        attempt.due_at,
        ready_at,
        attempt.attempt,
        failures,
        attempt.failed_in_a_row,
        reason,
        run_status,
        final=False,
    )


def _given_back(attempt: Attempt, ready_at: datetime, reason: str, wish: Wish | None) -> Step:
    """The job was never called: no history row, no attempt."""
    if _ends(wish):
        return _answered(attempt, RunStatus.CANCELLED, "cancelled before it started", next_due=None, wish=wish)
    status = EventStatus.PAUSED if wish is Wish.PAUSE else EventStatus.SCHEDULED
    return Step(
        status,
        attempt.due_at,
        ready_at,
        attempt.attempt - 1,
        attempt.failures,
        attempt.failed_in_a_row,
        reason,
        run_status=None,
        final=False,
    )


def _held(attempt: Attempt, reason: str, wish: Wish | None) -> Step:
    """A person is asked first: no history row, no attempt."""
    if _ends(wish):
        return _given_back(attempt, attempt.ready_at, reason, wish)
    return Step(
        status=EventStatus.HELD,
        due_at=attempt.due_at,
        ready_at=attempt.ready_at,
        attempt=attempt.attempt - 1,
        failures=attempt.failures,
        failed_in_a_row=attempt.failed_in_a_row,
        reason=reason,
        run_status=None,
        final=False,
    )


def _unknown(
    attempt: Attempt,
    run_status: RunStatus,
    reason: str,
    *,
    now: datetime,
    next_due: datetime | None,
    retry: Retry,
    wish: Wish | None,
    uniform: Callable[[], float],
) -> Step:
    """Nobody knows what the attempt did: the type's `on_lost` decides."""
    failures = attempt.failures + 1
    if _ends(wish) or attempt.on_lost is OnLost.FAIL:
        return _answered(attempt, run_status, reason, next_due=next_due, wish=wish)
    if attempt.on_lost is OnLost.HOLD:
        return Step(
            EventStatus.HELD,
            attempt.due_at,
            attempt.ready_at,
            attempt.attempt,
            failures,
            attempt.failed_in_a_row,
            f"outcome unknown: {reason}",
            run_status,
            final=False,
        )
    if failures < max(retry.attempts, LOST_ATTEMPTS):
        ready_at = now + retry.delay(failures, uniform=uniform) if retry.is_left(failures) else now
        return _again(attempt, run_status, reason, ready_at, wish, failures)
    return _answered(attempt, run_status, reason, next_due=next_due, wish=wish)
