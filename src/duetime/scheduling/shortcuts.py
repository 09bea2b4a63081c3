"""Schedules that bot actions often ask for."""

import math
from datetime import timedelta

from duetime.core.clock import SystemClock
from duetime.core.errors import InvalidSchedule, NoCurrentApp
from duetime.schedule.once import Once
from duetime.scheduling.current import current_client


def schedule_hours_from_now(hours: float) -> Once:
    """Return a schedule that is due once, `hours` from now.

    Args:
        hours: decimals count minutes: 0.25 is 15 minutes. 0 means one minute from now.

    Raises:
        InvalidSchedule: the number is negative or no number.
    """
    if isinstance(hours, bool) or not isinstance(hours, int | float) or not 0 <= hours < math.inf:
        raise InvalidSchedule(
            f"A delay must be a number of hours from 0, not {hours!r}", examples=["12", "0.25 for 15 minutes"]
        )
    try:
        now = current_client().now()
    except NoCurrentApp:
        now = SystemClock().now()
    try:
        return Once(when=now + (timedelta(minutes=1) if hours == 0 else timedelta(hours=hours)))
    except OverflowError:
        raise InvalidSchedule(f"A delay of {hours!r} hours ends after the calendar does") from None
