"""How many requests went to AWS."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple


class ApiCall(NamedTuple):
    """What is counted together."""

    account: str
    region: str
    operation: str


class CallCounter:
    """Counts requests as they leave, the SDK's own retries included; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[ApiCall] = Counter()

    def add(self, call: ApiCall) -> None:
        with self._lock:
            self._counts[call] += 1

    def snapshot(self) -> Mapping[ApiCall, int]:
        """Return the counts so far."""
        with self._lock:
            return dict(self._counts)
