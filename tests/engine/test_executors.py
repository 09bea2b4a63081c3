"""Slots: how many run at once, what is left when they close, and what a task that raises does to them."""

import threading
from collections.abc import Callable, Iterator

import pytest
from tests.engine.waiting import until

from duetime.engine.executors import InlineExecutor, ThreadExecutor


@pytest.fixture
def gate() -> threading.Event:
    """Return what tasks wait for."""
    return threading.Event()


@pytest.fixture
def pass_gate(gate: threading.Event) -> Callable[[], None]:
    """Return a task that waits at the gate."""

    def task() -> None:
        gate.wait(30)

    return task


@pytest.fixture
def executor(gate: threading.Event) -> Iterator[ThreadExecutor]:
    executor = ThreadExecutor(slots=2)
    executor.start()
    yield executor
    gate.set()
    executor.close()


def test_a_task_runs_at_once_in_the_callers_thread() -> None:
    executor = InlineExecutor()
    names: list[str] = []
    executor.submit(lambda: names.append(threading.current_thread().name))
    assert names == [threading.current_thread().name]
    assert executor.idle()
    assert executor.close() == []


def test_what_waits_takes_a_slot_too(
    executor: ThreadExecutor, gate: threading.Event, pass_gate: Callable[[], None]
) -> None:
    assert executor.free_slots() == 2
    for expected in (1, 0, 0):
        executor.submit(pass_gate)
        assert executor.free_slots() == expected
    assert not executor.idle()
    gate.set()
    until(executor.idle)
    assert executor.free_slots() == 2


def test_slots_work_side_by_side(executor: ThreadExecutor) -> None:
    barrier = threading.Barrier(3)

    def meet() -> None:
        barrier.wait(10)

    for _ in range(2):
        executor.submit(meet)
    barrier.wait(10)
    until(executor.idle)


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(1), KeyboardInterrupt()])
def test_a_slot_outlives_whatever_a_task_raises(executor: ThreadExecutor, error: BaseException) -> None:
    def task() -> None:
        raise error

    done = threading.Event()
    for _ in range(4):
        executor.submit(task)
    executor.submit(done.set)
    assert done.wait(10)
    until(executor.idle)


def test_closing_returns_what_has_not_begun_and_takes_nothing_more(
    executor: ThreadExecutor, gate: threading.Event
) -> None:
    begun = threading.Semaphore(0)

    def task() -> None:
        begun.release()
        gate.wait()
        executor.submit(late.set)

    late = threading.Event()
    for _ in range(2):
        executor.submit(task)
    for _ in range(2):
        assert begun.acquire(timeout=10)
    waiting: list[Callable[[], None]] = [late.set, late.clear]
    for one in waiting:
        executor.submit(one)
    assert executor.close() == waiting
    assert not executor.idle()
    gate.set()
    until(executor.idle)
    assert not late.is_set()


def test_somebody_is_told_when_a_slot_is_free() -> None:
    free = threading.Event()
    executor = ThreadExecutor(slots=1, on_free=free.set)
    executor.start()
    executor.submit(lambda: None)
    assert free.wait(10)
    executor.close()
