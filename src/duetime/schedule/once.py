"""One single due time."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, cast

from duetime.core.errors import InvalidSchedule
from duetime.schedule.instants import read_instant, require_aware, to_utc
from duetime.schedule.value import ScheduleValue

EXAMPLES = ('Once(when="2026-01-31T19:00:00Z")', "Once(when=datetime.now(UTC) + timedelta(hours=12))")


@dataclass(frozen=True, slots=True)
class Once(ScheduleValue):
    """Due one single time.

    Args:
        when: the instant, as a `datetime` or an ISO 8601 text. Here, and nowhere else, a missing time zone means UTC.
    """

    kind: ClassVar[str] = "once"
    recurring: ClassVar[bool] = False

    when: datetime | str

    def __post_init__(self) -> None:
        if type(self.when) is datetime and self.when.tzinfo is UTC:
            return  # what nearly all are: a bot schedules thousands in one block
        instant = read_instant(self.when, naive_is_utc=True)
        if instant is None:
            raise InvalidSchedule(f"when must be a date and time, not {self.when!r}", examples=EXAMPLES)
        object.__setattr__(self, "when", instant)

    @property
    def instant(self) -> datetime:
        """The due time, in UTC."""
        return cast("datetime", self.when)

    def first_due(self, now: datetime) -> datetime:
        """Return the due time of an event scheduled at `now`: a time that has passed is due at once."""
        return max(self.instant, to_utc("now", now))

    def next_after(self, moment: datetime) -> datetime | None:
        return self.instant if self.instant > require_aware("moment", moment) else None

    def previous_at_or_before(self, moment: datetime) -> datetime | None:
        return self.instant if self.instant <= require_aware("moment", moment) else None

    def count_between(self, after: datetime, *, until: datetime) -> int:
        return int(require_aware("after", after) < self.instant <= require_aware("until", until))

    def describe(self) -> str:
        return f"once at {self.instant.replace(tzinfo=None)} UTC"
