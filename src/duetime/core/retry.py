"""When a failed attempt is tried again."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from duetime.core.errors import Invalid


@dataclass(frozen=True, slots=True)
class Retry:
    """Exponential back-off with jitter.

    Attributes:
        attempts: how many failures in all, the first included, make the occurrence fail for good; 1 = never retry.
        first: the wait after the first failure.
        factor: each further wait is this many times longer.
        longest: no wait is longer.
        jitter: each wait is spread evenly by this share of itself, both ways; 0.2 = between 80 % and 120 %.
    """

    attempts: int = 1
    first: timedelta = timedelta(seconds=30)
    factor: float = 2.0
    longest: timedelta = timedelta(hours=1)
    jitter: float = 0.2

    def __post_init__(self) -> None:
        spans = self.first >= timedelta(0) and self.longest >= timedelta(0)
        if not (self.attempts >= 1 and 1 <= self.factor < math.inf and 0 <= self.jitter < 1 and spans):
            message = "Retry needs attempts >= 1, a finite factor >= 1, 0 <= jitter < 1, first >= 0 and longest >= 0."
            raise Invalid(message)

    def is_left(self, failures: int) -> bool:
        """Return whether another attempt is owed after `failures` failures."""
        return failures < self.attempts

    def delay(self, failures: int, *, uniform: Callable[[], float]) -> timedelta:
        """Return the wait after `failures` failures; `uniform` gives numbers from 0 to 1."""
        longest = self.longest.total_seconds()
        try:
            seconds = min(self.first.total_seconds() * self.factor ** (failures - 1), longest)
        except OverflowError:
            seconds = longest if self.first else 0.0
        spread = 1 + self.jitter * (2 * uniform() - 1)
        return timedelta(seconds=min(seconds * spread, longest))


NO_RETRY = Retry()
