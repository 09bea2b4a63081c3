"""What to do about due times that passed while nobody could run them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from duetime.schedule.instants import to_utc
from duetime.schedule.periodic import Periodic
from duetime.schedule.value import ScheduleValue

MOMENT = timedelta(microseconds=1)


class CatchUp(StrEnum):
    """Which missed due times of a recurring event still run."""

    LATEST = "latest"
    """The newest one; the older ones are recorded."""

    ALL = "all"
    """Each one, in order."""

    SKIP = "skip"
    """None; all are recorded, and the first one after now is next."""


@dataclass(frozen=True, slots=True)
class Missed:
    """Due times that do not run, told as one: the first, the last and how many."""

    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, slots=True)
class CatchUpPlan:
    """What an event that is due does next.

    Attributes:
        run_at: the due time to run now, or None when none does.
        missed: the due times to record as missed, all before `run_at` and `next_due`, or None.
        next_due: the due time after those, or None when the schedule has ended.
    """

    run_at: datetime | None
    missed: Missed | None
    next_due: datetime | None


def catch_up(
    schedule: ScheduleValue,
    *,
    due_at: datetime,
    now: datetime,
    policy: CatchUp,
    grace: timedelta = timedelta(seconds=60),
    window: timedelta | None = None,
) -> CatchUpPlan:
    """Decide what an event does whose oldest owed due time is `due_at`.

    A due time is missed when a later one is due as well, or when it is later than `grace`. A one-off always runs: how
    late it may be is a matter of its expiry. The cost does not grow with the number of missed times, but for cron
    expressions, where it grows with the number of days.

    Args:
        schedule: the schedule; a `Periodic` without an anchor is counted from `due_at`.
        due_at: the oldest due time that has no answer yet.
        now: the present instant.
        policy: which missed due times still run.
        grace: how late a due time may be and still be on time.
        window: due times further in the past than this are recorded as missed under every policy.
    """
    due_at, now = to_utc("due_at", due_at), to_utc("now", now)
    if due_at > now:
        return CatchUpPlan(run_at=None, missed=None, next_due=due_at)
    if not schedule.recurring:
        return CatchUpPlan(run_at=due_at, missed=None, next_due=None)
    if isinstance(schedule, Periodic):
        schedule = schedule.anchored(due_at)
    run_at = _choose(schedule, due_at=due_at, now=now, policy=policy, grace=grace, window=window)
    if run_at is None:
        return CatchUpPlan(None, _missed(schedule, first=due_at, until=now), schedule.next_after(now))
    missed = _missed(schedule, first=due_at, until=run_at - MOMENT) if run_at > due_at else None
    return CatchUpPlan(run_at, missed, schedule.next_after(run_at))


def _choose(
    schedule: ScheduleValue,
    *,
    due_at: datetime,
    now: datetime,
    policy: CatchUp,
    grace: timedelta,
    window: timedelta | None,
) -> datetime | None:
    newest = _newest(schedule, due_at=due_at, until=now)
    age = now - newest
    if window is not None and age > window:
        return None
    match policy:
        case CatchUp.LATEST:
            return newest
        case CatchUp.SKIP:
            return None if age > grace else newest
        case CatchUp.ALL:
            if window is None or now - due_at <= window:
                return due_at
            return schedule.next_after(now - window - MOMENT)


def _newest(schedule: ScheduleValue, *, due_at: datetime, until: datetime) -> datetime:
    """Return the last owed due time. `due_at` is owed even when the schedule, as it is now, would not name it."""
    latest = schedule.previous_at_or_before(until)
    return due_at if latest is None else max(due_at, latest)


def _missed(schedule: ScheduleValue, *, first: datetime, until: datetime) -> Missed:
    last = _newest(schedule, due_at=first, until=until)
    return Missed(first, last, 1 + schedule.count_between(first, until=last))
