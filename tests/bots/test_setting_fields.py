import math
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.bots.durations import read_duration
from duetime.bots.setting_fields import DurationField, MomentField, ObjectField, ScheduleField, TextListField
from duetime.core.errors import InvalidSetting
from duetime.core.fields import Field
from duetime.schedule import Daily


@pytest.mark.parametrize(
    ("value", "length"),
    [
        ("10s", timedelta(seconds=10)),
        ("90m", timedelta(minutes=90)),
        ("12h", timedelta(hours=12)),
        ("3d", timedelta(days=3)),
        ("2w", timedelta(weeks=2)),
        ("1h30m", timedelta(minutes=90)),
        ("1h 30m", timedelta(minutes=90)),
        ("1.5H", timedelta(minutes=90)),
        ("0s", timedelta(0)),
        (0.25, timedelta(minutes=15)),
        (12, timedelta(hours=12)),
        (0, timedelta(0)),
    ],
)
def test_a_length_of_time_is_read(value: object, length: timedelta) -> None:
    assert read_duration(value, name="after") == length


@pytest.mark.parametrize(
    "value",
    # The last text is a digit too, but nobody's keyboard's.
    [
        "",
        "s",
        "10",
        "10 seconds",
        "-1h",
        "1h-30m",
        "h1",
        "1e3s",
        "1y",
        None,
        True,
        -1,
        math.nan,
        math.inf,
        [],
        {},
        "\u0661s",
    ],
)
def test_what_is_no_length_of_time_is_refused_with_examples(value: object) -> None:
    with pytest.raises(InvalidSetting, match=r"must be a length of time such as 10s, 90m"):
        read_duration(value, name="after")


@pytest.mark.parametrize("value", ["3661d", 1e300, "9" * 400 + "s", "9" * 30 + "w", 10**400])
def test_ten_years_are_the_limit(value: object) -> None:
    with pytest.raises(InvalidSetting, match="at most ten years"):
        read_duration(value, name="after")


@given(st.integers(0, 3), st.integers(0, 23), st.integers(0, 59), st.integers(0, 59))
def test_parts_add_up(days: int, hours: int, minutes: int, seconds: int) -> None:
    expected = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)
    assert read_duration(f"{days}d{hours}h{minutes}m{seconds}s", name="after") == expected


@pytest.mark.parametrize(
    ("field", "value", "valid"),
    [
        (TextListField("f"), ["a", ""], ("a", "")),
        (ObjectField("f"), {"a": 1}, {"a": 1}),
        (ObjectField("f"), {}, {}),
        (DurationField("f"), "10s", timedelta(seconds=10)),
        (MomentField("f"), "2026-01-31T19:00:00Z", datetime(2026, 1, 31, 19, tzinfo=UTC)),
        (MomentField("f"), "2026-01-31T19:00:00+01:00", datetime(2026, 1, 31, 18, tzinfo=UTC)),
        (MomentField("f"), "19:00", time(19)),
        (MomentField("f"), "07:05:30", time(7, 5, 30)),
        (ScheduleField("f"), {"_type": "daily", "time_of_day": "19:00"}, Daily("19:00")),
    ],
)
def test_what_fits_is_given_as_the_action_may_use_it(field: Field, value: Any, valid: Any) -> None:
    assert field.validate(value) == valid


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        (TextListField("f"), "a", "must be a list"),
        (TextListField("f"), [], "one or more"),
        (TextListField("f"), ["a", 1], "texts alone, not 1"),
        (ObjectField("f"), [], "must be a mapping"),
        (ObjectField("f"), {1: 2}, "must be a mapping"),
        (DurationField("f"), "soon", "length of time"),
        (MomentField("f"), "2026-01-31T19:00:00", "an instant with a time zone"),
        (MomentField("f"), "25:00", "an instant with a time zone"),
        (MomentField("f"), 1140, "an instant with a time zone"),
        (MomentField("f"), "tomorrow", "an instant with a time zone"),
        (ScheduleField("f"), "0 19 * * *", "must be a JSON object"),
        (ScheduleField("f"), {"_type": "daily"}, "daily needs time_of_day; examples: "),
        (ScheduleField("f"), {"_type": "daily", "time_of_day": "25:00"}, "cannot be read"),
    ],
)
def test_what_does_not_fit_is_refused(field: Field, value: Any, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said) as caught:
        field.validate(value)
    assert caught.value.name == "f"
