"""All schedules against the oracle, in many zones and under every rule.

By default each zone is read around two changes of its clocks and in one ordinary stretch. `DUETIME_ORACLE_WINDOWS=60`
reads more stretches per zone, and `DUETIME_ORACLE_SEED=7` other ones.
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from zoneinfo import ZoneInfo

import pytest
from tests.schedule.oracle import WallMinute, Wish, days_with_changes, due_times, read_clock
from tests.schedule.wishes import KINDS, Moment, Said

from duetime.core.errors import InvalidSchedule
from duetime.schedule import ScheduleValue

SEED = int(os.environ.get("DUETIME_ORACLE_SEED", "1"))
WINDOWS = int(os.environ.get("DUETIME_ORACLE_WINDOWS", "3"))

FIRST_YEAR, LAST_YEAR = 1973, 2099
GAPS = ("at_transition", "shift_forward", "skip")
OVERLAPS = ("first", "last", "both")
SECOND = timedelta(seconds=1)

ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Africa/Johannesburg",
    "Africa/Juba",
    "Africa/Khartoum",
    "Africa/Tripoli",
    "Africa/Tunis",
    "Africa/Windhoek",
    "America/Anchorage",
    "America/Araguaina",
    "America/Asuncion",
    "America/Bogota",
    "America/Caracas",
    "America/Chicago",
    "America/Goose_Bay",
    "America/Havana",
    "America/Miquelon",
    "America/Montevideo",
    "America/New_York",
    "America/Nuuk",
    "America/Port-au-Prince",
    "America/Santiago",
    "America/Sao_Paulo",
    "America/Scoresbysund",
    "America/St_Johns",
    "America/Tijuana",
    "Antarctica/Casey",
    "Antarctica/Macquarie",
    "Antarctica/Troll",
    "Asia/Amman",
    "Asia/Baku",
    "Asia/Beirut",
    "Asia/Damascus",
    "Asia/Dhaka",
    "Asia/Gaza",
    "Asia/Hong_Kong",
    "Asia/Jerusalem",
    "Asia/Karachi",
    "Asia/Kathmandu",
    "Asia/Kolkata",
    "Asia/Pyongyang",
    "Asia/Singapore",
    "Asia/Tehran",
    "Asia/Tokyo",
    "Asia/Ulaanbaatar",
    "Atlantic/Azores",
    "Australia/Adelaide",
    "Australia/Eucla",
    "Australia/Lord_Howe",
    "Australia/Sydney",
    "Europe/Berlin",
    "Europe/Chisinau",
    "Europe/Dublin",
    "Europe/Istanbul",
    "Europe/Lisbon",
    "Europe/London",
    "Europe/Moscow",
    "Europe/Volgograd",
    "Pacific/Apia",
    "Pacific/Auckland",
    "Pacific/Bougainville",
    "Pacific/Chatham",
    "Pacific/Easter",
    "Pacific/Fakaofo",
    "Pacific/Fiji",
    "Pacific/Kiritimati",
    "Pacific/Kwajalein",
    "Pacific/Norfolk",
    "Pacific/Tongatapu",
    "UTC",
]

compared: dict[str, int] = {}


def windows(zone: ZoneInfo, random: Random) -> Iterator[tuple[datetime, datetime]]:
    """Yield stretches of a day and a half: around changes of the clocks, the oddest ones among them, and elsewhere."""
    changes = days_with_changes(zone, FIRST_YEAR, LAST_YEAR)
    odd = [day for day in changes if size_of_change(zone, day) != timedelta(hours=1)]
    chosen = random.sample(odd, min(len(odd), WINDOWS // 3))
    chosen += random.sample(changes, min(len(changes), WINDOWS - 1 - len(chosen)))
    for day in chosen:
        start = day - timedelta(hours=random.randrange(1, 8))
        yield start, start + timedelta(hours=36)
    day = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC) + timedelta(days=random.randrange(365 * (LAST_YEAR - FIRST_YEAR)))
    yield day, day + timedelta(days=4)


def size_of_change(zone: ZoneInfo, day: datetime) -> timedelta:
    later = (day + timedelta(days=1)).astimezone(zone).utcoffset()
    earlier = day.astimezone(zone).utcoffset()
    assert later is not None
    assert earlier is not None
    return abs(later - earlier)


def wall_to_meet(minutes: list[WallMinute], random: Random) -> datetime:
    changed = [minute for minute in minutes if len(minute.shown) != 1]
    return random.choice(changed or minutes).name


def compare(schedule: ScheduleValue, expected: list[datetime], start: datetime, end: datetime, random: Random) -> int:
    """Ask the schedule for everything between `start` and `end`, and return how many answers were right."""
    moment = start - SECOND
    for due in expected:
        assert schedule.next_after(moment) == due
        assert schedule.previous_at_or_before(due) == due
        moment = due
    following = schedule.next_after(moment)
    assert following is None or following >= end
    assert schedule.count_between(start - SECOND, until=end - SECOND) == len(expected)
    for _ in range(4):
        moment = start + timedelta(seconds=random.randrange(int((end - start).total_seconds())))
        later = [due for due in expected if due > moment]
        earlier = [due for due in expected if due <= moment]
        found_later, found_earlier = schedule.next_after(moment), schedule.previous_at_or_before(moment)
        assert found_later == later[0] if later else found_later is None or found_later >= end
        assert found_earlier == earlier[-1] if earlier else found_earlier is None or found_earlier < start
        assert schedule.count_between(moment, until=end - SECOND) == len(later)
    return 2 * len(expected) + 2 + 4 * 3


def build(said: Said, **rules: str) -> ScheduleValue | None:
    """Return the schedule, or None when the package finds that it would never fire."""
    try:
        return said.build(**said.arguments, **rules)
    except InvalidSchedule as error:
        if "never fires" in error.problem:
            return None
        raise


def compare_all_rules(
    said: Said, zone: str, minutes: list[WallMinute], start: datetime, end: datetime, random: Random
) -> int:
    named = [minute for minute in minutes if said.wish.names(minute.name)]
    wish = Wish(lambda _: True, said.wish.second, elapsed=said.wish.elapsed)
    answers = 0
    for gap, overlap in product(GAPS, OVERLAPS):
        expected = due_times(wish, named, start, end, gap=gap, overlap=overlap)
        schedule = build(said, timezone=zone, dst_gap=gap, dst_overlap=overlap)
        if schedule is None:
            assert expected == []
            continue
        print(f"{schedule!r} from {start} to {end}")  # noqa: T201 - shown when it fails
        answers += compare(schedule, expected, start, end, random)
    return answers


@pytest.mark.parametrize("zone", ZONES)
def test_schedules_agree_with_the_clock_on_the_wall(zone: str) -> None:
    random = Random(f"{SEED} {zone}")
    answers = 0
    for start, end in windows(ZoneInfo(zone), random):
        minutes = read_clock(ZoneInfo(zone), start, end)
        for kind in KINDS:
            said = kind(random, Moment(wall_to_meet(minutes, random)))
            answers += compare_all_rules(said, zone, minutes, start, end, random)
    compared[zone] = answers
    print(f"{zone}: {answers} answers compared, seed {SEED}")  # noqa: T201 - shown by pytest -s
    assert answers > 300


def test_there_are_enough_zones() -> None:
    assert len(ZONES) == len(set(ZONES)) >= 60
