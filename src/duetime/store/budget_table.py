"""How fast each cloud may be asked, shared by all workers."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select, update

from duetime.core.budgets import Budget, BudgetKey, Lease, Limit
from duetime.store.cloud_tables import api_budgets
from duetime.store.upsert import insert_if_absent


class BudgetTable:
    """Budgets by account, region and operation family; each change locks its row until the transaction ends."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def lease(self, key: BudgetKey, *, limit: Limit, wanted: int, made: int = 0) -> Lease:
        """Take up to `wanted` calls out of a budget; see `core.budgets.Budget.leased`.

        They are spent: a worker that dies with them has lost them, and the bucket fills again.

        Args:
            key: which budget.
            limit: what the cloud allows at best.
            wanted: how many calls.
            made: how many calls of earlier leases were really made since this was last said.
        """
        budget, lease = self._locked(key, limit).leased(wanted, limit=limit, now=self._now)
        self._save(key, replace(budget, calls=budget.calls + made))
        return lease

    def throttled(self, key: BudgetKey, *, limit: Limit, retry_after: timedelta | None = None) -> Budget:
        """Note that the cloud refused a call as one too many; return what is left."""
        budget = self._locked(key, limit).throttled(limit=limit, now=self._now, retry_after=retry_after)
        self._save(key, budget)
        return budget

    def all(self) -> dict[BudgetKey, Budget]:
        """Return every budget as it was when last asked for."""
        rows = self._connection.execute(select(api_budgets))
        return {BudgetKey(row.account, row.region, row.family): _budget_of(row) for row in rows}

    def _locked(self, key: BudgetKey, limit: Limit) -> Budget:
        statement = select(api_budgets).where(_is(key)).with_for_update()
        row = self._connection.execute(statement).one_or_none()
        if row is None:
            # Two workers may both find none: the second insert waits for the first and then changes nothing.
            insert_if_absent(
                self._connection, api_budgets, {**key._asdict(), **_columns(Budget.full(limit, now=self._now))}
            )
            row = self._connection.execute(statement).one()
        return _budget_of(row)

    def _save(self, key: BudgetKey, budget: Budget) -> None:
        self._connection.execute(update(api_budgets).where(_is(key)).values(**_columns(budget)))


def _is(key: BudgetKey) -> ColumnElement[bool]:
    columns = api_budgets.c
    return and_(columns.account == key.account, columns.region == key.region, columns.family == key.family)


def _columns(budget: Budget) -> dict[str, Any]:
    return {
        "rate": budget.rate,
        "burst": budget.burst,
        "tokens": budget.tokens,
        "refilled_at": budget.refilled_at,
        "blocked_until": budget.blocked_until,
        "throttles": budget.throttles,
        "calls": budget.calls,
    }


def _budget_of(row: Row[Any]) -> Budget:
    return Budget(
        rate=row.rate,
        burst=row.burst,
        tokens=row.tokens,
        refilled_at=row.refilled_at,
        blocked_until=row.blocked_until,
        throttles=row.throttles,
        calls=row.calls,
    )
