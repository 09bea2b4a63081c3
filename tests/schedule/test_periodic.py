from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.errors import InvalidInstant, InvalidSchedule
from duetime.core.schedules import Schedule
from duetime.schedule import Periodic

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
MICROSECOND = timedelta(microseconds=1)


def test_equal_lengths_are_equal() -> None:
    assert Periodic(minutes=90) == Periodic(hours=1, minutes=30) == Periodic(hours=1.5) == Periodic(seconds=5_400)
    assert hash(Periodic(days=7)) == hash(Periodic(weeks=1))
    assert Periodic(hours=1) != Periodic(hours=2)
    assert Periodic(minutes=90).hours == 1


def test_without_an_anchor_it_counts_from_the_moment() -> None:
    periodic = Periodic(hours=1)
    assert periodic.next_after(NOON) == NOON + HOUR
    assert periodic.first_due(NOON) == NOON + HOUR
    assert periodic.previous_at_or_before(NOON) is None


def test_it_is_anchored_when_scheduled() -> None:
    anchored = Periodic(hours=1).anchored(NOON)
    assert anchored == Periodic(hours=1, anchor=NOON)
    assert anchored.first_due(NOON) == NOON + HOUR
    assert anchored.anchored(NOON + HOUR) is anchored


def test_a_late_run_delays_nothing() -> None:
    anchored = Periodic(hours=1, anchor=NOON)
    assert anchored.next_after(NOON + 2.7 * HOUR) == NOON + 3 * HOUR
    assert anchored.previous_at_or_before(NOON + 2.7 * HOUR) == NOON + 2 * HOUR


def test_nothing_is_due_before_the_anchor() -> None:
    anchored = Periodic(hours=6, anchor=NOON)
    assert anchored.next_after(NOON - 24 * HOUR) == NOON
    assert anchored.previous_at_or_before(NOON - MICROSECOND) is None
    assert anchored.previous_at_or_before(NOON) == NOON
    assert anchored.count_between(NOON - 48 * HOUR, until=NOON - HOUR) == 0
    assert anchored.count_between(NOON - 48 * HOUR, until=NOON + 7 * HOUR) == 2


def test_it_counts_elapsed_time_across_a_change_of_the_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    anchored = Periodic(days=1, anchor=datetime(2026, 3, 28, 19, tzinfo=berlin))
    following = anchored.next_after(datetime(2026, 3, 28, 20, tzinfo=berlin))
    assert following is not None
    assert following.astimezone(berlin).hour == 20
    assert following.tzinfo is UTC


def test_moments_of_a_zone_are_not_reckoned_by_its_clocks() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    before, after = datetime(2026, 3, 28, 19, tzinfo=berlin), datetime(2026, 3, 29, 19, tzinfo=berlin)
    assert Periodic(days=1).next_after(before) == after + HOUR
    assert Periodic(hours=1, anchor=before).count_between(before, until=after) == 23
    assert Periodic(hours=1).count_between(before, until=after) == 23


def test_a_year_of_seconds_is_counted_at_once() -> None:
    assert Periodic(seconds=1, anchor=NOON).count_between(NOON, until=NOON + timedelta(days=365)) == 365 * 86_400


def test_an_anchor_may_be_text() -> None:
    assert Periodic(hours=1, anchor="2026-06-15T14:00:00+02:00") == Periodic(hours=1, anchor=NOON)


@pytest.mark.parametrize(
    ("given_lengths", "problem"),
    [
        ({}, "one second or longer"),
        ({"hours": 0}, "one second or longer"),
        ({"hours": -1}, "one second or longer"),
        ({"seconds": 0.5}, "one second or longer"),
        ({"hours": "1"}, "hours must be a number"),
        ({"hours": True}, "hours must be a number"),
        ({"hours": None}, "hours must be a number"),
        ({"days": 10**12}, "cannot be counted"),
        ({"days": float("nan")}, "cannot be counted"),
        ({"days": float("inf")}, "cannot be counted"),
        ({"hours": 1, "anchor": datetime(2026, 1, 1)}, "anchor must be an instant with a time zone"),
        ({"hours": 1, "anchor": "soon"}, "anchor must be an instant with a time zone"),
        ({"hours": 1, "anchor": 5}, "anchor must be an instant with a time zone"),
    ],
)
def test_what_is_no_length_is_refused_with_examples(given_lengths: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidSchedule, match=problem) as caught:
        Periodic(**given_lengths)
    assert "Periodic(hours=1)" in caught.value.examples


def test_a_naive_moment_is_refused() -> None:
    for periodic in (Periodic(hours=1), Periodic(hours=1, anchor=NOON)):
        for ask in (periodic.first_due, periodic.next_after, periodic.previous_at_or_before, Periodic(days=1).anchored):
            with pytest.raises(InvalidInstant):
                ask(datetime(2026, 1, 1))


def test_the_end_of_time_is_the_end() -> None:
    last = datetime.max.replace(tzinfo=UTC)
    assert Periodic(hours=1).next_after(last) is None
    assert Periodic(days=900_000_000, anchor=NOON).next_after(NOON) is None
    assert Periodic(hours=1).next_after(datetime.max.replace(tzinfo=timezone(-5 * HOUR))) is None


@pytest.mark.parametrize(
    ("periodic", "words"),
    [
        (Periodic(hours=1), "every hour"),
        (Periodic(days=3), "every 3 days"),
        (Periodic(minutes=90), "every 1 hour 30 minutes"),
        (Periodic(weeks=1, seconds=1.5), "every 1 week 1.5 seconds"),
        (Periodic(minutes=15, anchor=NOON), "every 15 minutes, counted from 2026-06-15 12:00:00 UTC"),
    ],
)
def test_it_says_itself_in_words(periodic: Periodic, words: str) -> None:
    assert periodic.describe() == words


def test_it_is_a_schedule() -> None:
    schedule: Schedule = Periodic(hours=1)
    assert (schedule.kind, schedule.recurring) == ("periodic", True)


@given(
    seconds=st.floats(1, 10**7),
    anchor=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
    moment=st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1), timezones=st.just(UTC)),
)
def test_due_times_lie_whole_intervals_after_the_anchor(seconds: float, anchor: datetime, moment: datetime) -> None:
    periodic = Periodic(seconds=seconds, anchor=anchor)
    following = periodic.next_after(moment)
    assert following is not None
    assert following > moment
    assert following - moment <= periodic.interval or following == anchor
    assert (following - anchor) % periodic.interval == timedelta(0)
    previous = periodic.previous_at_or_before(moment)
    if previous is None:
        assert following == anchor
    else:
        assert previous + periodic.interval == following
        assert periodic.count_between(previous, until=moment) == 0
        assert periodic.count_between(previous - MICROSECOND, until=following) == 2
