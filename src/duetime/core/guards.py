"""Guards: who may still say no when an event is due.

A guard judges a list of claimed events on a fresh read of their resources, before any job is called. `bots` and
`providers` implement guards and `app` composes them; the engine only asks. A guard that raises answers defer, never
proceed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from duetime.core.claims import Claim
from duetime.core.resources import Resource


@dataclass(frozen=True, slots=True)
class Proceed:
    """Nothing against it."""


@dataclass(frozen=True, slots=True)
class Skip:
    """It need not, or must not, run at all."""

    reason: str


@dataclass(frozen=True, slots=True)
class Defer:
    """Not now; ask again at `until` (aware)."""

    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Hold:
    """A person decides."""

    reason: str


@dataclass(frozen=True, slots=True)
class Deny:
    """The user on whose behalf it would act may not do this any more."""

    reason: str


Verdict = Proceed | Skip | Defer | Hold | Deny
PROCEED = Proceed()


class FreshRead(Protocol):
    """Resources read from the cloud for this batch, once per account, region and type."""

    def covers(self, resource_id: str) -> bool:
        """Return whether the cloud was asked about this resource; False when no provider knows its account."""

    def problem(self, resource_id: str) -> str | None:
        """Return why the cloud could not be asked, or None."""

    def ask_again_at(self, resource_id: str) -> datetime | None:
        """Return when the cloud may be asked again, if it could not be asked and said when."""

    def resource(self, resource_id: str) -> Resource | None:
        """Return the resource as it is now, or None when it is gone."""


class Guard(Protocol):
    """Judges claimed events before their jobs are called."""

    @property
    def name(self) -> str:
        """How logs and reasons call it."""

    def concerns(self, claim: Claim) -> bool:
        """Return whether it must be asked about this event although no cloud can be asked about its resource.

        Asked for every event that a bot or a user stands behind, so it must cost next to nothing.
        """

    def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
        """Return a verdict per event id; a missing one means proceed."""
