import math
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.errors import Invalid
from duetime.core.retry import NO_RETRY, Retry

SECOND = timedelta(seconds=1)

spans = st.timedeltas(timedelta(0), timedelta(days=30))
retries = st.builds(
    Retry,
    attempts=st.integers(1, 10**6),
    first=spans,
    factor=st.floats(1, 1e300),
    longest=spans,
    jitter=st.floats(0, 1, exclude_max=True),
)
numbers = st.floats(0, 1)


@given(retry=retries, failures=st.integers(1, 10**6), number=numbers)
def test_a_wait_is_never_negative_and_never_longer_than_the_longest(retry: Retry, failures: int, number: float) -> None:
    assert timedelta(0) <= retry.delay(failures, uniform=lambda: number) <= retry.longest


@given(retry=retries, failures=st.integers(1, 60))
def test_without_jitter_waits_never_get_shorter(retry: Retry, failures: int) -> None:
    waits = [retry.delay(count, uniform=lambda: 0.5) for count in (failures, failures + 1)]
    assert waits[0] <= waits[1]


@given(jitter=st.floats(0, 0.99), number=numbers)
def test_jitter_spreads_both_ways_by_its_share(jitter: float, number: float) -> None:
    retry = Retry(first=timedelta(seconds=100), longest=timedelta(days=1), jitter=jitter)
    share = retry.delay(1, uniform=lambda: number) / timedelta(seconds=100)
    assert 1 - jitter - 1e-6 <= share <= 1 + jitter + 1e-6


def test_waits_double_until_the_longest() -> None:
    retry = Retry(first=30 * SECOND, factor=2, longest=timedelta(minutes=5), jitter=0)
    waits = [retry.delay(failures, uniform=lambda: 0.9) for failures in range(1, 7)]
    assert waits == [30 * SECOND, 60 * SECOND, 120 * SECOND, 240 * SECOND, 300 * SECOND, 300 * SECOND]


def test_no_first_wait_is_no_wait_at_all() -> None:
    assert Retry(first=timedelta(0), factor=1e9).delay(10**6, uniform=lambda: 1.0) == timedelta(0)


@pytest.mark.parametrize(("attempts", "left"), [(1, 0), (2, 1), (5, 4)])
def test_the_first_attempt_counts(attempts: int, left: int) -> None:
    assert sum(Retry(attempts=attempts).is_left(failures) for failures in range(1, 10)) == left


def test_nothing_is_retried_unless_asked_for() -> None:
    assert not NO_RETRY.is_left(1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempts": 0},
        {"factor": 0.5},
        {"factor": math.nan},
        {"factor": math.inf},
        {"jitter": 1},
        {"jitter": -0.1},
        {"jitter": math.nan},
        {"first": -SECOND},
        {"longest": -SECOND},
    ],
)
def test_a_policy_that_means_nothing_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(Invalid, match="Retry needs"):
        Retry(**wrong)  # type: ignore[arg-type]
