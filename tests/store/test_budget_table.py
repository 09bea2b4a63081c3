"""Budgets that all workers share."""

import threading
from datetime import timedelta

from duetime.core.budgets import SLOWER, BudgetKey, Limit
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

LIMIT = Limit(rate=4, burst=20)
KEY = BudgetKey("10", "us-east-1", "ec2 writes")


def lease(store: Store, wanted: int, key: BudgetKey = KEY) -> int:
    with store.write() as tx:
        return tx.budgets.lease(key, limit=LIMIT, wanted=wanted).calls


def test_what_one_takes_the_other_does_not_get(store: Store, clock: ManualClock) -> None:
    assert [lease(store, 12), lease(store, 12), lease(store, 12)] == [12, 8, 0]
    assert lease(store, 12, KEY._replace(region="eu-west-1")) == 12
    clock.move_to(clock.now() + timedelta(seconds=2))
    assert lease(store, 12) == 8


def test_a_refusal_blocks_everybody_until_the_time_named(store: Store, clock: ManualClock) -> None:
    lease(store, 1)
    with store.write() as tx:
        budget = tx.budgets.throttled(KEY, limit=LIMIT, retry_after=timedelta(seconds=30))
    assert budget.blocked_until == clock.now() + timedelta(seconds=30)
    clock.move_to(clock.now() + timedelta(seconds=29))
    assert lease(store, 1) == 0
    clock.move_to(clock.now() + timedelta(seconds=2))
    assert lease(store, 9) > 0
    with store.read() as tx:
        kept = tx.budgets.all()[KEY]
    assert (kept.throttles, kept.blocked_until) == (1, None)
    assert LIMIT.rate * SLOWER < kept.rate < LIMIT.rate


def test_a_refusal_may_be_the_first_that_is_heard_of_a_budget(store: Store) -> None:
    with store.write() as tx:
        assert tx.budgets.throttled(KEY, limit=LIMIT).throttles == 1
    assert lease(store, 1) == 0


def test_many_at_once_share_one_bucket(store: Store) -> None:
    taken: list[int] = []
    ready = threading.Barrier(6)

    def take() -> None:
        ready.wait()
        taken.extend(lease(store, 3) for _ in range(4))

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(taken) == 24
    assert sum(taken) == LIMIT.burst


def test_calls_that_were_made_are_added_up(store: Store) -> None:
    for made in (0, 3, 4):
        with store.write() as tx:
            tx.budgets.lease(KEY, limit=LIMIT, wanted=1, made=made)
    with store.write() as tx:
        tx.budgets.throttled(KEY, limit=LIMIT)
    with store.read() as tx:
        assert tx.budgets.all()[KEY].calls == 7
        assert tx.budgets.all()[KEY].throttles == 1
