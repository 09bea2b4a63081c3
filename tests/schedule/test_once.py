from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from duetime.core.errors import InvalidInstant, InvalidSchedule
from duetime.core.schedules import Schedule
from duetime.schedule import Once

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    "when",
    [
        NOON,
        datetime(2026, 6, 15, 12),
        datetime(2026, 6, 15, 14, tzinfo=timezone(2 * HOUR)),
        datetime(2026, 6, 15, 14, tzinfo=ZoneInfo("Europe/Berlin")),
        "2026-06-15T12:00:00Z",
        "2026-06-15 12:00",
        "2026-06-15T14:00:00+02:00",
    ],
)
def test_all_ways_to_say_a_time_are_the_same_instant_in_utc(when: datetime | str) -> None:
    once = Once(when=when)
    assert once == Once(when=NOON)
    assert once.instant.tzinfo is UTC
    assert hash(once) == hash(Once(when=NOON))


@pytest.mark.parametrize(
    "when", ["tomorrow", "", 5, None, date(2026, 6, 15), datetime.max.replace(tzinfo=timezone(-HOUR))]
)
def test_what_is_no_time_is_refused_with_examples(when: object) -> None:
    with pytest.raises(InvalidSchedule) as caught:
        Once(when=when)  # type: ignore[arg-type]
    assert "when must be a date and time" in caught.value.problem
    assert any("Once(when=" in example for example in caught.value.examples)


def test_it_is_due_once() -> None:
    once = Once(when=NOON)
    assert not once.recurring
    assert once.next_after(NOON - HOUR) == NOON
    assert once.next_after(NOON) is None
    assert once.previous_at_or_before(NOON) == NOON
    assert once.previous_at_or_before(NOON - HOUR) is None
    assert once.upcoming(NOON - HOUR, count=3) == [NOON]
    assert once.count_between(NOON - HOUR, until=NOON) == 1
    assert once.count_between(NOON, until=NOON + HOUR) == 0


def test_a_time_that_has_passed_is_due_at_once() -> None:
    assert Once(when=NOON).first_due(NOON + HOUR) == NOON + HOUR
    assert Once(when=NOON).first_due(NOON - HOUR) == NOON


def test_first_due_is_in_utc() -> None:
    first = Once(when=NOON).first_due((NOON + HOUR).astimezone(ZoneInfo("Asia/Tokyo")))
    assert first.tzinfo is UTC
    last = datetime.max.replace(tzinfo=timezone(-HOUR))
    assert Once(when=NOON).first_due(last) == datetime.max.replace(tzinfo=UTC)
    assert Once(when=NOON).first_due(datetime.min.replace(tzinfo=timezone(HOUR))) == NOON


def test_a_naive_moment_is_refused() -> None:
    once = Once(when=NOON)
    for ask in (once.first_due, once.next_after, once.previous_at_or_before):
        with pytest.raises(InvalidInstant):
            ask(datetime(2026, 1, 1))


def test_it_says_itself_in_words() -> None:
    assert Once(when=NOON).describe() == "once at 2026-06-15 12:00:00 UTC"


def test_it_is_a_schedule() -> None:
    schedule: Schedule = Once(when=NOON)
    assert schedule.kind == "once"
