"""What an action that is called for all resources at once says of single ones: the others are served all the same."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

_log = logging.getLogger(__name__)

_LONGEST = 500


@dataclass(slots=True)
class ActionProblems:
    """What one call of an action reported.

    Attributes:
        failures: what could not be done, each for one resource.
        warnings: what was done in another way than it was asked for.
    """

    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


_collecting: ContextVar[ActionProblems | None] = ContextVar("duetime_action_problems", default=None)


@contextmanager
def collecting_problems() -> Iterator[ActionProblems]:
    """Collect what actions report in the block."""
    problems = ActionProblems()
    token = _collecting.set(problems)
    try:
        yield problems
    finally:
        _collecting.reset(token)


def report_failure(problem: str) -> None:
    """Say that one resource was left out, and why: the action's report counts it as failed, and others stand."""
    _report(problem, is_failure=True)


def report_warning(problem: str) -> None:
    """Say that something was done in another way than it was asked for; the run does not fail for it."""
    _report(problem, is_failure=False)


def _report(problem: str, *, is_failure: bool) -> None:
    problems = _collecting.get()
    if problems is None:  # called outside of a bot run, where nobody writes a report
        _log.warning("%s", problem)
        return
    (problems.failures if is_failure else problems.warnings).append(problem[:_LONGEST])
