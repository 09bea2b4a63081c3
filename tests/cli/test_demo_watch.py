"""The demo waits while something happens, however slowly, and gives up when nothing does."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from duetime.cli.demo_stage import Kind, Progressing
from duetime.cli.demo_watch import Watch
from duetime.testing.clock import ManualClock

QUIET, LONGEST = 40.0, 300.0


class Moving:
    """A stage, a world and a view in one; a job ends every so many seconds, up to some number of them."""

    calls_of_nights = 0

    def __init__(self, clock: ManualClock, *, every: float, jobs: int) -> None:
        self._clock = clock
        self._every = every
        self._jobs = jobs

    @property
    def done(self) -> int:
        return min(self._jobs, int(self._clock.monotonic() / self._every))

    def progress(self) -> dict[Kind, Progressing]:
        return {Kind("night", "stop"): Progressing(self._jobs - self.done, 0, self.done, 0, 0)}

    def states(self) -> dict[Any, Any]:
        return {}

    def observe(self) -> list[Any]:
        return []

    def show(self, _picture: object) -> None:
        pass


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    monkeypatch.setattr("duetime.cli.demo_watch.SystemClock", lambda: clock)
    return clock


def watch(moving: Any, condition: Callable[[], bool]) -> bool:
    return Watch(moving, moving, view=moving, began=0.0, quiet=QUIET, longest=LONGEST).until(condition)


def test_what_goes_slowly_is_waited_for(clock: ManualClock) -> None:
    moving = Moving(clock, every=30, jobs=8)
    assert watch(moving, lambda: moving.done == 8)
    assert clock.monotonic() == pytest.approx(240, abs=1)


def test_what_does_not_go_on_is_given_up(clock: ManualClock) -> None:
    moving = Moving(clock, every=10, jobs=3)
    assert not watch(moving, lambda: moving.done == 4)
    assert clock.monotonic() == pytest.approx(30 + QUIET, abs=1)


def test_what_never_ends_is_given_up_too(clock: ManualClock) -> None:
    moving = Moving(clock, every=10, jobs=1000)
    assert not watch(moving, lambda: False)
    assert clock.monotonic() == pytest.approx(LONGEST, abs=1)
