"""Delays in hours, as bots ask for them."""

import math
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import Any

import pytest

from duetime.core.errors import InvalidSchedule
from duetime.schedule import Once
from duetime.scheduling.client import Client
from duetime.scheduling.shortcuts import schedule_hours_from_now


@pytest.mark.parametrize(
    ("hours", "delay"),
    [
        (12, timedelta(hours=12)),
        (0.25, timedelta(minutes=15)),
        (1.5, timedelta(minutes=90)),
        (0, timedelta(minutes=1)),
        (0.0, timedelta(minutes=1)),
        (1e-7, timedelta(hours=1e-7)),
    ],
)
def test_decimals_count_minutes_and_nothing_is_a_minute(
    client: Client, now: datetime, hours: float, delay: timedelta
) -> None:
    assert schedule_hours_from_now(hours) == Once(when=now + delay)


@pytest.mark.parametrize(
    "hours",
    [-1, -0.001, math.nan, math.inf, -math.inf, True, "12", None, 1e9, 1e300, 10**400],
    ids=lambda hours: repr(hours)[:9],
)
def test_what_is_no_delay_is_refused(client: Client, hours: Any) -> None:
    with pytest.raises(InvalidSchedule):
        schedule_hours_from_now(hours)


def test_without_an_app_it_asks_the_system() -> None:
    found: list[Once] = []
    thread = Thread(target=lambda: found.append(schedule_hours_from_now(1)))
    thread.start()
    thread.join()
    assert abs(found[0].instant - datetime.now(UTC) - timedelta(hours=1)) < timedelta(minutes=1)
