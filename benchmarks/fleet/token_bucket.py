"""The limits of EC2, as its documentation describes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Limit:
    """How many tokens a bucket holds, and how many it gains in a second."""

    size: float
    per_second: float


READS = Limit(100, 20)
WHOLE_READS = Limit(50, 10)
"""Reads that name neither ids nor filters nor a page size."""
CHANGES = Limit(50, 5)
INSTANCES: Mapping[str, Limit] = MappingProxyType({"StopInstances": Limit(1000, 20), "StartInstances": Limit(1000, 2)})
"""Beside the requests themselves, each instance that a request names takes a token.

Source of all four: "Request throttling for the Amazon EC2 API" in the Amazon EC2 Developer Guide, whose buckets are per
account, region and action.
"""


class TokenBucket:
    """Holds tokens; time is an argument."""

    def __init__(self, limit: Limit, *, now: float) -> None:
        self._limit = limit
        self._tokens = limit.size
        self._filled_at = now

    def take(self, tokens: int, *, now: float) -> bool:
        """Take tokens, or none when there are not enough."""
        gained = (now - self._filled_at) * self._limit.per_second
        self._tokens = min(self._limit.size, self._tokens + gained)
        self._filled_at = now
        if self._tokens < tokens:
            return False
        self._tokens -= tokens
        return True
