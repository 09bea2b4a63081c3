"""The one loop: it sleeps as long as a round says, goes on after an error, and can be woken and stopped."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from tests.engine.stepped import NOW

from duetime.core.clock import SystemClock
from duetime.core.errors import DatabaseUnavailable
from duetime.engine.service import Service
from duetime.testing.clock import ManualClock


class Counting(Service):
    """Does what it is given, and says when it has done a number of rounds."""

    name = "counting"

    def __init__(self, deed: Callable[[], float], **parts: Any) -> None:
        super().__init__(**parts)
        self.deed = deed
        self.rounds = 0
        self.at_three = threading.Event()

    def round(self) -> float:
        self.rounds += 1
        if self.rounds == 3:
            self.at_three.set()
        return self.deed()


def unavailable() -> float:
    raise DatabaseUnavailable("away", remedy="Wait.")


def broken() -> float:
    message = "a fault of ours"
    raise ValueError(message)


def test_pauses_grow_up_to_a_limit_and_start_again_after_a_success() -> None:
    for deed in (unavailable, broken):
        service = Counting(deed, clock=ManualClock(NOW))
        assert [service._guarded_round() for _ in range(8)] == [0.5, 1, 2, 4, 5, 5, 5, 5]
        service.deed = lambda: 7
        assert service._guarded_round() == 7
        service.deed = unavailable
        assert service._guarded_round() == 0.5


def test_it_goes_on_after_any_error() -> None:
    service = Counting(broken, clock=ManualClock(NOW))
    service.start()
    assert service.at_three.wait(10)
    service.stop()
    assert service.join()


def test_a_wake_ends_its_sleep_and_a_stop_its_loop() -> None:
    service = Counting(lambda: 3600, clock=SystemClock())
    service.start()
    while not service.at_three.wait(0.01):
        service.wake()
    service.stop()
    assert service.join(seconds=10)
    assert service.rounds >= 3


def test_one_that_never_started_has_ended() -> None:
    assert Counting(unavailable, clock=SystemClock()).join()


def test_who_joins_while_it_starts_meets_no_thread_that_has_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    service = Counting(lambda: 0, clock=SystemClock())
    start = threading.Thread.start

    def stopped_and_joined_first(thread: threading.Thread) -> None:
        service.stop()
        assert service.join()
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", stopped_and_joined_first)
    service.start()
    assert service.join()
    assert service.rounds == 0
