"""Due once a day."""

from dataclasses import dataclass, field
from typing import ClassVar

from duetime.schedule.days import WeekdaysOnly
from duetime.schedule.pattern import Pattern
from duetime.schedule.time_of_day import TimeOfDay, read_time_of_day, seconds_of_day, write_time_of_day
from duetime.schedule.walltime import DstGap, DstOverlap, Timetable
from duetime.schedule.weekdays import Weekdays, join_names, read_exclusions
from duetime.schedule.zoned import Zoned


@dataclass(frozen=True, slots=True)
class Daily(Zoned):
    """Due every day at one time on the wall clock.

    Args:
        time_of_day: a `time`, a text such as `19:00`, or a mapping with `hour`, `minute` and `second`.
        timezone: the IANA time zone whose clocks are followed.
        exclude_days: weekdays without a due time, 0 (Monday) to 6 or names.
        dst_gap: what happens on a day whose clocks skip this time.
        dst_overlap: what happens on a day whose clocks show this time twice.
    """

    kind: ClassVar[str] = "daily"

    time_of_day: TimeOfDay
    timezone: str = "UTC"
    exclude_days: Weekdays = field(default=(), kw_only=True)
    dst_gap: DstGap = field(default="at_transition", kw_only=True)
    dst_overlap: DstOverlap = field(default="first", kw_only=True)
    _timetable: Timetable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        time_of_day = read_time_of_day(self.time_of_day)
        excluded = read_exclusions(self.exclude_days)
        object.__setattr__(self, "time_of_day", time_of_day)
        object.__setattr__(self, "exclude_days", excluded)
        self._follow(Pattern(WeekdaysOnly.without(excluded), (seconds_of_day(time_of_day),)))

    def describe(self) -> str:
        excluded = read_exclusions(self.exclude_days)
        days = f" except {join_names(excluded)}" if excluded else ""
        return f"every day{days} at {write_time_of_day(self.time_of_day)} {self._zone_words()}"
