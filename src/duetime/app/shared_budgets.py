"""API budgets kept in the database: what one worker uses up, all of them know."""

from datetime import datetime, timedelta

from duetime.core.budgets import Budget, BudgetKey, Lease, Limit
from duetime.core.errors import DatabaseUnavailable
from duetime.providers.pacing import LocalBudgets
from duetime.store.store import Store


class SharedBudgets:
    """Implements `providers.pacing.Budgets` over the store.

    While the database does not answer, this process keeps budgets of its own: a call may be in the middle of an act
    that must not fail for that.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._own = LocalBudgets(store.clock)

    def lease(self, key: BudgetKey, *, limit: Limit, wanted: int, made: int = 0) -> Lease:
        try:
            with self._store.write() as tx:
                return tx.budgets.lease(key, limit=limit, wanted=wanted, made=made)
        except DatabaseUnavailable:
            return self._own.lease(key, limit=limit, wanted=wanted, made=made)

    def throttled(self, key: BudgetKey, *, limit: Limit, retry_after: timedelta | None) -> Budget:
        try:
            with self._store.write() as tx:
                return tx.budgets.throttled(key, limit=limit, retry_after=retry_after)
        except DatabaseUnavailable:
            return self._own.throttled(key, limit=limit, retry_after=retry_after)

    def now(self) -> datetime:
        try:
            return self._store.now()
        except DatabaseUnavailable:
            return self._own.now()
