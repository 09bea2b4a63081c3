"""What workers measure: histograms that add up, and a text form that other versions can read."""

import json
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from duetime.core.measures import DELAY_BOUNDS, Histogram, Measures

SECONDS = st.floats(min_value=0, max_value=1e5, allow_nan=False)


@given(st.lists(SECONDS, max_size=50))
def test_buckets_count_what_is_at_most_as_long(observed: list[float]) -> None:
    histogram = Histogram(DELAY_BOUNDS)
    for seconds in observed:
        histogram.observe(seconds)
    cumulative = list(histogram.cumulative())
    assert [float(bound) for bound, _ in cumulative] == [*DELAY_BOUNDS, float("inf")]
    assert [count for _, count in cumulative] == [
        sum(seconds <= bound for seconds in observed) for bound in [*DELAY_BOUNDS, float("inf")]
    ]
    assert abs(histogram.total - sum(observed)) < 1e-6 * (1 + sum(observed))


@given(st.lists(SECONDS, max_size=20), st.integers(0, 9), st.datetimes(timezones=st.just(UTC)) | st.none())
def test_what_is_written_is_read_again(observed: list[float], number: int, fired_at: datetime | None) -> None:
    measures = Measures(claimed=number, slots_busy=number, slots_stuck=1, fired_at=fired_at)
    measures.runs = {("a.type", "failed"): number, ("a.type", "succeeded"): 1}
    for seconds in observed:
        measures.start_delay.observe(seconds)
        measures.duration.observe(seconds)
    read = Measures.from_text(measures.to_text())
    assert read.to_text() == measures.to_text()
    assert read.fired_at == fired_at
    assert read.start_delay.counts == measures.start_delay.counts


def test_a_text_of_another_version_counts_for_what_can_be_read_of_it() -> None:
    assert Measures.from_text("{}").to_text() == Measures().to_text()
    other = {"claimed": 3, "start_delay": [1.5, 1, 2], "claim_time": "new", "later": [1]}
    read = Measures.from_text(json.dumps(other))
    assert read.claimed == 3
    assert sum(read.start_delay.counts) == sum(read.claim_time.counts) == 0
