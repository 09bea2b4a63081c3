"""What holds for every schedule."""

import copy
import pickle
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.schedule.strategies import calendar, moments, schedules

from duetime.core.errors import InvalidInstant
from duetime.core.schedules import Schedule
from duetime.schedule import Cron, Daily, Hourly, Monthly, Periodic, ScheduleValue, Weekly, decode, encode

MICROSECOND = timedelta(microseconds=1)

CALENDAR = [
    Hourly(15),
    Daily("19:00", "Europe/Berlin"),
    Weekly("mon", "19:00", "America/New_York"),
    Monthly(31, "19:00", "Asia/Tokyo"),
    Cron("0 19 * * 1-5", "Pacific/Auckland"),
]


@given(schedule=schedules, moment=moments)
def test_the_next_time_is_strictly_later_and_in_utc(schedule: ScheduleValue, moment: datetime) -> None:
    following = schedule.next_after(moment)
    if following is not None:
        assert following > moment
        assert following.tzinfo is UTC


@given(schedule=schedules, moment=moments)
def test_due_times_come_in_order(schedule: ScheduleValue, moment: datetime) -> None:
    times = schedule.upcoming(moment, count=10)
    assert times == sorted(set(times))
    assert len(times) == 10 or not schedule.recurring


@given(schedule=calendar, moment=moments, share=st.floats(0, 1, exclude_max=True))
def test_the_answer_is_the_same_all_the_way_to_it(schedule: ScheduleValue, moment: datetime, share: float) -> None:
    following = schedule.next_after(moment)
    assert following is not None
    between = min(moment + (following - moment) * share, following - MICROSECOND)
    assert schedule.next_after(between) == following


@given(schedule=calendar, moment=moments)
def test_looking_back_finds_what_looking_ahead_found(schedule: ScheduleValue, moment: datetime) -> None:
    first, second, third = schedule.upcoming(moment, count=3)
    assert schedule.previous_at_or_before(first) == first
    assert schedule.previous_at_or_before(second - MICROSECOND) == first
    assert schedule.previous_at_or_before(third - MICROSECOND) == second
    previous = schedule.previous_at_or_before(moment)
    assert previous is not None
    assert previous <= moment
    assert schedule.next_after(previous) == first


@given(schedule=calendar, moment=moments, count=st.integers(0, 30))
def test_counting_agrees_with_listing(schedule: ScheduleValue, moment: datetime, count: int) -> None:
    times = [moment, *schedule.upcoming(moment, count=count)]
    assert schedule.count_between(moment, until=times[-1]) == count
    assert schedule.count_between(moment, until=times[-1] - MICROSECOND) == max(count - 1, 0)
    assert schedule.count_between(times[-1], until=moment) == 0


@given(schedule=schedules, moment=moments)
def test_it_is_the_same_after_its_text_and_after_a_copy(schedule: ScheduleValue, moment: datetime) -> None:
    for other in (decode(encode(schedule)), copy.deepcopy(schedule), pickle.loads(pickle.dumps(schedule))):
        assert other == schedule
        assert hash(other) == hash(schedule)
        assert other.next_after(moment) == schedule.next_after(moment)
        assert other.describe() == schedule.describe()


@given(schedule=schedules, moment=moments, hours=st.integers(-15, 15))
def test_the_zone_of_the_moment_does_not_matter(schedule: ScheduleValue, moment: datetime, hours: int) -> None:
    elsewhere = moment.astimezone(timezone(timedelta(hours=hours)))
    assert schedule.next_after(elsewhere) == schedule.next_after(moment)
    assert schedule.previous_at_or_before(elsewhere) == schedule.previous_at_or_before(moment)


@pytest.mark.parametrize("schedule", CALENDAR, ids=repr)
def test_a_naive_moment_is_refused(schedule: ScheduleValue) -> None:
    naive = datetime(2026, 1, 1)
    for ask in (schedule.first_due, schedule.next_after, schedule.previous_at_or_before):
        with pytest.raises(InvalidInstant):
            ask(naive)
    with pytest.raises(InvalidInstant):
        schedule.count_between(naive, until=naive)


@pytest.mark.parametrize("schedule", CALENDAR, ids=repr)
def test_the_ends_of_time_are_ends(schedule: ScheduleValue) -> None:
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    beyond, before = (
        last.replace(tzinfo=timezone(timedelta(hours=-5))),
        first.replace(tzinfo=timezone(timedelta(hours=5))),
    )
    for end in (last, beyond):
        assert schedule.next_after(end) is None
        previous = schedule.previous_at_or_before(end)
        assert previous is not None
        assert previous > last - timedelta(days=40)
    for start in (first, before):
        assert schedule.previous_at_or_before(start) in (None, first)
        following = schedule.next_after(start)
        assert following is not None
        assert following < first + timedelta(days=40)
    assert schedule.count_between(before, until=before) == 0


@pytest.mark.parametrize("schedule", CALENDAR, ids=repr)
def test_a_schedule_is_first_due_at_its_next_time(schedule: Schedule) -> None:
    now = datetime(2026, 6, 15, 12, tzinfo=UTC)
    assert schedule.recurring
    assert schedule.first_due(now) == schedule.next_after(now)


@pytest.mark.parametrize("schedule", [*CALENDAR, Periodic(hours=1)], ids=repr)
def test_a_schedule_cannot_be_changed(schedule: ScheduleValue) -> None:
    with pytest.raises((AttributeError, TypeError)):
        schedule.timezone = "UTC"  # type: ignore[attr-defined]
    assert not hasattr(schedule, "__dict__")
