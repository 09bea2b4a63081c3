"""Token buckets that learn from refusals."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.budgets import LONGEST_BLOCK, RECOVERY, SHORTEST_BLOCK, SLOWER, SLOWEST, Budget, Limit

NOW = datetime(2026, 3, 2, 19, tzinfo=UTC)
LIMIT = Limit(rate=5, burst=50)


def after(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def test_a_new_budget_gives_its_burst_and_then_its_rate() -> None:
    budget, lease = Budget.full(LIMIT, now=NOW).leased(80, limit=LIMIT, now=NOW)
    assert lease.calls == 50
    budget, lease = budget.leased(3, limit=LIMIT, now=NOW)
    assert (lease.calls, lease.wait, lease.until) == (0, timedelta(seconds=0.6), after(0.6))
    budget, lease = budget.leased(3, limit=LIMIT, now=lease.until)
    assert lease.calls == 3


def test_a_refusal_blocks_empties_and_slows() -> None:
    budget = Budget.full(LIMIT, now=NOW).throttled(limit=LIMIT, now=NOW)
    assert (budget.tokens, budget.throttles) == (0, 1)
    assert budget.rate == pytest.approx(LIMIT.rate * SLOWER)
    _, lease = budget.leased(1, limit=LIMIT, now=NOW)
    assert (lease.calls, lease.until) == (0, NOW + SHORTEST_BLOCK)
    # Nothing was gained during the block.
    _, lease = budget.leased(1, limit=LIMIT, now=NOW + SHORTEST_BLOCK)
    assert lease.calls == 0


def test_the_time_that_the_cloud_names_is_kept() -> None:
    budget = Budget.full(LIMIT, now=NOW).throttled(limit=LIMIT, now=NOW, retry_after=timedelta(seconds=30))
    budget = budget.throttled(limit=LIMIT, now=after(1))
    _, lease = budget.leased(1, limit=LIMIT, now=after(29))
    assert lease.until == after(30)


def test_calls_that_are_refused_together_slow_once() -> None:
    budget = Budget.full(LIMIT, now=NOW)
    for _ in range(20):
        budget = budget.throttled(limit=LIMIT, now=NOW)
    assert budget.rate == pytest.approx(LIMIT.rate * SLOWER)
    assert budget.throttles == 20


def test_a_rate_recovers_in_even_steps_up_to_its_limit() -> None:
    budget = Budget.full(LIMIT, now=NOW)
    for second in range(0, 200, 2):
        budget = budget.throttled(limit=LIMIT, now=after(second))
    assert budget.rate == pytest.approx(LIMIT.rate * SLOWEST, rel=0.9)
    start = after(200)
    rates = [budget.leased(1, limit=LIMIT, now=start + RECOVERY * share)[0].rate for share in (0.25, 0.5, 0.75, 2)]
    assert rates[1] - rates[0] == pytest.approx(LIMIT.rate / 4)
    assert rates[2] - rates[1] == pytest.approx(LIMIT.rate / 4)
    assert rates[3] == LIMIT.rate


def test_a_clock_that_goes_back_gives_nothing_and_stops_nothing() -> None:
    budget, _ = Budget.full(LIMIT, now=NOW).leased(50, limit=LIMIT, now=NOW)
    budget, lease = budget.leased(1, limit=LIMIT, now=after(-3600))
    assert lease.calls == 0
    _, lease = budget.leased(1, limit=LIMIT, now=after(-3599))
    assert lease.calls == 1


def test_a_block_ends_although_the_clock_goes_back() -> None:
    budget = Budget.full(LIMIT, now=NOW).throttled(limit=LIMIT, now=NOW, retry_after=LONGEST_BLOCK)
    _, lease = budget.leased(1, limit=LIMIT, now=NOW)
    assert lease.calls == 0
    budget, lease = budget.leased(1, limit=LIMIT, now=after(-86400))
    assert lease.wait < timedelta(minutes=1)
    _, lease = budget.leased(1, limit=LIMIT, now=after(-86400) + lease.wait)
    assert lease.calls == 1


@given(
    limit=st.builds(Limit, rate=st.floats(0.1, 50), burst=st.floats(1, 100)),
    steps=st.lists(st.tuples(st.floats(0, 5), st.integers(1, 30), st.booleans()), max_size=40),
)
def test_never_more_than_burst_and_rate_allow(limit: Limit, steps: list[tuple[float, int, bool]]) -> None:
    budget, now, given_out = Budget.full(limit, now=NOW), NOW, 0
    for pause, wanted, is_refused in steps:
        now += timedelta(seconds=pause)
        budget, lease = budget.leased(wanted, limit=limit, now=now)
        given_out += lease.calls
        assert lease.calls > 0 or lease.until > now
        if is_refused:
            budget = budget.throttled(limit=limit, now=now)
        assert given_out <= limit.burst + limit.rate * (now - NOW).total_seconds() + 1e-6
        assert limit.rate * SLOWEST <= budget.rate <= limit.rate


@pytest.mark.parametrize(("rate", "burst"), [(0, 1), (-1, 5), (float("inf"), 1), (1, 0.5), (float("nan"), 1)])
def test_a_limit_that_means_nothing_is_refused(rate: float, burst: float) -> None:
    with pytest.raises(ValueError, match="rate above 0"):
        Limit(rate, burst)
