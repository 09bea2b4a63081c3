"""Pacing: a call to a cloud is made only within the budget of its account, region and operation family.

Budgets are shared by all workers, so they are kept outside of the process and leased in small parts. A call waits
briefly for its turn; when that would take longer it is not made, and waiting becomes a state of the event.
"""

import math
import threading
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Protocol

from duetime.core.budgets import Budget, BudgetKey, Lease, Limit
from duetime.core.clock import Clock, SystemClock

PATIENCE = timedelta(seconds=0.5)
"""A slot that waits serves nobody else: many more than a handful must not stand in line for one slow budget."""
LONGEST_PROMISE = timedelta(minutes=5)
_LEASE_SECONDS = 0.5
_LEASE_LASTS = 5.0
_NEVER = threading.Event()


class Budgets(Protocol):
    """Keeps the budgets."""

    def lease(self, key: BudgetKey, *, limit: Limit, wanted: int, made: int = 0) -> Lease:
        """Take up to `wanted` calls out of a budget, and say how many of those before were `made`."""

    def throttled(self, key: BudgetKey, *, limit: Limit, retry_after: timedelta | None) -> Budget:
        """Note that the cloud refused a call as one too many; return what is left."""

    def now(self) -> datetime:
        """Return the time by which budgets are kept and events fall due."""


class LocalBudgets:
    """Keeps budgets in this process; for programs that have no database, and while it does not answer."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._budgets: dict[BudgetKey, Budget] = {}

    def lease(self, key: BudgetKey, *, limit: Limit, wanted: int, made: int = 0) -> Lease:
        with self._lock:
            now = self._clock.now()
            budget, lease = self._budget(key, limit, now=now).leased(wanted, limit=limit, now=now)
            self._budgets[key] = replace(budget, calls=budget.calls + made)
            return lease

    def throttled(self, key: BudgetKey, *, limit: Limit, retry_after: timedelta | None) -> Budget:
        with self._lock:
            now = self._clock.now()
            budget = self._budget(key, limit, now=now).throttled(limit=limit, now=now, retry_after=retry_after)
            self._budgets[key] = budget
            return budget

    def now(self) -> datetime:
        return self._clock.now()

    def _budget(self, key: BudgetKey, limit: Limit, *, now: datetime) -> Budget:
        return self._budgets.get(key) or Budget.full(limit, now=now)


@dataclass(slots=True)
class _Purse:
    """What this process has leased of one budget. Instants are of the monotonic clock.

    Attributes:
        lock: held while the budget is asked: many threads that find the purse empty are one question.
        dry_until: before that there is no point in asking again.
        promised_at: when the last call that was turned away may come again.
        waiting: how many threads stand in line.
        made: how many calls were let through since the budget was last told.
    """

    lock: threading.Lock = field(default_factory=threading.Lock)
    calls: int = 0
    leased_at: float = 0.0
    dry_until: float = -math.inf
    promised_at: float = -math.inf
    waiting: int = 0
    made: int = 0


class Pacer:
    """Lets calls through at the pace of their budgets; one for all threads of a process.

    Args:
        budgets: who keeps them.
        clock: by which calls wait.
        patience: how long a call may wait for its turn.
    """

    def __init__(self, budgets: Budgets, *, clock: Clock | None = None, patience: timedelta = PATIENCE) -> None:
        self._budgets = budgets
        self._clock = clock or SystemClock()
        self._patience = patience.total_seconds()
        self._lock = threading.Lock()
        self._purses: dict[BudgetKey, _Purse] = {}

    def take(self, key: BudgetKey, limit: Limit) -> datetime | None:
        """Wait for the turn of one call.

        Returns:
            None when the call may be made; else when to come again. Calls that are turned away come again one after
            the other, at the pace of the limit, and not all at once.
        """
        purse = self._purse(key)
        deadline = self._clock.monotonic() + self._patience
        while True:
            with purse.lock:
                if self._spend(purse, key, limit):
                    return None
                now = self._clock.monotonic()
                wait = max(purse.dry_until - now, 0.001) + purse.waiting / limit.rate
                if now + wait > deadline:
                    return self._promise(purse, limit, now=now)
                purse.waiting += 1
            try:
                self._clock.wait(_NEVER, seconds=wait)
            finally:
                with purse.lock:
                    purse.waiting -= 1

    def throttled(self, key: BudgetKey, limit: Limit, *, retry_after: timedelta | None = None) -> datetime:
        """Note that the cloud refused a call as one too many; return when it may come again."""
        purse = self._purse(key)
        with purse.lock:
            budget = self._budgets.throttled(key, limit=limit, retry_after=retry_after)
            blocked_for = ((budget.blocked_until or self._budgets.now()) - self._budgets.now()).total_seconds()
            now = self._clock.monotonic()
            purse.calls = 0
            purse.dry_until = max(now + max(blocked_for, 0.0), purse.dry_until)
            return self._promise(purse, limit, now=now)

    def _spend(self, purse: _Purse, key: BudgetKey, limit: Limit) -> bool:
        """Take a call out of the purse, filling it first when it is empty and time has come to ask."""
        now = self._clock.monotonic()
        if purse.calls and now - purse.leased_at > _LEASE_LASTS:
            purse.calls = 0  # leased before others may have been refused
        if not purse.calls and now >= purse.dry_until:
            wanted = max(1, math.ceil(limit.rate * _LEASE_SECONDS))
            lease = self._budgets.lease(key, limit=limit, wanted=wanted, made=purse.made)
            purse.made = 0
            purse.calls, purse.leased_at = lease.calls, now
            purse.dry_until = now + lease.wait.total_seconds()
        if not purse.calls:
            return False
        purse.calls -= 1
        purse.made += 1
        return True

    def _promise(self, purse: _Purse, limit: Limit, *, now: float) -> datetime:
        line = max(purse.dry_until, now) + purse.waiting / limit.rate
        at = max(purse.promised_at, line) + 1 / limit.rate
        purse.promised_at = min(at, now + max(LONGEST_PROMISE.total_seconds(), purse.dry_until - now))
        return self._budgets.now() + timedelta(seconds=purse.promised_at - now)

    def _purse(self, key: BudgetKey) -> _Purse:
        with self._lock:
            return self._purses.setdefault(key, _Purse())
