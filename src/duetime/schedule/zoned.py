"""What the calendar schedules share: they follow the clocks of one time zone."""

from datetime import datetime

from duetime.schedule.checks import check_choice
from duetime.schedule.instants import from_seconds, to_seconds
from duetime.schedule.pattern import Pattern
from duetime.schedule.value import ScheduleValue
from duetime.schedule.walltime import DST_GAPS, DST_OVERLAPS, DstGap, DstOverlap, Timetable
from duetime.schedule.zones import read_zone


class Zoned(ScheduleValue):
    """A schedule whose due times are wall times of one zone."""

    __slots__ = ()

    timezone: str
    dst_gap: DstGap
    dst_overlap: DstOverlap
    _timetable: Timetable

    @property
    def counts_elapsed_time(self) -> bool:
        """Whether its times follow each other all day long, so that a repeated hour has them all once more."""
        return False

    def next_after(self, moment: datetime) -> datetime | None:
        return from_seconds(self._timetable.on_or_after(to_seconds("moment", moment) + 1))

    def previous_at_or_before(self, moment: datetime) -> datetime | None:
        return from_seconds(self._timetable.on_or_before(to_seconds("moment", moment)))

    def count_between(self, after: datetime, *, until: datetime) -> int:
        return self._timetable.count(to_seconds("after", after) + 1, to_seconds("until", until) + 1)

    def _follow(self, pattern: Pattern) -> None:
        """Check what is said about the zone and its clock changes, and apply them to a pattern of wall times."""
        check_choice("dst_gap", self.dst_gap, DST_GAPS)
        check_choice("dst_overlap", self.dst_overlap, DST_OVERLAPS)
        zone = read_zone(self.timezone)
        if self.counts_elapsed_time:
            timetable = Timetable.elapsed(pattern, zone, gap=self.dst_gap)
        else:
            timetable = Timetable(pattern, zone, self.dst_gap, self.dst_overlap)
        object.__setattr__(self, "_timetable", timetable)

    def _zone_words(self) -> str:
        """Return the zone, with the rules for clock changes that are not the usual ones."""
        usual_gaps = ("at_transition", "shift_forward") if self.counts_elapsed_time else ("at_transition",)
        rules = [] if self.dst_gap in usual_gaps else [f"DST gap: {self.dst_gap}"]
        if self.dst_overlap != "first" and not self.counts_elapsed_time:
            rules.append(f"DST overlap: {self.dst_overlap}")
        return f"{self.timezone} ({', '.join(rules)})" if rules else self.timezone
