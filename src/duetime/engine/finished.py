"""What came of one claim, before it is decided what that means for its event."""

import random
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from duetime.core.claims import Claim, Ending
from duetime.core.decisions import decide
from duetime.core.operations import Operation
from duetime.core.outcomes import Failed, Outcome, Succeeded
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
    next_due = decode(claim.schedule_text).next_after(claim.due_at) if claim.recurring else None
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
"""How the error of a run begins whose own texts the database refused."""


def unwritable(ending: Ending, problem: str) -> Ending:
    """Return the ending without the texts that the database refused."""
    step = ending.step._replace(reason="the database refused the texts of this run")
    return ending._replace(step=step, operations=(), error=f"{UNSTORABLE}: {problem}", result=None)
