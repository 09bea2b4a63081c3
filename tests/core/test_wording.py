from datetime import UTC, datetime, timedelta, timezone

import pytest

from duetime.core.wording import write_instant, write_span


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(0), "0 s"),
        (timedelta(microseconds=1), "0.001 s"),
        (timedelta(milliseconds=40), "0.04 s"),
        (timedelta(seconds=1.84), "1.8 s"),
        (timedelta(seconds=9.96), "10 s"),
        (timedelta(seconds=59.7), "1 min"),
        (timedelta(seconds=90), "1 min 30 s"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=1, seconds=5), "1 h"),
        (timedelta(hours=3, minutes=20, seconds=5), "3 h 20 min"),
        (timedelta(days=2, hours=1), "2 d 1 h"),
        (timedelta(days=400), "400 d"),
    ],
)
def test_a_span_is_written_by_its_two_largest_units(span: timedelta, words: str) -> None:
    assert write_span(span) == words
    assert write_span(-span) == words


def test_an_instant_is_written_in_utc() -> None:
    moment = datetime(2026, 1, 31, 20, 0, 5, 999_999, tzinfo=timezone(timedelta(hours=1)))
    assert write_instant(moment) == "2026-01-31 19:00:05Z"
    assert datetime.fromisoformat(write_instant(moment)) == moment.astimezone(UTC).replace(microsecond=0)
