"""Due on some weekdays."""

from dataclasses import dataclass, field
from typing import ClassVar

from duetime.core.errors import InvalidSchedule
from duetime.schedule.days import WeekdaysOnly
from duetime.schedule.pattern import Pattern
from duetime.schedule.time_of_day import TimeOfDay, read_time_of_day, seconds_of_day, write_time_of_day
from duetime.schedule.walltime import DstGap, DstOverlap, Timetable
from duetime.schedule.weekdays import Weekdays, join_names, read_weekdays
from duetime.schedule.zoned import Zoned

EXAMPLES = ('Weekly(day_of_week="Monday", time_of_day="19:00")', 'Weekly(day_of_week=[0, 3], time_of_day="19:00")')


@dataclass(frozen=True, slots=True)
class Weekly(Zoned):
    """Due every week, on one weekday or several, at one time on the wall clock.

    Args:
        day_of_week: one weekday or several, 0 (Monday) to 6 or names.
        time_of_day: a `time`, a text such as `19:00`, or a mapping with `hour`, `minute` and `second`.
        timezone: the IANA time zone whose clocks are followed.
        dst_gap: what happens on a day whose clocks skip this time.
        dst_overlap: what happens on a day whose clocks show this time twice.
    """

    kind: ClassVar[str] = "weekly"

    day_of_week: Weekdays
    time_of_day: TimeOfDay
    timezone: str = "UTC"
    dst_gap: DstGap = field(default="at_transition", kw_only=True)
    dst_overlap: DstOverlap = field(default="first", kw_only=True)
    _timetable: Timetable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weekdays = read_weekdays("day_of_week", self.day_of_week)
        if not weekdays:
            raise InvalidSchedule("day_of_week must name at least one weekday", examples=EXAMPLES)
        time_of_day = read_time_of_day(self.time_of_day)
        object.__setattr__(self, "day_of_week", weekdays)
        object.__setattr__(self, "time_of_day", time_of_day)
        self._follow(Pattern(WeekdaysOnly(frozenset(weekdays)), (seconds_of_day(time_of_day),)))

    def describe(self) -> str:
        days = join_names(read_weekdays("day_of_week", self.day_of_week))
        return f"every {days} at {write_time_of_day(self.time_of_day)} {self._zone_words()}"
