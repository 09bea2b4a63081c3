"""The worker's own clock is put forward or back: the database says what is due, and nothing is early or twice."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from duetime.app.app import App
from duetime.core.clock import SystemClock
from duetime.core.events import Event
from duetime.core.registration import registering_with
from duetime.core.statuses import EventStatus, RunStatus
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import Worker, WorkerSettings
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager
from duetime.schedule import Periodic
from duetime.store.store import Store

pytestmark = pytest.mark.postgres
HOUR = timedelta(hours=1)


class SteppedClock(SystemClock):
    """The system's clock, and how far somebody has put it wrong."""

    def __init__(self) -> None:
        self.offset = timedelta(0)

    def now(self) -> Any:
        return super().now() + self.offset


@pytest.fixture
def stepped_clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture
def app(postgresql_url: str, stepped_clock: SteppedClock) -> Iterator[App]:
    with Store(postgresql_url, clock=stepped_clock) as store:
        yield App(store, clock=stepped_clock, providers={}, installed_plugins=False)


@pytest.fixture
def started() -> list[int]:
    return []


@pytest.fixture
def worker(app: App, started: list[int]) -> Worker:
    """Return a worker that has just compared its clock with the database's."""

    class Job(ScheduledEventJob):
        def run(self) -> None:
            assert self.scheduled_event_id is not None
            started.append(self.scheduled_event_id)

    with registering_with(app.registries):
        ScheduledEventManager.register("test.job")(Job)
    worker = app.worker(settings=WorkerSettings(), executor=InlineExecutor())
    worker.plugins.round()
    worker.heartbeat.round()
    return worker


def settle(worker: Worker) -> None:
    for _ in range(20):
        worker.dispatcher.round()
        worker.outbox.flush()


def due_now(app: App, **parts: Any) -> Event:
    """Schedule an event that is due by the database's own clock."""
    app.store.measure_clock()
    return app.client.schedule("test.job", app.client.now() - timedelta(seconds=1), **parts)


@pytest.mark.parametrize("hours", [2, -2, 1000])
def test_what_is_due_starts_once_and_what_is_not_does_not(
    app: App, worker: Worker, stepped_clock: SteppedClock, started: list[int], hours: int
) -> None:
    due, later = due_now(app), app.client.schedule("test.job", app.client.now() + HOUR)
    stepped_clock.offset = timedelta(hours=hours)
    settle(worker)
    assert started == [due.event_id]
    assert app.client.get(later.event_id).status is EventStatus.SCHEDULED


def test_nothing_expires_because_a_clock_is_wrong(
    app: App, worker: Worker, stepped_clock: SteppedClock, started: list[int]
) -> None:
    event = due_now(app, expires_after=HOUR)
    stepped_clock.offset = 2 * HOUR
    settle(worker)
    assert started == [event.event_id]


def test_no_due_time_is_passed_over_or_taken_early(
    app: App, worker: Worker, stepped_clock: SteppedClock, started: list[int]
) -> None:
    anchor = app.client.now() + timedelta(seconds=0.2)
    event = app.client.schedule("test.job", Periodic(hours=1, anchor=anchor - HOUR))
    stepped_clock.offset = 3 * HOUR
    while not started:
        settle(worker)
    with app.store.read() as tx:
        (run,) = tx.runs.of_event(event.event_id)
    assert (run.due_at, run.status) == (anchor, RunStatus.SUCCEEDED)
    assert abs(run.finished_at - anchor) < timedelta(minutes=1)
    assert app.client.get(event.event_id).due_at == anchor + HOUR
    settle(worker)
    assert len(started) == 1


def test_the_difference_is_kept_for_people_to_see(app: App, worker: Worker, stepped_clock: SteppedClock) -> None:
    stepped_clock.offset = HOUR
    worker.heartbeat.round()
    with app.store.read() as tx:
        (session,) = tx.sessions.alive()
    assert abs(session.clock_offset_ms + 3_600_000) < 60_000
