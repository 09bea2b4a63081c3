from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.durations import read_duration, write_duration


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(0), "0s"),
        (timedelta(seconds=90), "1m30s"),
        (timedelta(days=1, hours=12), "1d12h"),
        (timedelta(days=10), "10d"),
        (timedelta(milliseconds=1500), "1.5s"),
        (timedelta(microseconds=1), "0.000001s"),
    ],
)
def test_a_length_is_written_as_people_write_it(length: timedelta, text: str) -> None:
    assert write_duration(length) == text


@given(st.timedeltas(timedelta(0), timedelta(days=3660)))
def test_what_is_written_is_read_as_the_very_same_length(length: timedelta) -> None:
    assert read_duration(write_duration(length), name="after") == length
