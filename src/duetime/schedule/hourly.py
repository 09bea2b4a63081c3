"""Due once in every hour."""

from dataclasses import dataclass, field
from typing import ClassVar

from duetime.schedule.checks import check_number
from duetime.schedule.days import WeekdaysOnly
from duetime.schedule.instants import DAY
from duetime.schedule.pattern import Pattern
from duetime.schedule.walltime import DstGap, DstOverlap, Timetable
from duetime.schedule.weekdays import Weekdays, join_names, read_exclusions
from duetime.schedule.zoned import Zoned

HOUR = 3_600


@dataclass(frozen=True, slots=True)
class Hourly(Zoned):
    """Due in every hour, at one minute and second of it.

    It counts elapsed time: of an hour that the clocks show twice, both have their due time. So `dst_overlap` changes
    nothing here; it is taken so that all calendar schedules can be given the same rules.

    Args:
        minute_of_hour: 0 to 59.
        second_of_hour: the second within that minute, 0 to 59.
        timezone: the IANA time zone whose clocks are followed.
        exclude_days: weekdays without due times, 0 (Monday) to 6 or names.
        dst_gap: `skip` leaves out an hour that the clocks skip; otherwise it comes as if they had not been changed.
        dst_overlap: without effect.
    """

    kind: ClassVar[str] = "hourly"

    minute_of_hour: int = 0
    second_of_hour: int = 0
    timezone: str = "UTC"
    exclude_days: Weekdays = field(default=(), kw_only=True)
    dst_gap: DstGap = field(default="at_transition", kw_only=True)
    dst_overlap: DstOverlap = field(default="first", kw_only=True)
    _timetable: Timetable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        check_number("minute_of_hour", self.minute_of_hour, least=0, most=59)
        check_number("second_of_hour", self.second_of_hour, least=0, most=59)
        excluded = read_exclusions(self.exclude_days)
        object.__setattr__(self, "exclude_days", excluded)
        first = self.minute_of_hour * 60 + self.second_of_hour
        self._follow(Pattern(WeekdaysOnly.without(excluded), range(first, DAY, HOUR)))

    @property
    def counts_elapsed_time(self) -> bool:
        return True

    def describe(self) -> str:
        past = f":{self.minute_of_hour:02}" + (f":{self.second_of_hour:02}" if self.second_of_hour else "")
        excluded = read_exclusions(self.exclude_days)
        days = f" except on {join_names(excluded)}" if excluded else ""
        return f"every hour at {past}{days} {self._zone_words()}"
