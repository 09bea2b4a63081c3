"""Hourly, Daily, Weekly and Monthly: what they take, refuse and say. When they are due is the oracle's business."""

from datetime import UTC, date, datetime, time
from typing import Any

import pytest

from duetime.core.errors import InvalidSchedule
from duetime.schedule import Daily, Hourly, Monthly, ScheduleValue, Weekly

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)  # a Monday
BERLIN = "Europe/Berlin"


def days(schedule: ScheduleValue, *, count: int, after: datetime = NOON) -> list[date]:
    return [due.date() for due in schedule.upcoming(after, count=count)]


def test_equal_ways_to_say_a_schedule_are_equal() -> None:
    assert Daily("19:00") == Daily(time(19)) == Daily({"hour": 19, "minute": 0, "second": 0}) == Daily("19:00:00")
    assert Daily("9:30") == Daily("09:30")
    assert Daily("19:00", exclude_days=["Sunday", 5]) == Daily("19:00", exclude_days=(5, 6, 6))
    assert Daily("19:00", exclude_days="sun") == Daily("19:00", exclude_days=6)
    assert Weekly("Monday", "19:00") == Weekly([0], "19:00") == Weekly(day_of_week="mon", time_of_day="19:00")
    assert Daily("19:00", BERLIN) != Daily("19:00")
    assert Daily("19:00", dst_gap="skip") != Daily("19:00")
    assert len({Hourly(), Hourly(0), Hourly(0, 0, "UTC")}) == 1


def test_a_daily_time_follows_the_clocks_of_its_zone() -> None:
    summer, winter = datetime(2026, 6, 15, 17, tzinfo=UTC), datetime(2026, 12, 15, 18, tzinfo=UTC)
    assert Daily("19:00", BERLIN).next_after(NOON) == summer
    assert Daily("19:00", BERLIN).next_after(datetime(2026, 12, 15, tzinfo=UTC)) == winter


def test_excluded_days_are_days_of_the_zone() -> None:
    # 23:00 UTC on Friday is already Saturday in Tokyo.
    schedule = Daily("08:00", "Asia/Tokyo", exclude_days=["sat", "sun"])
    assert [due.weekday() for due in schedule.upcoming(NOON, count=6)] == [0, 1, 2, 3, 6, 0]
    hourly = Hourly(30, timezone="Asia/Tokyo", exclude_days=["sat", "sun"])
    assert hourly.next_after(datetime(2026, 6, 19, 14, 45, tzinfo=UTC)) == datetime(2026, 6, 21, 15, 30, tzinfo=UTC)


def test_a_weekly_schedule_takes_several_days() -> None:
    assert days(Weekly(["mon", "thu"], "19:00"), count=4) == [date(2026, 6, day) for day in (15, 18, 22, 25)]


def test_a_short_month_takes_its_last_day_or_none() -> None:
    january = datetime(2027, 1, 1, tzinfo=UTC)
    expected = [date(2027, 1, 31), date(2027, 2, 28), date(2027, 3, 31), date(2027, 4, 30)]
    assert days(Monthly(31, "19:00"), count=4, after=january) == expected
    expected = [date(2027, 1, 31), date(2027, 3, 31), date(2027, 5, 31), date(2027, 7, 31)]
    assert days(Monthly(31, "19:00", overflow="skip"), count=4, after=january) == expected
    assert days(Monthly(29, "19:00", overflow="skip"), count=2, after=january)[1] == date(2027, 3, 29)
    leap_year = datetime(2028, 2, 1, tzinfo=UTC)
    assert days(Monthly(30, "19:00"), count=1, after=leap_year) == [date(2028, 2, 29)]


def test_a_month_whose_day_is_excluded_has_no_due_time() -> None:
    schedule = Monthly(15, "19:00", exclude_days=["Saturday", "Sunday"])
    assert days(schedule, count=3) == [date(2026, 6, 15), date(2026, 7, 15), date(2026, 9, 15)]


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        (Hourly(), "every hour at :00 UTC"),
        (Hourly(5, 30, BERLIN), "every hour at :05:30 Europe/Berlin"),
        (Hourly(exclude_days=[5, 6]), "every hour at :00 except on Saturday and Sunday UTC"),
        (Hourly(timezone=BERLIN, dst_gap="skip"), "every hour at :00 Europe/Berlin (DST gap: skip)"),
        (Hourly(timezone=BERLIN, dst_overlap="last"), "every hour at :00 Europe/Berlin"),
        (Daily("19:00", BERLIN), "every day at 19:00 Europe/Berlin"),
        (Daily("19:00:30"), "every day at 19:00:30 UTC"),
        (Daily("02:30", exclude_days=[4, 5, 6]), "every day except Friday, Saturday and Sunday at 02:30 UTC"),
        (
            Daily("02:30", BERLIN, dst_gap="shift_forward", dst_overlap="both"),
            "every day at 02:30 Europe/Berlin (DST gap: shift_forward, DST overlap: both)",
        ),
        (Weekly([3, 0], "19:00", BERLIN), "every Monday and Thursday at 19:00 Europe/Berlin"),
        (Weekly("sun", "19:00"), "every Sunday at 19:00 UTC"),
        (Monthly(1, "19:00", BERLIN), "on day 1 of every month at 19:00 Europe/Berlin"),
        (Monthly(31, "19:00"), "on day 31 of every month (or the last day) at 19:00 UTC"),
        (
            Monthly(31, "19:00", overflow="skip", exclude_days=["sun"]),
            "on day 31 of every month (not on Sunday, not in shorter months) at 19:00 UTC",
        ),
    ],
)
def test_schedules_say_themselves_in_words(schedule: ScheduleValue, words: str) -> None:
    assert schedule.describe() == words


@pytest.mark.parametrize(
    ("kind", "arguments", "problem", "example"),
    [
        (Hourly, {"minute_of_hour": 60}, "minute_of_hour must be a whole number from 0 to 59", "minute_of_hour=0"),
        (Hourly, {"second_of_hour": -1}, "second_of_hour must be a whole number", "second_of_hour=59"),
        (Hourly, {"minute_of_hour": True}, "minute_of_hour must be a whole number", "minute_of_hour=0"),
        (Hourly, {"minute_of_hour": 1.5}, "minute_of_hour must be a whole number", "minute_of_hour=0"),
        (Hourly, {"minute_of_hour": "5"}, "minute_of_hour must be a whole number", "minute_of_hour=0"),
        (Monthly, {"day_of_month": 0, "time_of_day": "19:00"}, "day_of_month must be", "day_of_month=31"),
        (Monthly, {"day_of_month": 32, "time_of_day": "19:00"}, "day_of_month must be", "day_of_month=31"),
        (
            Monthly,
            {"day_of_month": 1, "time_of_day": "19:00", "overflow": "next"},
            "overflow must be last_day or skip",
            'overflow="skip"',
        ),
        (Daily, {"time_of_day": "25:00"}, "time_of_day '25:00' cannot be read", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": "seven"}, "cannot be read", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": "19"}, "cannot be read", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": 1140}, "in YAML write it in quotes", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": None}, "cannot be read", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": True}, "cannot be read", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": "19:00:00.5"}, "whole seconds without a time zone", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": "19:00+02:00"}, "whole seconds without a time zone", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": {"minute": 5}}, "hour, minute and second", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": {"hour": 19, "zone": "UTC"}}, "hour, minute and second", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": {"hour": "19"}}, "cannot be read", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": {"hour": True}}, "hour, minute and second", 'time_of_day="19:00"'),
        (Daily, {"time_of_day": "19:00", "exclude_days": range(7)}, "excludes every day", "exclude_days=[5, 6]"),
        (
            Daily,
            {"time_of_day": "19:00", "exclude_days": [7]},
            "exclude_days must be a weekday",
            'exclude_days="Monday"',
        ),
        (Daily, {"time_of_day": "19:00", "exclude_days": ["Mo"]}, "exclude_days must be a weekday", "exclude_days=0"),
        (Daily, {"time_of_day": "19:00", "exclude_days": None}, "exclude_days must be a weekday", "exclude_days=0"),
        (
            Weekly,
            {"day_of_week": [], "time_of_day": "19:00"},
            "at least one weekday",
            'Weekly(day_of_week="Monday", time_of_day="19:00")',
        ),
        (Weekly, {"day_of_week": True, "time_of_day": "19:00"}, "day_of_week must be a weekday", "day_of_week=0"),
        (Weekly, {"day_of_week": b"mon", "time_of_day": "19:00"}, "day_of_week must be a weekday", "day_of_week=0"),
        (
            Daily,
            {"time_of_day": "19:00", "dst_gap": "later"},
            "dst_gap must be at_transition, shift_forward or skip",
            'dst_gap="skip"',
        ),
        (
            Daily,
            {"time_of_day": "19:00", "dst_overlap": None},
            "dst_overlap must be first, last or both",
            'dst_overlap="first"',
        ),
    ],
)
def test_what_cannot_be_is_refused_with_examples(
    kind: type[ScheduleValue], arguments: dict[str, Any], problem: str, example: str
) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        kind(**arguments)
    assert problem in caught.value.problem
    assert example in caught.value.examples


@pytest.mark.parametrize(
    "name",
    ["Europe/Berlni", "", "/etc/passwd", "../UTC", "Europe", "localtime", "right/UTC", "x" * 9_999, 5, None, ["UTC"]],
    ids=lambda name: str(name)[:20],
)
def test_an_unknown_zone_is_refused(name: Any) -> None:
    with pytest.raises(InvalidSchedule, match="is no IANA time zone"):
        Daily("19:00", name)


def test_a_misspelt_zone_is_answered_with_the_nearest() -> None:
    with pytest.raises(InvalidSchedule) as caught:
        Daily("19:00", "Europe/Berlni")
    assert 'timezone="Europe/Berlin"' in caught.value.examples
