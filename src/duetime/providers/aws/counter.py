"""How many requests went to AWS, and how many of them it refused as too many."""

import threading
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from duetime.core.budgets import BudgetKey


class ApiCall(NamedTuple):
    """What is counted together."""

    account: str
    region: str
    operation: str


class Traffic(NamedTuple):
    """What became of the requests of one account, region and operation family.

    Attributes:
        calls: requests that left.
        throttles: those of them that AWS refused as too many.
        turned_away: requests that did not leave, because the budget had no room for them in time.
    """

    calls: int = 0
    throttles: int = 0
    turned_away: int = 0


class CallCounter:
    """Counts requests as they leave, repeated ones too; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[ApiCall] = Counter()
        self._traffic: dict[BudgetKey, Traffic] = {}

    def add(self, call: ApiCall, *, family: str = "") -> None:
        """Count a request that leaves."""
        with self._lock:
            self._counts[call] += 1
            if family:
                self._change(BudgetKey(call.account, call.region, family), calls=1)

    def add_throttle(self, key: BudgetKey) -> None:
        """Count a request that AWS refused as one too many."""
        with self._lock:
            self._change(key, throttles=1)

    def add_turned_away(self, key: BudgetKey) -> None:
        """Count a request that did not leave."""
        with self._lock:
            self._change(key, turned_away=1)

    def snapshot(self) -> Mapping[ApiCall, int]:
        """Return the counts so far."""
        with self._lock:
            return dict(self._counts)

    def traffic(self) -> Mapping[BudgetKey, Traffic]:
        """Return the counts so far, by account, region and operation family."""
        with self._lock:
            return dict(self._traffic)

    def _change(self, key: BudgetKey, *, calls: int = 0, throttles: int = 0, turned_away: int = 0) -> None:
        known = self._traffic.get(key, Traffic())
        self._traffic[key] = Traffic(known.calls + calls, known.throttles + throttles, known.turned_away + turned_away)
