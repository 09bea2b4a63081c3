"""Due once a month."""

from dataclasses import dataclass, field
from typing import ClassVar

from duetime.schedule.checks import check_choice, check_number
from duetime.schedule.days import OVERFLOWS, WEEK, MonthlyDay, Overflow
from duetime.schedule.pattern import Pattern
from duetime.schedule.time_of_day import TimeOfDay, read_time_of_day, seconds_of_day, write_time_of_day
from duetime.schedule.walltime import DstGap, DstOverlap, Timetable
from duetime.schedule.weekdays import Weekdays, join_names, read_exclusions
from duetime.schedule.zoned import Zoned

SHORTEST_MONTH = 28


@dataclass(frozen=True, slots=True)
class Monthly(Zoned):
    """Due every month, on one day of it, at one time on the wall clock.

    Args:
        day_of_month: 1 to 31.
        time_of_day: a `time`, a text such as `19:00`, or a mapping with `hour`, `minute` and `second`.
        timezone: the IANA time zone whose clocks are followed.
        exclude_days: weekdays without a due time, 0 (Monday) to 6 or names; such a month has none.
        overflow: in a month that is too short, `last_day` takes its last day and `skip` leaves the month out.
        dst_gap: what happens on a day whose clocks skip this time.
        dst_overlap: what happens on a day whose clocks show this time twice.
    """

    kind: ClassVar[str] = "monthly"

    day_of_month: int
    time_of_day: TimeOfDay
    timezone: str = "UTC"
    exclude_days: Weekdays = field(default=(), kw_only=True)
    overflow: Overflow = field(default="last_day", kw_only=True)
    dst_gap: DstGap = field(default="at_transition", kw_only=True)
    dst_overlap: DstOverlap = field(default="first", kw_only=True)
    _timetable: Timetable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_number("day_of_month", self.day_of_month, least=1, most=31)
        check_choice("overflow", self.overflow, OVERFLOWS)
        time_of_day = read_time_of_day(self.time_of_day)
        excluded = read_exclusions(self.exclude_days)
        object.__setattr__(self, "time_of_day", time_of_day)
        object.__setattr__(self, "exclude_days", excluded)
        weekdays = frozenset(range(WEEK)).difference(excluded)
        days = MonthlyDay(self.day_of_month, self.overflow, weekdays)
        self._follow(Pattern(days, (seconds_of_day(time_of_day),)))

    def describe(self) -> str:
        excluded = read_exclusions(self.exclude_days)
        notes = [f"not on {join_names(excluded)}"] if excluded else []
        if self.day_of_month > SHORTEST_MONTH:
            notes.append("or the last day" if self.overflow == "last_day" else "not in shorter months")
        day = f"day {self.day_of_month} of every month" + (f" ({', '.join(notes)})" if notes else "")
        return f"on {day} at {write_time_of_day(self.time_of_day)} {self._zone_words()}"
