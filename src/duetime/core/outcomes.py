"""What an attempt can come to.

A job may return the first group or raise; the second group is said by the engine alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any


@dataclass(frozen=True, slots=True)
class Succeeded:
    """Done. `data` is text or JSON for the history."""

    data: Any = None


@dataclass(frozen=True, slots=True)
class Failed:
    """Not done; retried by the type's policy. `retry=False` says that trying again is pointless."""

    error: str
    data: Any = None
    retry: bool = True


@dataclass(frozen=True, slots=True)
class Snoozed:
    """Not yet: call again at `until` (aware). Costs no attempt and no failure."""

    until: datetime
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Need not be done; the reason is kept."""

    reason: str


JobOutcome = Succeeded | Failed | Snoozed | Skipped


@dataclass(frozen=True, slots=True)
class TimedOut:
    """Still going at its deadline: what it did is unknown."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Lost:
    """Its worker went away: what it did is unknown."""

    error: str = "the worker's heartbeat stopped"


@dataclass(frozen=True, slots=True)
class Deferred:
    """Did not start: a guard asked to wait until `until`. No history row; the reason stands on the event."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Held:
    """Did not start: a guard asked for a person."""

    reason: str


@dataclass(frozen=True, slots=True)
class Denied:
    """Did not start: the user on whose behalf it would act may not do this any more."""

    reason: str


@dataclass(frozen=True, slots=True)
class Expired:
    """Did not start: its expiry passed first."""

    reason: str = "past its expiry"


@dataclass(frozen=True, slots=True)
class Released:
    """Did not start: the worker gave the claim back. No history row and no attempt."""

    reason: str = ""


Outcome = JobOutcome | TimedOut | Lost | Deferred | Held | Denied | Expired | Released


class GroupRefused(Exception):
    """Raised by a group job to state that the provider refused the whole call and nothing was done.

    The engine then runs the members that were not reported one by one, in the same attempt.
    """


class OutcomeUnknown(Exception):
    """Raised by a job to state that the act was asked for and no answer came: it may have been done.

    The event then follows its type's `on_lost` rule.

    Attributes:
        known: what came of resources that were asked for together with it, by provider id; only the others are unknown.
    """

    known: Mapping[str, JobOutcome] = MappingProxyType({})
