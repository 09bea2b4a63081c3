import json
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.schedule.strategies import schedules

from duetime.core.errors import InvalidSchedule
from duetime.core.json_types import canonical
from duetime.schedule import (
    Cron,
    Daily,
    Hourly,
    Monthly,
    Once,
    Periodic,
    ScheduleValue,
    Weekly,
    decode,
    encode,
    from_json,
    to_json,
)
from duetime.schedule.codec import EXAMPLES, KINDS

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)

WRITTEN = [
    (Once(when=NOON), '{"_type":"once","version":1,"when":"2026-06-15T12:00:00Z"}'),
    (Once(when=NOON.replace(microsecond=5)), '{"_type":"once","version":1,"when":"2026-06-15T12:00:00.000005Z"}'),
    (Periodic(hours=1), '{"_type":"periodic","hours":1,"version":1}'),
    (
        Periodic(minutes=90, seconds=0.5, anchor=NOON),
        '{"_type":"periodic","anchor":"2026-06-15T12:00:00Z","hours":1,"minutes":30,"seconds":0.5,"version":1}',
    ),
    (Hourly(), '{"_type":"hourly","version":1}'),
    (Hourly(15, 30), '{"_type":"hourly","minute_of_hour":15,"second_of_hour":30,"version":1}'),
    (Daily("19:00"), '{"_type":"daily","time_of_day":"19:00","version":1}'),
    (
        Daily("19:00:30", "Europe/Berlin", exclude_days=["sun"], dst_gap="skip", dst_overlap="both"),
        (
            '{"_type":"daily","dst_gap":"skip","dst_overlap":"both","exclude_days":[6],"time_of_day":"19:00:30",'
            '"timezone":"Europe/Berlin","version":1}'
        ),
    ),
    (Weekly(["mon", "thu"], "19:00"), '{"_type":"weekly","day_of_week":[0,3],"time_of_day":"19:00","version":1}'),
    (Monthly(31, "19:00"), '{"_type":"monthly","day_of_month":31,"time_of_day":"19:00","version":1}'),
    (
        Monthly(31, "19:00", overflow="skip"),
        '{"_type":"monthly","day_of_month":31,"overflow":"skip","time_of_day":"19:00","version":1}',
    ),
    (Cron("0 19 * * 1-5"), '{"_type":"cron","expression":"0 19 * * 1-5","version":1}'),
]


@pytest.mark.parametrize(("schedule", "text"), WRITTEN)
def test_a_schedule_is_written_with_its_tag_first_and_without_usual_values(schedule: ScheduleValue, text: str) -> None:
    assert encode(schedule) == text
    assert decode(text) == schedule
    assert next(iter(to_json(schedule).items())) == ("_type", schedule.kind)


@given(schedule=schedules)
def test_a_schedule_survives_its_json_form(schedule: ScheduleValue) -> None:
    text = encode(schedule)
    assert decode(text) == from_json(to_json(schedule)) == schedule
    assert text == canonical(to_json(schedule)) == encode(decode(text))
    assert text.startswith(f'{{"_type":"{schedule.kind}"')


def test_reading_and_writing_are_remembered() -> None:
    text = '{"_type":"daily","time_of_day":"18:59","version":1}'
    assert decode(text) is decode(text)
    assert encode(Daily("18:59")) is encode(Daily("18:59"))


TIME = {"hour": 19, "minute": 0, "second": 0}


@pytest.mark.parametrize(
    ("older", "schedule"),
    [
        ({"_type": "hourly", "minute_of_hour": 15, "second_of_hour": 30}, Hourly(15, 30)),
        ({"_type": "hourly", "exclude_days": [5, 6]}, Hourly(exclude_days=[5, 6])),
        ({"_type": "daily", "time_of_day": TIME, "exclude_days": []}, Daily("19:00")),
        ({"_type": "daily", "time_of_day": {"_type": "time", **TIME}}, Daily("19:00")),
        ({"_type": "daily", "time_of_day": {"hour": 7}}, Daily("07:00")),
        ({"_type": "daily", "time_of_day": TIME, "day_of_week": None, "day_of_month": None}, Daily("19:00")),
        ({"_type": "daily", "time_of_day": TIME, "day_of_week": [], "exclude_days": None}, Daily("19:00")),
        ({"_type": "weekly", "day_of_week": 0, "time_of_day": TIME}, Weekly("Monday", "19:00")),
        ({"_type": "weekly", "day_of_week": [0, 5], "time_of_day": TIME, "exclude_days": [5]}, Weekly(0, "19:00")),
        ({"_type": "monthly", "day_of_month": 31, "time_of_day": TIME}, Monthly(31, "19:00")),
        ({"_type": "daily", "time_of_day": "19:00", "timezone": "Europe/Berlin"}, Daily("19:00", "Europe/Berlin")),
    ],
)
def test_the_older_form_without_a_version_is_read(older: dict[str, Any], schedule: ScheduleValue) -> None:
    assert from_json(older) == schedule
    assert decode(json.dumps(older)) == schedule


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ({}, "_type must be one of once, periodic, hourly, daily, weekly, monthly, cron, not None"),
        ({"_type": "dayly"}, "did you mean daily"),
        ({"_type": 5}, "_type must be one of"),
        ({"_type": ["daily"]}, "_type must be one of"),
        ({"_type": "Daily", "time_of_day": "19:00"}, "did you mean daily"),
        ({"_type": "daily", "version": 2, "time_of_day": "19:00"}, "version 2 of the schedule format is not known"),
        ({"_type": "daily", "version": True, "time_of_day": "19:00"}, "version True of the schedule format"),
        ({"_type": "daily", "version": None, "time_of_day": "19:00"}, "version None of the schedule format"),
        ({"_type": "daily", "version": "1", "time_of_day": "19:00"}, "version '1' of the schedule format"),
        ({"_type": "daily", "version": 1}, "daily needs time_of_day"),
        ({"_type": "weekly", "version": 1, "time_of_day": "19:00"}, "weekly needs day_of_week"),
        ({"_type": "once", "version": 1}, "once needs when"),
        ({"_type": "daily", "version": 1, "timeofday": "19:00"}, "not 'timeofday'; did you mean time_of_day"),
        ({"_type": "daily", "version": 1, "time_of_day": "19:00", "day_of_month": None}, "not 'day_of_month'"),
        ({"_type": "daily", "time_of_day": "19:00", "day_of_month": 5}, "not 'day_of_month'"),
        ({"_type": "daily", "time_of_day": "19:00", "run": "__import__"}, "not 'run'"),
        ({"_type": "daily", "version": 1, "time_of_day": "19:00", "_timetable": {}}, "not '_timetable'"),
        ({"_type": "daily", "version": 1, "time_of_day": "19:00", 5: 5}, "not 5"),
        ({"_type": "daily", "version": 1, "time_of_day": "26:00"}, "time_of_day '26:00' cannot be read"),
        ({"_type": "weekly", "day_of_week": 5, "time_of_day": "19:00", "exclude_days": [5]}, "at least one weekday"),
        ({"_type": "periodic", "version": 1}, "one second or longer"),
        ({"_type": "periodic", "version": 1, "hours": "1"}, "hours must be a number"),
        ([], "must be a JSON object"),
        (None, "must be a JSON object"),
        ("daily", "must be a JSON object"),
    ],
)
def test_what_is_no_schedule_is_refused_with_examples(written: object, problem: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        from_json(written)
    assert problem in caught.value.problem
    assert caught.value.examples


@pytest.mark.parametrize("text", ["", "daily", "{", "[]", "null", "[" * 9_000, " " * 10_001, None, b"{}", 5])
def test_what_is_no_json_text_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        decode(text)
    assert caught.value.examples == EXAMPLES


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_examples_can_be_read(example: str) -> None:
    assert encode(decode(example))


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("19:00"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    [argument.name for kind in KINDS.values() for argument in fields(kind)] + ["version"]  # type: ignore[arg-type]
)
kinds = st.sampled_from(("once", "periodic", "hourly", "daily", "weekly", "monthly", "cron"))


@given(kind=kinds, given_values=st.dictionaries(names, values, max_size=5))
def test_any_json_is_read_or_refused(kind: str, given_values: dict[str, Any]) -> None:
    try:
        schedule = from_json({"_type": kind, **given_values})
    except InvalidSchedule:
        return
    assert decode(encode(schedule)) == schedule
    assert schedule.describe()


def test_a_schedule_of_another_make_has_no_json_form() -> None:
    class Other(Once):
        pass

    with pytest.raises(InvalidSchedule, match="Other has no JSON form"):
        to_json(Other(when=NOON))
