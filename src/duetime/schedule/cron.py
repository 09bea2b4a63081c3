"""Due when a cron expression matches, read as Debian's cron reads it."""

from array import array
from calendar import monthrange
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from typing import ClassVar

from cronsim import CronSim, CronSimError

from duetime.core.errors import InvalidSchedule
from duetime.schedule.instants import DAY, LAST_DAY
from duetime.schedule.pattern import Pattern
from duetime.schedule.walltime import DstGap, DstOverlap, Timetable
from duetime.schedule.zoned import Zoned

EXAMPLES = (
    "0 19 * * 1-5 (19:00 from Monday to Friday)",
    "*/15 * * * * (every 15 minutes)",
    "30 2 1 * * (02:30 on the first of the month)",
    "0 9 * * MON#1 (09:00 on the first Monday of the month)",
)

LONGEST = 200
FIELDS = 5

# The calendar repeats after 400 years: what has not matched by then never will.
_CYCLE = 146_097

# From 2038 on all clock changes of a zone follow its last known rule for ever.
_RULES_SETTLED = (date(2038, 1, 1) - date.min).days * DAY

_ANY_DATE = datetime(2000, 1, 1)  # noqa: DTZ001 - cronsim is asked about wall times alone


@dataclass(frozen=True, slots=True)
class CronDays:
    """The days that the month, day-of-month and day-of-week fields of a cron expression name."""

    fields: CronSim

    def on_or_after(self, day: int) -> int | None:
        first = max(day, 0)
        last = min(first + _CYCLE, LAST_DAY)
        while first <= last:
            candidate = date.fromordinal(first + 1)
            if candidate.month not in self.fields.months:
                first += monthrange(candidate.year, candidate.month)[1] - candidate.day + 1
            elif self.fields.match_day(candidate):
                return first
            else:
                first += 1
        return None

    def on_or_before(self, day: int) -> int | None:
        last = min(day, LAST_DAY)
        first = max(last - _CYCLE, 0)
        while last >= first:
            candidate = date.fromordinal(last + 1)
            if candidate.month not in self.fields.months:
                last -= candidate.day
            elif self.fields.match_day(candidate):
                return last
            else:
                last -= 1
        return None

    def count(self, first: int, end: int) -> int:
        counted = 0
        day = self.on_or_after(first)
        while day is not None and day < end:
            counted += 1
            day = self.on_or_after(day + 1)
        return counted


@dataclass(frozen=True, slots=True)
class CronReading:
    """What one cron expression says, before any zone."""

    pattern: Pattern
    counts_elapsed_time: bool
    words: str


@dataclass(frozen=True, slots=True)
class Cron(Zoned):
    """Due when a cron expression matches the wall clock.

    Five fields are minute, hour, day of month, month and day of week; a sixth in front is the second. An expression
    whose second, minute or hour begins with `*` counts elapsed time: both passes of an overlap match, and `dst_overlap`
    changes nothing. Any other names fixed times, and both rules apply to each of them.

    Args:
        expression: such as `0 19 * * 1-5`.
        timezone: the IANA time zone whose clocks are followed.
        dst_gap: what happens to a time that the clocks skip; where elapsed time is counted, `skip` leaves it out and
            otherwise it comes as if the clocks had not been changed.
        dst_overlap: what happens to a fixed time that the clocks show twice.
    """

    kind: ClassVar[str] = "cron"

    expression: str
    timezone: str = "UTC"
    dst_gap: DstGap = field(default="at_transition", kw_only=True)
    dst_overlap: DstOverlap = field(default="first", kw_only=True)
    _reading: CronReading = field(init=False, repr=False, compare=False)
    _timetable: Timetable = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.expression, str) or len(self.expression) > LONGEST:
            raise _refused(self.expression, f"it must be a text of at most {LONGEST} characters")
        object.__setattr__(self, "expression", " ".join(self.expression.split()))
        object.__setattr__(self, "_reading", _read(self.expression))
        self._follow(self._reading.pattern)
        if self.dst_gap == "skip" and self._timetable.on_or_after(_RULES_SETTLED) is None:
            raise _refused(self.expression, f"it never fires, because in {self.timezone} the clocks skip all its times")

    @property
    def counts_elapsed_time(self) -> bool:
        return self._reading.counts_elapsed_time

    def describe(self) -> str:
        return f"cron {self.expression} {self._zone_words()}: {self._reading.words}"


@lru_cache(maxsize=1024)
def _read(expression: str) -> CronReading:
    try:
        fields = CronSim(expression, _ANY_DATE)
    except (CronSimError, ValueError) as error:
        raise _refused(expression, _problem(expression, str(error))) from error
    pattern = Pattern(CronDays(fields), _times(fields))
    if pattern.days.on_or_after(0) is None:
        raise _refused(expression, "it never fires, because no day matches it")
    return CronReading(pattern, any(part.startswith("*") for part in fields.parts[:3]), fields.explain())


def _times(fields: CronSim) -> Sequence[int]:
    return array(
        "i",
        (
            hour * 3_600 + minute * 60 + second
            for hour in sorted(fields.hours)
            for minute in sorted(fields.minutes)
            for second in sorted(fields.seconds)
        ),
    )


def _problem(expression: str, said: str) -> str:
    parts = expression.split()
    if len(parts) >= FIELDS:
        in_any_month, on_any_day = [*parts], [*parts]
        in_any_month[-2] = on_any_day[-3] = "*"
        if _is_readable(in_any_month) and _is_readable(on_any_day):
            return "it never fires, because none of its months has such a day"
    return said[:1].lower() + said[1:]


def _is_readable(parts: Sequence[str]) -> bool:
    try:
        CronSim(" ".join(parts), _ANY_DATE)
    except (CronSimError, ValueError):
        return False
    return True


def _refused(expression: object, problem: str) -> InvalidSchedule:
    return InvalidSchedule(f"The cron expression {expression!r} is refused: {problem}", examples=EXAMPLES)
