"""The next due times of an event, on the clocks that its schedule follows."""

from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from duetime.core.events import Event
from duetime.core.schedules import Schedule
from duetime.schedule.zoned import Zoned
from duetime.schedule.zones import read_zone


@dataclass(frozen=True, slots=True)
class NextTime:
    """A due time.

    Attributes:
        due_at: in UTC.
        local: the same instant with the UTC offset that the schedule's own zone has then.
        is_owed: whether it has been reached and has no answer yet.
    """

    due_at: datetime
    local: datetime
    is_owed: bool


def zone_of(schedule: Schedule) -> tzinfo:
    """Return the time zone whose clocks a schedule follows; UTC for one that follows none."""
    return read_zone(schedule.timezone) if isinstance(schedule, Zoned) else UTC


def next_times(event: Event, *, now: datetime, most: int) -> tuple[NextTime, ...]:
    """Return the present due time of an event and the ones after it; none for one that has ended."""
    if event.status.is_final:
        return ()
    zone = zone_of(event.schedule)
    times = [event.due_at]
    while event.recurring and len(times) < most:
        following = event.schedule.next_after(times[-1])
        if following is None:
            break
        times.append(following)
    return tuple(NextTime(at, _local(at, zone), is_owed=at <= now) for at in times[:most])


def _local(moment: datetime, zone: tzinfo) -> datetime:
    try:
        return moment.astimezone(zone)
    except OverflowError:  # at the end of the calendar
        return moment
