import contextlib
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from duetime.core.errors import InvalidSchedule
from duetime.schedule import Weekly
from duetime.schedule.windows import Windows

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Asia/Kathmandu")
DAY, WEEK = 1440, 7 * 1440


def test_the_edges_of_a_common_value_are_two_schedules() -> None:
    windows = Windows.read("workdays-8-19@Europe/Berlin")
    assert windows.starts == (Weekly([0, 1, 2, 3, 4], "08:00", timezone="Europe/Berlin"),)
    assert windows.stops == (Weekly([0, 1, 2, 3, 4], "19:00", timezone="Europe/Berlin"),)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("mon-fri-7:30-20@UTC", "Monday-Friday - 7:30 - 20"),
        ("fri-mon-8-9", "fri,sat,sun,mon-8-9"),
        ("weekends-8-9", "sat-8-9;sun-8-9"),
        ("mon-8-12;mon-12-18;mon-17-19", "mon-8-19"),
        ("daily-0-24", "always"),
        ("daily-8-8", "always"),
        ("sun-22-6;mon-5-7", "sun-22-7"),
        ("sun-22-24;mon-0-6", "sun-22-6"),
    ],
)
def test_values_that_say_the_same_are_equal(text: str, same: str) -> None:
    assert Windows.read(text) == Windows.read(same)


def test_a_window_over_midnight_ends_on_the_next_day() -> None:
    windows = Windows.read("sun-22-6")
    assert windows.starts == (Weekly([6], "22:00"),)
    assert windows.stops == (Weekly([0], "06:00"),)


@pytest.mark.parametrize("text", ["always", "never"])
def test_what_is_always_or_never_on_has_no_edges(text: str) -> None:
    windows = Windows.read(text)
    assert (windows.starts, windows.stops) == ((), ())
    assert windows.is_open(datetime(2026, 3, 2, tzinfo=UTC)) == (text == "always")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "The window ''"),
        ("workdays", "'workdays' must be days, a time and a time"),
        ("workday-8-19", "The days 'workday' of the window"),
        ("mon-tue-wed-8-9", "'mon-tue-wed'"),
        ("daily-8-25", "The time '25' of the window 'daily-8-25'"),
        ("daily-8:60-9", "The time '8:60'"),
        ("daily-24-6", "cannot start at 24"),
        ("daily-8-19@Europe/Berlim", "Europe/Berlin"),
        ("daily-8-19@", "no IANA time zone"),
        ("daily-8-19;", "The window ''"),
        ("daily-٨-19", "The time '٨'"),
        ("x" * 257, "at most 256 characters"),
    ],
)
def test_the_part_that_cannot_be_read_is_named(text: str, said: str) -> None:
    with pytest.raises(InvalidSchedule, match=said):
        Windows.read(text)


@given(st.text(max_size=256))
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidSchedule):
        Windows.read(text)


@st.composite
def windows_written(draw: st.DrawFn) -> tuple[str, set[int]]:
    """Return windows as a text, and the minutes of the week that they hold."""
    parts: list[str] = []
    minutes: set[int] = set()
    names = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
    for _ in range(draw(st.integers(1, 3))):
        day, start, stop = draw(st.tuples(st.integers(0, 6), st.integers(0, DAY - 1), st.integers(0, DAY - 1)))
        parts.append(f"{names[day]}-{start // 60}:{start % 60:02}-{stop // 60}:{stop % 60:02}")
        length = stop - start if stop > start else stop - start + DAY
        minutes |= {(day * DAY + start + n) % WEEK for n in range(length)}
    return ";".join(parts), minutes


@given(windows_written(), st.integers(0, WEEK - 1))
def test_a_window_is_open_in_exactly_its_minutes(written: tuple[str, set[int]], minute: int) -> None:
    text, minutes = written
    moment = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(minutes=minute)
    assert Windows.read(text).is_open(moment) == (minute in minutes)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant of a wall time: in an overlap the first, in a gap the moment at which the clocks jump."""
    instant = wall.replace(tzinfo=zone).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    # The clocks skip it: go back by minutes to the first instant whose clock shows a later time.
    while (instant - timedelta(minutes=1)).astimezone(zone).replace(tzinfo=None) > wall:
        instant -= timedelta(minutes=1)
    return instant


@given(
    st.sampled_from(ZONES),
    st.datetimes(datetime(2016, 1, 1), datetime(2030, 1, 1)),
    st.integers(0, DAY - 1),
    st.integers(1, DAY - 1),
)
def test_edges_are_right_whatever_the_clocks_do(zone: str, near: datetime, start: int, length: int) -> None:
    stop = (start + length) % DAY
    text = f"daily-{start // 60}:{start % 60:02}-{stop // 60}:{stop % 60:02}@{zone}"
    _check_days(Windows.read(text), zone, near, start=start, length=length)


@pytest.mark.parametrize("night", [datetime(2026, 3, 28), datetime(2026, 10, 24)])
@given(start=st.integers(0, 239), length=st.integers(1, 700))
def test_edges_are_right_in_the_nights_of_a_change(night: datetime, start: int, length: int) -> None:
    stop = (start + length) % DAY
    text = f"daily-{start // 60}:{start % 60:02}-{stop // 60}:{stop % 60:02}@Europe/Berlin"
    _check_days(Windows.read(text), "Europe/Berlin", night, start=start, length=length)


def _check_days(windows: Windows, name: str, near: datetime, *, start: int, length: int) -> None:
    zone = ZoneInfo(name)
    midnight = near.replace(hour=0, minute=0, second=0, microsecond=0)
    for day in range(3):
        wall = midnight + timedelta(days=day, minutes=start)
        on, off = _instant(wall, zone), _instant(wall + timedelta(minutes=length), zone)
        second = timedelta(seconds=1)
        assert windows.starts[0].next_after(on - second) == on
        assert windows.stops[0].next_after(off - second) == off
        assert on <= off
        if on < off:
            assert windows.is_open(on)
            assert windows.is_open(on + (off - on) / 2)
