"""How fast a cloud may be asked: token buckets that learn from refusals.

Pure values. Who keeps them, a database or a process, applies `leased` and `throttled` to what it has and keeps the
result; the time is an argument.
"""

import math
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NamedTuple, Self

SLOWER = 0.7
"""What a refusal multiplies the rate by."""

SLOWEST = 0.02
"""No rate falls below this share of its limit."""

RECOVERY = timedelta(minutes=2)
"""How long a rate takes from nothing back to its limit, in even steps."""

SHORTEST_BLOCK = timedelta(seconds=1)
"""How long nothing is sent after a refusal that names no time."""

LONGEST_BLOCK = timedelta(minutes=15)
"""No block is longer, whatever time a cloud names."""


class BudgetKey(NamedTuple):
    """What shares a budget.

    Attributes:
        family: operations that the cloud counts together, such as `ec2 writes`.
    """

    account: str
    region: str
    family: str


@dataclass(frozen=True, slots=True)
class Limit:
    """What a cloud allows at best.

    Attributes:
        rate: calls a second in the long run.
        burst: calls at once after a pause.
    """

    rate: float
    burst: float

    def __post_init__(self) -> None:
        if not (0 < self.rate < math.inf and 1 <= self.burst < math.inf):
            message = f"A limit needs a rate above 0 and a burst of at least 1, not {self.rate} and {self.burst}."
            raise ValueError(message)


class Lease(NamedTuple):
    """Calls that may be made now, or when to ask again.

    Attributes:
        calls: how many; 0 = none.
        wait: with none: how long until there are some.
        until: with none: when that is, on the clock of whoever keeps the budget.
    """

    calls: int
    wait: timedelta
    until: datetime


@dataclass(frozen=True, slots=True)
class Budget:
    """A token bucket at one moment.

    Attributes:
        rate: calls a second that it gains at present.
        tokens: calls that it held at `refilled_at`.
        blocked_until: nothing is sent before; None = no block.
        throttles: how often the cloud has refused calls as too many.
        calls: how many calls were made, as far as their makers have said.
    """

    rate: float
    burst: float
    tokens: float
    refilled_at: datetime
    blocked_until: datetime | None = None
    throttles: int = 0
    calls: int = 0

    @classmethod
    def full(cls, limit: Limit, *, now: datetime) -> Self:
        """Return the budget of a family that nobody has asked for yet."""
        return cls(rate=limit.rate, burst=limit.burst, tokens=limit.burst, refilled_at=now)

    def leased(self, wanted: int, *, limit: Limit, now: datetime) -> "tuple[Budget, Lease]":
        """Return the budget without up to `wanted` calls, and those calls."""
        filled = self._refilled(limit, now=now)
        if filled.blocked_until is not None:
            return filled, Lease(0, filled.blocked_until - now, filled.blocked_until)
        calls = min(max(wanted, 1), math.floor(filled.tokens))
        if calls > 0:
            return replace(filled, tokens=filled.tokens - calls), Lease(calls, timedelta(0), now)
        enough = min(max(wanted, 1), filled.burst)
        # Rounded up: asked again a microsecond early, the answer would be no once more.
        wait = timedelta(microseconds=math.ceil((enough - filled.tokens) / filled.rate * 1e6))
        return filled, Lease(0, wait, now + wait)

    def throttled(self, *, limit: Limit, now: datetime, retry_after: timedelta | None = None) -> "Budget":
        """Return the budget after the cloud has refused a call as one too many.

        Calls that were on their way together are refused together: what is refused during a block slows nothing more.
        """
        filled = self._refilled(limit, now=now)
        is_news = filled.blocked_until is None
        rate = max(filled.rate * SLOWER, limit.rate * SLOWEST) if is_news else filled.rate
        block = min(max(retry_after or SHORTEST_BLOCK, SHORTEST_BLOCK), LONGEST_BLOCK)
        return replace(
            filled,
            rate=rate,
            tokens=0.0,
            blocked_until=max(filled.blocked_until or now, now + block),
            throttles=filled.throttles + 1,
        )

    def _refilled(self, limit: Limit, *, now: datetime) -> "Budget":
        """Return the budget as it is at `now`; a clock that went back gives nothing."""
        # A block that would be longer than any was set before the clock was put back.
        is_blocked = self.blocked_until is not None and now < self.blocked_until <= now + LONGEST_BLOCK
        # Nothing is gained during a block: a full bucket right after it would be the next refusal.
        since = max(self.refilled_at, min(self.blocked_until or self.refilled_at, now))
        seconds = max((now - since).total_seconds(), 0.0)
        rate = min(self.rate + limit.rate * seconds / RECOVERY.total_seconds(), limit.rate)
        return replace(
            self,
            rate=rate,
            burst=limit.burst,
            tokens=min(self.tokens + rate * seconds, limit.burst),
            # A clock that was put back must not stop the refilling until the old time comes again.
            refilled_at=now,
            blocked_until=self.blocked_until if is_blocked else None,
        )
