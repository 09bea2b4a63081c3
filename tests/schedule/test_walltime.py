"""Changes of the clocks that are worth reading one by one. The oracle covers all others."""

import struct
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest

from duetime.schedule import Cron, Daily, DstGap, DstOverlap, Hourly, Monthly, ScheduleValue, Weekly, walltime
from duetime.schedule.instants import to_seconds
from duetime.schedule.walltime import Timetable

BERLIN = "Europe/Berlin"
SPRING = datetime(2026, 3, 29, tzinfo=UTC)  # 02:00 -> 03:00 in Berlin, at 01:00 UTC
AUTUMN = datetime(2026, 10, 25, tzinfo=UTC)  # 03:00 -> 02:00 in Berlin, at 01:00 UTC
HALF_HOUR = timedelta(minutes=30)


def on(day: datetime, schedule: ScheduleValue, *, zone: str = BERLIN, hours: int = 8) -> list[str]:
    """Return the due times in the first UTC hours of a day, as the clocks of the zone show them, with their offset."""
    times = schedule.upcoming(day - timedelta(seconds=1), count=100)
    until = day + timedelta(hours=hours)
    return [due.astimezone(ZoneInfo(zone)).strftime("%H:%M%z") for due in times if due < until]


@pytest.mark.parametrize("schedule", [Daily("02:30", BERLIN), Cron("30 2 * * *", BERLIN)], ids=repr)
def test_a_time_in_a_gap_runs_at_the_first_valid_moment_after_it(schedule: ScheduleValue) -> None:
    assert on(SPRING, schedule) == ["03:00+0200"]


@pytest.mark.parametrize("schedule", [Daily("02:30", BERLIN), Cron("30 2 * * *", BERLIN)], ids=repr)
def test_a_time_in_an_overlap_runs_once_the_first_time(schedule: ScheduleValue) -> None:
    assert on(AUTUMN, schedule) == ["02:30+0200"]


def test_wildcards_run_in_both_hours_of_an_overlap() -> None:
    expected = ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100", "03:00+0100"]
    assert on(AUTUMN, Cron("*/30 * * * *", BERLIN), hours=3)[:5] == expected
    assert on(AUTUMN, Hourly(30, timezone=BERLIN), hours=3) == ["02:30+0200", "02:30+0100", "03:30+0100"]


def test_wildcards_wait_no_longer_than_usual_in_a_gap() -> None:
    assert on(SPRING, Cron("0 */2 * * *", BERLIN), hours=5) == ["03:00+0200", "04:00+0200", "06:00+0200"]
    assert on(SPRING, Cron("*/30 * * * *", BERLIN), hours=2) == ["01:00+0100", "01:30+0100", "03:00+0200", "03:30+0200"]
    assert on(SPRING, Hourly(30, timezone=BERLIN), hours=3) == ["01:30+0100", "03:30+0200", "04:30+0200"]


def test_wildcards_may_leave_out_what_the_clocks_skip() -> None:
    assert on(SPRING, Cron("0 */2 * * *", BERLIN, dst_gap="skip"), hours=5) == ["04:00+0200", "06:00+0200"]


@pytest.mark.parametrize(
    ("gap", "expected"),
    [("at_transition", ["03:00+0200"]), ("shift_forward", ["03:30+0200"]), ("skip", [])],
)
def test_the_rule_for_gaps_can_be_chosen(gap: DstGap, expected: list[str]) -> None:
    assert on(SPRING, Daily("02:30", BERLIN, dst_gap=gap)) == expected
    assert on(SPRING, Cron("30 2 * * *", BERLIN, dst_gap=gap)) == expected


@pytest.mark.parametrize(
    ("overlap", "expected"),
    [("first", ["02:30+0200"]), ("last", ["02:30+0100"]), ("both", ["02:30+0200", "02:30+0100"])],
)
def test_the_rule_for_overlaps_can_be_chosen(overlap: DstOverlap, expected: list[str]) -> None:
    assert on(AUTUMN, Daily("02:30", BERLIN, dst_overlap=overlap)) == expected
    assert on(AUTUMN, Cron("30 2 * * *", BERLIN, dst_overlap=overlap)) == expected


def test_several_times_in_one_gap_run_once_at_its_end() -> None:
    assert on(SPRING, Cron("0,20,40 2,3 * * *", BERLIN)) == ["03:00+0200", "03:20+0200", "03:40+0200"]


def test_times_of_an_overlap_come_in_the_order_of_the_instants() -> None:
    expected = ["02:00+0200", "02:30+0200", "02:00+0100", "02:30+0100"]
    assert on(AUTUMN, Cron("0,30 2 * * *", BERLIN, dst_overlap="both")) == expected


def test_a_gap_at_midnight_keeps_the_day() -> None:
    havana = "America/Havana"  # 2026-03-08 00:00 -> 01:00, at 05:00 UTC
    schedule = Weekly("Sunday", "00:00", havana)
    assert on(datetime(2026, 3, 8, tzinfo=UTC), schedule, zone=havana) == ["01:00-0400"]


def test_half_an_hour_is_a_gap_too() -> None:
    lord_howe = "Australia/Lord_Howe"  # 2026-10-04 02:00 -> 02:30, at 15:30 UTC
    day = datetime(2026, 10, 3, 15, tzinfo=UTC)
    assert on(day, Daily("02:15", lord_howe), zone=lord_howe) == ["02:30+1100"]
    assert on(day, Daily("02:15", lord_howe, dst_gap="shift_forward"), zone=lord_howe) == ["02:45+1100"]
    assert on(day, Hourly(15, timezone=lord_howe), zone=lord_howe, hours=2) == ["02:45+1100", "03:15+1100"]


def test_a_whole_day_can_be_a_gap() -> None:
    apia = "Pacific/Apia"  # 2011-12-30 does not exist: 2011-12-29 24:00 is 2011-12-31 00:00
    day = datetime(2011, 12, 30, 8, tzinfo=UTC)
    assert on(day, Daily("19:00", apia), zone=apia, hours=24) == ["00:00+1400", "19:00+1400"]
    assert on(day, Daily("19:00", apia, dst_gap="skip"), zone=apia, hours=24) == ["19:00+1400"]


def test_offsets_may_have_seconds() -> None:
    monrovia = "Africa/Monrovia"  # 1972-01-07 00:00 -> 00:44:30, at 00:44:30 UTC
    day = datetime(1972, 1, 7, tzinfo=UTC)
    assert Daily("00:10", monrovia).next_after(day) == day.replace(minute=44, second=30)
    assert Daily("00:10", monrovia, dst_gap="shift_forward").next_after(day) == day.replace(minute=54, second=30)
    assert Daily("00:10", monrovia, dst_gap="skip").next_after(day) == day.replace(day=8, minute=10)


def test_zones_have_their_rules_long_after_their_last_known_change() -> None:
    assert on(datetime(2150, 3, 29, tzinfo=UTC), Daily("02:30", BERLIN)) == ["03:00+0200"]


def test_changes_are_far_enough_apart_to_be_found_day_by_day() -> None:
    zones = files("tzdata").joinpath("zones").read_text().split()
    assert len(zones) > 500
    for zone in zones:
        changes = changes_in(files("tzdata").joinpath("zoneinfo", *zone.split("/")).read_bytes())
        assert all(abs(after - before) <= 86_400 for _, before, after in changes), zone
        assert all(later - earlier > 2 * 86_400 for (earlier, _, _), (later, _, _) in pairwise(changes)), zone


def changes_in(data: bytes) -> list[tuple[int, int, int]]:
    """Return the changes of UTC offset in a time zone file: the instant, the offset before and the offset after."""
    header = struct.Struct(">20x6l")
    utc_flags, standard_flags, leaps, times, types, letters = header.unpack_from(data)
    # The file says everything in 4 bytes, for old readers, and then once more in 8.
    second = header.size + times * 5 + types * 6 + letters + leaps * 8 + standard_flags + utc_flags
    times = header.unpack_from(data, second)[3]
    kinds = second + header.size + times * 8
    instants = struct.unpack_from(f">{times}q", data, kinds - times * 8)
    offsets = [
        struct.unpack_from(">l", data, kinds + times + kind * 6)[0] for kind in (0, *data[kinds : kinds + times])
    ]
    steps = zip(instants, offsets[:-1], offsets[1:], strict=True)
    return [(instant, before, after) for instant, before, after in steps if before != after]


@pytest.mark.parametrize("number", [1_200, 1_250, 1_300])
def test_a_change_just_outside_what_was_read_of_the_clocks_is_not_missed(
    number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Blocks of such a length that one is read up to, or from, half an hour before or after Berlin's autumn change."""
    change = to_seconds("change", AUTUMN.replace(hour=1))
    last = Monthly(25, "02:05", BERLIN, dst_overlap="last")
    first = Monthly(25, "02:50", BERLIN, dst_overlap="first")
    try:
        for length in ((change - walltime._MARGIN - 1_800) // number, (change + walltime._MARGIN + 1_800) // number):
            monkeypatch.setattr(walltime, "_BLOCK", length)
            walltime._periods.cache_clear()
            assert last.next_after(AUTUMN - timedelta(days=20)) == AUTUMN.replace(hour=1, minute=5)
            assert first.previous_at_or_before(AUTUMN + timedelta(days=20)) == AUTUMN.replace(minute=50)
    finally:
        walltime._periods.cache_clear()


def test_a_search_that_finds_only_gaps_gives_up() -> None:
    reading = Cron("30 2 * 3 0L", BERLIN)
    timetable = reading._timetable
    skipping = Timetable(timetable.pattern, timetable.zone, "skip", "first")
    assert skipping.on_or_after(2_040 * 365 * 86_400) is None
    assert skipping.on_or_before(2_900 * 365 * 86_400) is None
