"""What came of one claim, before it is decided what that means for its event."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from duetime.core.claims import Claim, Ending
from duetime.core.decisions import decide
from duetime.core.errors import InvalidSchedule
from duetime.core.operations import Operation
from duetime.core.outcomes import Failed, Held, Outcome, Succeeded
from duetime.core.retry import NO_RETRY, Retry
from duetime.core.sanitising import history_text
from duetime.core.statuses import Wish
from duetime.schedule.codec import decode


class Finished(NamedTuple):
    """One claim and its outcome.

    Attributes:
        started_at: when the job was called; None when it was not.
        retry: the policy of the class that ran, which may be gone by now.
    """

    claim: Claim
    outcome: Outcome
    session_id: int | None
    started_at: datetime | None
    finished_at: datetime
    retry: Retry = NO_RETRY
    operations: tuple[Operation, ...] = ()


def ending_of(finished: Finished, *, wish: Wish | None = None, uniform: Callable[[], float] = random.random) -> Ending:
    """Decide what an outcome means for its event, and bring results and errors into the form that is stored."""
    claim, outcome, session_id, started_at, finished_at, retry, operations = finished
    next_due = None
    if claim.recurring and not isinstance(outcome, Held):
        next_due = decode(claim.schedule_text).next_after(claim.due_at)
    step = decide(claim, outcome, now=finished_at, next_due=next_due, retry=retry, wish=wish, uniform=uniform)
    error, result = "", None
    if isinstance(outcome, Succeeded):
        if outcome.data is not None:
            result = history_text(outcome.data)
    elif isinstance(outcome, Failed):
        error = history_text(outcome.error) or ""
        result = history_text(outcome.data)
    if step.reason:
        step = step._replace(reason=history_text(step.reason) or "")
    return Ending(claim, step, session_id, started_at, finished_at, error, result, wish, operations)


UNSTORABLE = "what the job returned could not be stored"
"""How the error of a run begins whose own words could not be."""


def decided(finished: Finished, *, wish: Wish | None = None) -> Ending:
    """Return what `ending_of` does, or the most that can be said when that raises: every claim comes to an end."""
    try:
        return ending_of(finished, wish=wish)
    except InvalidSchedule as error:
        held = Held(f"its schedule cannot be read: {error}")
        return ending_of(finished._replace(outcome=held, operations=()), wish=wish)
    except Exception as error:  # noqa: BLE001 - an outcome may hold whatever a plugin put into it
        failed = Failed(f"{UNSTORABLE}: {type(error).__name__}: {error}")
        return ending_of(finished._replace(outcome=failed, retry=NO_RETRY, operations=()), wish=wish)


def without_the_refused(finished: Finished, ending: Ending, problem: str) -> Ending | None:
    """Return a lesser ending for one that the database refused, or None when nothing is left to leave out.

    First to go is what the run asked for, and with it its success; then its words; last its row in the history.
    """
    if ending.operations:
        failed = Failed(f"{UNSTORABLE}: {problem}")
        return decided(finished._replace(outcome=failed, operations=()), wish=ending.wish)
    if not ending.error.startswith(UNSTORABLE):
        step = ending.step._replace(reason="the database refused the texts of this run")
        return ending._replace(step=step, error=f"{UNSTORABLE}: {problem}", result=None)
    if ending.step.run_status is not None:
        step = ending.step._replace(reason="the database refused the history of this run", run_status=None)
        return ending._replace(step=step)
    return None
