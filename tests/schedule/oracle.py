"""An independent answer to "when is it due?": read the clocks of a zone minute by minute.

It knows nothing of periods, offsets or searches, and shares no code with the package. For every UTC minute of a stretch
of time it asks `zoneinfo` what the clock on the wall shows. A wall minute that is shown twice lies in an overlap; one
that is never shown lies in a gap.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
MARGIN = timedelta(hours=30)


class WallMinute(NamedTuple):
    """One minute as the wall clock would name it, and the UTC minutes at which it is shown."""

    name: datetime
    shown: tuple[datetime, ...]
    gap_ends: datetime | None
    unchanged: datetime | None
    """When it would have been shown had the clocks not been changed."""


@dataclass(frozen=True)
class Wish:
    """A schedule in the oracle's own words: which wall minutes it names, and at which second of them."""

    names: Callable[[datetime], bool]
    second: int = 0
    elapsed: bool = False


def read_clock(zone: ZoneInfo, start: datetime, end: datetime) -> list[WallMinute]:
    """Return every wall minute that is shown or skipped from a margin before `start` to a margin after `end`."""
    walls: list[tuple[datetime, datetime]] = []
    moment = start - MARGIN
    while moment < end + MARGIN:
        walls.append((moment, moment.astimezone(zone).replace(tzinfo=None)))
        moment += MINUTE
    shown: dict[datetime, list[datetime]] = defaultdict(list)
    for instant, wall in walls:
        assert wall.second == 0, "the oracle reads whole minutes"
        shown[wall].append(instant)
    minutes = [WallMinute(wall, tuple(instants), None, None) for wall, instants in shown.items()]
    minutes.extend(minute for minute in _skipped(walls) if minute.name not in shown)
    return minutes


def _skipped(walls: list[tuple[datetime, datetime]]) -> Iterator[WallMinute]:
    for (before, last_shown), (after, next_shown) in pairwise(walls):
        steps = 1
        while last_shown + steps * MINUTE < next_shown:
            yield WallMinute(last_shown + steps * MINUTE, (), after, before + steps * MINUTE)
            steps += 1


def due_times(
    wish: Wish, minutes: list[WallMinute], start: datetime, end: datetime, *, gap: str, overlap: str
) -> list[datetime]:
    """Return every due time from `start` up to `end`, in order."""
    due: set[datetime] = set()
    second = timedelta(seconds=wish.second)
    for minute in minutes:
        if minute.gap_ends is not None:
            if gap == "at_transition" and not wish.elapsed:
                due.add(minute.gap_ends)
            elif gap != "skip" and minute.unchanged is not None:
                due.add(minute.unchanged + second)
        elif overlap == "both" or wish.elapsed:
            due.update(instant + second for instant in minute.shown)
        else:
            due.add((min if overlap == "first" else max)(minute.shown) + second)
    return sorted(instant for instant in due if start <= instant < end)


def days_with_changes(zone: ZoneInfo, first_year: int, last_year: int) -> list[datetime]:
    """Return the UTC midnights of the days on which the zone's clocks are changed."""
    changes = []
    day = datetime(first_year, 1, 1, tzinfo=UTC)
    offset = day.astimezone(zone).utcoffset()
    while day.year <= last_year:
        day += timedelta(days=1)
        later = day.astimezone(zone).utcoffset()
        if later != offset:
            changes.append(day - timedelta(days=1))
            offset = later
    return changes
