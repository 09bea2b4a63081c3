"""From wall times to instants: the only place that knows daylight saving time.

The clocks of a zone divide time into periods of one UTC offset each. Where the offset grows, the clocks skip some wall
times: a gap. Where it shrinks, they show some wall times twice: an overlap. Everything here is whole seconds.
"""

from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from typing import Literal, NamedTuple, get_args
from zoneinfo import ZoneInfo

from duetime.schedule.instants import DAY, LAST_SECOND, ORIGIN
from duetime.schedule.pattern import Pattern

DstGap = Literal["at_transition", "shift_forward", "skip"]
"""What a wall time in a gap means: the first valid moment after it, the time moved by its length, or nothing."""

DstOverlap = Literal["first", "last", "both"]
"""Which of the two instants a wall time in an overlap means."""

DST_GAPS: tuple[str, ...] = get_args(DstGap)
DST_OVERLAPS: tuple[str, ...] = get_args(DstOverlap)

# No wall time is further than this from the instant it stands for: offsets stay below 16 hours, gaps below 24.
_MARGIN = 2 * DAY

# Periods are found and remembered block by block. No zone has ever changed its offset twice within two days.
_BLOCK = 400 * DAY
_STEP = DAY

# A search gives up after so many blocks whose times all fall into gaps.
_MOST_BLOCKS = 100


class Period(NamedTuple):
    """A stretch of time with one UTC offset, and the offsets before and after it."""

    start: int
    end: int
    offset: int
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Timetable:
    """The instants that a pattern of wall times means in one zone."""

    pattern: Pattern
    zone: ZoneInfo
    gap: DstGap
    overlap: DstOverlap

    @classmethod
    def elapsed(cls, pattern: Pattern, zone: ZoneInfo, *, gap: DstGap) -> "Timetable":
        """Return a timetable for times that follow each other all day long, and so count elapsed time.

        Both passes of an overlap count. A time in a gap comes when it would have come had the clocks not been changed;
        most often that is the instant of another wall time, and then it is one due time.
        """
        return cls(pattern, zone, "skip" if gap == "skip" else "shift_forward", "both")

    def on_or_after(self, instant: int) -> int | None:
        """Return the first due instant that is not before `instant`."""
        instant = max(instant, 0)
        for _ in range(_MOST_BLOCKS):
            block = instant // _BLOCK
            end = (block + 1) * _BLOCK
            for period in _periods(self.zone, block):
                if period.end > instant:
                    found = self._first_in(period, instant)
                    if found is not None:
                        if found < end:
                            return found
                        break
            wall = self.pattern.on_or_after(end - _MARGIN)
            if wall is None:
                return None
            instant = max(end, wall - _MARGIN)
        return None

    def on_or_before(self, instant: int) -> int | None:
        """Return the last due instant that is not after `instant`."""
        instant = min(instant, LAST_SECOND)
        for _ in range(_MOST_BLOCKS):
            block = instant // _BLOCK
            start = block * _BLOCK
            for period in reversed(_periods(self.zone, block)):
                if period.start <= instant:
                    found = self._last_in(period, instant)
                    if found is not None:
                        if found >= start:
                            return found
                        break
            wall = self.pattern.on_or_before(start + _MARGIN)
            if wall is None:
                return None
            instant = min(start - 1, wall + _MARGIN)
        return None

    def count(self, first: int, end: int) -> int:
        """Return how many due instants lie from `first` up to, but without, `end`."""
        first, end = max(first, 0), min(end, LAST_SECOND + 1)
        counted = 0
        for block in range(first // _BLOCK, -(-end // _BLOCK)):
            block_first, block_end = max(first, block * _BLOCK), min(end, (block + 1) * _BLOCK)
            for period in _periods(self.zone, block):
                counted += self._count_in(period, max(block_first, period.start), min(block_end, period.end))
        return counted

    def _own_walls(self, period: Period) -> tuple[int, int]:
        """Return the wall times, from and up to, that mean an instant of this period at its own offset."""
        low, high = period.start + period.offset, period.end + period.offset
        if period.before > period.offset and self.overlap == "first":
            low = period.start + period.before
        if period.after < period.offset and self.overlap == "last":
            high = period.end + period.after
        return low, high

    def _skipped_walls(self, period: Period) -> tuple[int, int]:
        """Return the wall times, from and up to, that the clocks skipped when this period began."""
        return period.start + period.before, period.start + period.offset

    def _moves_gap(self, period: Period) -> bool:
        return period.before < period.offset and self.gap != "skip"

    def _first_in(self, period: Period, instant: int) -> int | None:
        low, high = self._own_walls(period)
        wall = self.pattern.on_or_after(max(low, instant + period.offset))
        found = wall - period.offset if wall is not None and wall < high else None
        if self._moves_gap(period) and instant < period.start + period.offset - period.before:
            moved = self._first_moved(period, instant)
            if moved is not None:
                return moved if found is None else min(found, moved)
        return found

    def _first_moved(self, period: Period, instant: int) -> int | None:
        low, high = self._skipped_walls(period)
        if self.gap == "at_transition":
            if instant > period.start:
                return None
            wall = self.pattern.on_or_after(low)
            return period.start if wall is not None and wall < high else None
        wall = self.pattern.on_or_after(max(low, instant + period.before))
        return wall - period.before if wall is not None and wall < high else None

    def _last_in(self, period: Period, instant: int) -> int | None:
        low, high = self._own_walls(period)
        wall = self.pattern.on_or_before(min(high - 1, instant + period.offset))
        found = wall - period.offset if wall is not None and wall >= low else None
        if self._moves_gap(period):
            moved = self._last_moved(period, instant)
            if moved is not None:
                return moved if found is None else max(found, moved)
        return found

    def _last_moved(self, period: Period, instant: int) -> int | None:
        low, high = self._skipped_walls(period)
        if self.gap == "at_transition":
            wall = self.pattern.on_or_before(high - 1)
            return period.start if wall is not None and wall >= low else None
        wall = self.pattern.on_or_before(min(high - 1, instant + period.before))
        return wall - period.before if wall is not None and wall >= low else None

    def _count_in(self, period: Period, first: int, end: int) -> int:
        if first >= end:
            return 0
        low, high = self._own_walls(period)
        counted = self.pattern.count(max(low, first + period.offset), min(high, end + period.offset))
        if not self._moves_gap(period):
            return counted
        moved = self._first_moved(period, first)
        while moved is not None and moved < end:
            # A moved time that meets another one is the same due time.
            counted += not (low <= moved + period.offset < high and self.pattern.has(moved + period.offset))
            moved = self._first_moved(period, moved + 1)
        return counted


@lru_cache(maxsize=2048)
def _periods(zone: ZoneInfo, block: int) -> tuple[Period, ...]:
    first, end = block * _BLOCK - _MARGIN, (block + 1) * _BLOCK + _MARGIN
    starts, offsets = [first], [_offset(zone, first)]
    for moment in range(first, end, _STEP):
        following = min(moment + _STEP, end)
        offset = _offset(zone, following)
        if offset != offsets[-1]:
            starts.append(_change(zone, moment, following))
            offsets.append(offset)
    ends = [*starts[1:], end]
    return tuple(
        Period(start, stop, offset, before, after)
        for start, stop, offset, before, after in zip(
            starts, ends, offsets, [offsets[0], *offsets[:-1]], [*offsets[1:], offsets[-1]], strict=True
        )
    )


def _change(zone: ZoneInfo, old: int, new: int) -> int:
    """Return the first second that has the offset of `new`; `old` still has another one."""
    offset = _offset(zone, new)
    while new - old > 1:
        middle = (old + new) // 2
        if _offset(zone, middle) == offset:
            new = middle
        else:
            old = middle
    return new


def _offset(zone: ZoneInfo, instant: int) -> int:
    # Near the ends of what a datetime can hold there is no room for an offset, and no zone has a change there.
    held = min(max(instant, DAY), LAST_SECOND - DAY)
    moment = (ORIGIN + timedelta(seconds=held)).astimezone(zone)
    offset = moment.utcoffset()
    return 0 if offset is None else offset.days * DAY + offset.seconds
