"""Which due times of an event are owed an answer at a moment."""

from datetime import datetime

from duetime.core.schedules import Schedule
from duetime.schedule.catch_up import MOMENT, CatchUp, catch_up
from duetime.schedule.value import ScheduleValue


def owed_until(schedule: Schedule, *, due_at: datetime, now: datetime) -> tuple[datetime | None, int]:
    """Return the last due time that is owed, None when it is `due_at` itself, and how many are."""
    if not isinstance(schedule, ScheduleValue):
        return None, 1
    # With less than no grace, not even a due time of this instant counts as on time: all are told as one.
    missed = catch_up(schedule, due_at=due_at, now=now, policy=CatchUp.SKIP, grace=-MOMENT).missed
    return (None, 1) if missed is None or missed.count == 1 else (missed.last, missed.count)
