"""The clock that is moved by hand."""

import threading
from datetime import UTC, datetime, timedelta, timezone

import pytest

from duetime.core.clock import Clock, SystemClock
from duetime.core.errors import InvalidInstant
from duetime.testing import ManualClock

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


def test_it_stands_still_until_it_is_moved_and_may_go_back() -> None:
    clock = ManualClock(NOON)
    assert clock.now() == clock.now() == NOON
    for hours in (1, -5):
        clock.move_to(NOON + timedelta(hours=hours))
        assert clock.now() == NOON + timedelta(hours=hours)
    assert clock.monotonic() == 0


def test_it_shows_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert ManualClock(NOON.astimezone(berlin)).now().tzinfo is UTC
    clock = ManualClock(NOON)
    clock.move_to(NOON.astimezone(berlin))
    assert (clock.now(), clock.now().tzinfo) == (NOON, UTC)


def test_it_refuses_naive_times() -> None:
    with pytest.raises(InvalidInstant):
        ManualClock(NOON.replace(tzinfo=None))
    with pytest.raises(InvalidInstant):
        ManualClock(NOON).move_to(NOON.replace(tzinfo=None))


def test_waiting_takes_no_time_of_ours() -> None:
    clock, signal = ManualClock(NOON), threading.Event()
    assert not clock.wait(signal, seconds=3600)
    assert (clock.monotonic(), clock.now()) == (3600, NOON)
    signal.set()
    assert clock.wait(signal, seconds=3600)
    assert clock.monotonic() == 3600


def test_the_systems_clock_does_the_same_with_real_time() -> None:
    clock: Clock = SystemClock()
    signal = threading.Event()
    before, elapsed = clock.now(), clock.monotonic()
    assert not clock.wait(signal, seconds=0.001)
    assert before.tzinfo is UTC
    assert clock.now() >= before
    assert clock.monotonic() >= elapsed + 0.001
    signal.set()
    assert clock.wait(signal, seconds=3600)
