"""Calls at the pace of their budgets."""

import threading
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
from tests.engine.waiting import until
from tests.providers.passing_clock import PassingClock

from duetime.app.shared_budgets import SharedBudgets
from duetime.core.budgets import Budget, BudgetKey, Lease, Limit
from duetime.core.errors import DatabaseUnavailable
from duetime.providers.pacing import LocalBudgets, Pacer
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

NOW = datetime(2026, 3, 2, 19, tzinfo=UTC)
KEY = BudgetKey("10", "us-east-1", "ec2 writes")
LIMIT = Limit(rate=4, burst=20)


class CountedBudgets(LocalBudgets):
    """Counts how often it is asked."""

    asked = 0

    def lease(self, key: BudgetKey, *, limit: Limit, wanted: int, made: int = 0) -> Lease:
        self.asked += 1
        return super().lease(key, limit=limit, wanted=wanted, made=made)


@pytest.fixture
def passing() -> PassingClock:
    return PassingClock(NOW)


def test_a_call_waits_briefly_for_its_turn(passing: PassingClock) -> None:
    pacer = Pacer(LocalBudgets(passing), clock=passing)
    assert [pacer.take(KEY, LIMIT) for _ in range(28)] == [None] * 28
    assert passing.elapsed == pytest.approx((28 - 20) / LIMIT.rate, abs=0.02)


def test_a_call_whose_turn_is_far_off_is_turned_away_at_once(passing: PassingClock) -> None:
    pacer = Pacer(LocalBudgets(passing), clock=passing)
    again_at = pacer.throttled(KEY, LIMIT, retry_after=timedelta(seconds=30))
    assert again_at >= NOW + timedelta(seconds=30)
    again = [pacer.take(KEY, LIMIT) for _ in range(4)]
    assert passing.elapsed == 0
    assert again == sorted(until for until in again if until is not None)
    # They come back one after the other.
    assert len(set(again)) == 4
    assert again[0] is not None
    assert NOW + timedelta(seconds=30) <= again[0] <= NOW + timedelta(seconds=31)
    passing.pass_by(31)
    assert pacer.take(KEY, LIMIT) is None


def test_the_keeper_is_asked_once_for_many_calls(passing: PassingClock) -> None:
    budgets = CountedBudgets(passing)
    pacer = Pacer(budgets, clock=passing)
    for _ in range(20):
        assert pacer.take(KEY, LIMIT) is None
    assert budgets.asked == 20 / (LIMIT.rate / 2)


def test_what_was_leased_long_ago_is_not_used(passing: PassingClock) -> None:
    budgets = CountedBudgets(passing)
    pacer = Pacer(budgets, clock=passing)
    pacer.take(KEY, LIMIT)
    budgets.throttled(KEY, limit=LIMIT, retry_after=timedelta(minutes=1))
    passing.pass_by(10)
    assert pacer.take(KEY, LIMIT) is not None


def test_two_workers_together_keep_to_the_rate(sqlite_store: Store, clock: ManualClock) -> None:
    pacers = [Pacer(SharedBudgets(sqlite_store), clock=clock, patience=timedelta(0)) for _ in range(2)]
    made = 0
    seconds = 30
    for _ in range(seconds * 4):
        made += sum(pacer.take(KEY, LIMIT) is None for pacer in pacers for _ in range(3))
        clock.elapsed += 0.25
        clock.move_to(clock.now() + timedelta(seconds=0.25))
    allowed = LIMIT.burst + LIMIT.rate * seconds
    assert allowed * 0.9 <= made <= allowed


def test_while_the_database_is_away_a_process_keeps_its_own_budget(
    sqlite_store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> None:
        raise DatabaseUnavailable("away", remedy="Wait.")

    monkeypatch.setattr(sqlite_store, "write", away)
    budgets = SharedBudgets(sqlite_store)
    assert budgets.lease(KEY, limit=LIMIT, wanted=3).calls == 3
    budget: Budget = budgets.throttled(KEY, limit=LIMIT, retry_after=None)
    assert budget.throttles == 1
    assert budgets.lease(KEY, limit=LIMIT, wanted=3).calls == 0


class StandingClock(PassingClock):
    """A clock by which nobody's wait ends before it is told to."""

    def __init__(self, now: datetime) -> None:
        super().__init__(now)
        self.waits: list[float] = []
        self.go_on = threading.Event()

    def wait(self, signal: threading.Event, *, seconds: float) -> bool:
        self.waits.append(round(seconds, 3))
        assert self.go_on.wait(30)
        self.pass_by(seconds)
        return False


def _has_length(items: list[float], length: int) -> bool:
    return len(items) == length


def test_only_as_many_stand_in_line_as_will_have_their_turn_in_time() -> None:
    """Threads that wait for one slow account are missing everywhere else."""
    clock = StandingClock(NOW)
    pacer = Pacer(LocalBudgets(clock), clock=clock, patience=timedelta(seconds=0.5))
    limit = Limit(rate=5, burst=1)
    assert pacer.take(KEY, limit) is None
    in_line = [threading.Thread(target=pacer.take, args=(KEY, limit)) for _ in range(2)]
    for number, thread in enumerate(in_line, start=1):
        thread.start()
        until(partial(_has_length, clock.waits, number), what="somebody in line")
    assert clock.waits == [0.2, 0.4]
    first, second = pacer.take(KEY, limit), pacer.take(KEY, limit)
    assert (first, second) == (NOW + timedelta(seconds=0.8), NOW + timedelta(seconds=1))
    clock.go_on.set()
    for thread in in_line:
        thread.join(30)


def test_the_keeper_is_told_how_many_calls_were_really_made(passing: PassingClock) -> None:
    """Leases are larger than what is used of them, and the rest of them runs out."""
    told: list[int] = []

    class Told(LocalBudgets):
        def lease(self, key: BudgetKey, *, limit: Limit, wanted: int, made: int = 0) -> Lease:
            told.append(made)
            return super().lease(key, limit=limit, wanted=wanted, made=made)

    pacer = Pacer(Told(passing), clock=passing)
    for _ in range(3):
        assert pacer.take(KEY, LIMIT) is None
        passing.pass_by(60)
    assert told == [0, 1, 1]
