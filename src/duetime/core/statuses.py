"""The life of an event and the answers a run can have.

`TRANSITIONS` is the one truth about how an event may move. The guards in code, the CHECK constraints of the database,
the diagram in the docs and the cross-product test are all derived from it.
"""

from collections.abc import Mapping
from enum import StrEnum


class EventStatus(StrEnum):
    """Where an event stands."""

    SCHEDULED = "scheduled"
    """Waits for its due time, a retry or a handler. Moved on by a claim, or by a person's verb."""
    RUNNING = "running"
    """Claimed by a worker session. Moved on by that worker's finish, or by the reaper when the session is lost."""
    PAUSED = "paused"
    """Stopped by a person. Moved on by resume or cancel."""
    HELD = "held"
    """Its outcome is unknown or needs a decision. Moved on by a person's resolve alone."""
    SUCCEEDED = "succeeded"
    """Final: the one-off, or the last occurrence, was done."""
    FAILED = "failed"
    """Final: it was tried, and no retry is left."""
    CANCELLED = "cancelled"
    """Final: a person, a bot or its archive took it back."""
    EXPIRED = "expired"
    """Final: nobody could run it before its expiry."""
    SKIPPED = "skipped"
    """Final: a guard or the job itself said that it need not run."""

    @property
    def is_final(self) -> bool:
        return self in FINAL


class RunStatus(StrEnum):
    """How one attempt at one due time ended."""

    SUCCEEDED = "succeeded"
    """The job returned normally or said so."""
    FAILED = "failed"
    """The job raised, or said so."""
    TIMED_OUT = "timed_out"
    """The job was still going at its deadline; what it did is unknown."""
    LOST = "lost"
    """The worker went away while it ran; what it did is unknown."""
    SNOOZED = "snoozed"
    """The job asked to be called again later; this costs no attempt."""
    SKIPPED = "skipped"
    """It did not start: a guard, a missed time or a reschedule; the reason says which. Or the job said so."""
    EXPIRED = "expired"
    """It did not start: its expiry passed first."""
    CANCELLED = "cancelled"
    """It did not start: it was cancelled while owed."""
    DENIED = "denied"
    """It did not start: the user it acts for may not do this any more."""


class OnLost(StrEnum):
    """What follows when the outcome of an attempt is unknown."""

    RETRY = "retry"
    """Try again: the job is safe to repeat."""
    FAIL = "fail"
    """Call it failed."""
    HOLD = "hold"
    """A person decides; the default for destructive types."""


class Wish(StrEnum):
    """What was asked of an event while it was running; it applies when the attempt ends."""

    PAUSE = "pause"
    CANCEL = "cancel"
    DETACH = "detach"
    """Replaced by a newer event under the same key: no retry, no recurrence."""


FINAL = frozenset(
    {
        EventStatus.SUCCEEDED,
        EventStatus.FAILED,
        EventStatus.CANCELLED,
        EventStatus.EXPIRED,
        EventStatus.SKIPPED,
    }
)

_S = EventStatus
TRANSITIONS: Mapping[EventStatus, frozenset[EventStatus]] = {
    _S.SCHEDULED: frozenset({_S.RUNNING, _S.PAUSED, _S.CANCELLED, _S.EXPIRED, _S.SKIPPED}),
    _S.RUNNING: frozenset(
        {
            _S.SCHEDULED,
            _S.SUCCEEDED,
            _S.FAILED,
            _S.SKIPPED,
            _S.EXPIRED,
            _S.HELD,
            _S.PAUSED,
            _S.CANCELLED,
        }
    ),
    _S.PAUSED: frozenset({_S.SCHEDULED, _S.CANCELLED}),
    _S.HELD: frozenset({_S.SCHEDULED, _S.SUCCEEDED, _S.FAILED, _S.CANCELLED}),
    **{status: frozenset() for status in FINAL},
}


def sources_of(target: EventStatus) -> frozenset[EventStatus]:
    """Return the statuses from which an event may move to `target`."""
    return frozenset(source for source, targets in TRANSITIONS.items() if target in targets)


def may_move(source: EventStatus, target: EventStatus) -> bool:
    """Return whether the table allows this move."""
    return target in TRANSITIONS[source]


def diagram() -> str:
    """Return the table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2", "    [*] --> scheduled"]
    for source in EventStatus:
        lines += [f"    {source} --> {target}" for target in EventStatus if target in TRANSITIONS[source]]
    lines += [f"    {status} --> [*]" for status in EventStatus if status.is_final]
    return "\n".join(lines)
