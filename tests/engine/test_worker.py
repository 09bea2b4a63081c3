"""A whole worker in threads on the system's clock: deadlines, draining, leaving."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.engine.waiting import until

from duetime.app.app import App
from duetime.core.events import Event, Run
from duetime.core.registration import registering_with
from duetime.core.statuses import EventStatus, OnLost, RunStatus
from duetime.engine.executors import ThreadExecutor
from duetime.engine.worker import EXIT_OK, EXIT_STUCK, Worker, WorkerSettings
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager
from duetime.providers.fake import FakeCloud
from duetime.store.event_table import EventQuery
from duetime.store.store import Store


class Running:
    """An app with one worker that runs in threads of its own."""

    def __init__(self, url: str, **settings: Any) -> None:
        self.store = Store(url, durable=False)
        self.app = App(self.store, providers={"fake": FakeCloud()}, installed_plugins=False)
        self.settings = WorkerSettings(**{"slots": 2, "poll_seconds": 0.05, "grace_seconds": 0.1, **settings})
        self.worker: Worker = self.app.worker(
            settings=self.settings, executor=ThreadExecutor(slots=self.settings.slots)
        )
        self.exit_codes: list[int] = []
        self._thread = threading.Thread(target=lambda: self.exit_codes.append(self.worker.run()), daemon=True)

    def job(self, deed: Callable[[Any], Any], event_type: str = "test.job", **attributes: Any) -> None:
        job_class = type("Job", (ScheduledEventJob,), {"run": deed, **attributes})
        with registering_with(self.app.registries):
            ScheduledEventManager.register(event_type)(job_class)
        self.worker.plugins.round()

    def start(self) -> None:
        self._thread.start()

    def schedule(self, event_type: str = "test.job") -> Event:
        return self.app.client.schedule(event_type, datetime.now(UTC))

    def events(self) -> list[Event]:
        with self.store.read() as tx:
            return tx.events.find(EventQuery(most=10_000))[::-1]

    def statuses(self) -> list[str]:
        return [event.status.value for event in self.events()]

    def runs(self, event: Event) -> list[Run]:
        with self.store.read() as tx:
            return tx.runs.of_event(event.event_id)

    def ended(self) -> bool:
        return not self._thread.is_alive()

    def sessions(self) -> list[str]:
        with self.store.read() as tx:
            return [session.status for session in tx.sessions.latest()]


@pytest.fixture
def gate() -> threading.Event:
    """Return what jobs wait for."""
    return threading.Event()


@pytest.fixture
def make_running(sqlite_url: str, gate: threading.Event) -> Iterator[Callable[..., Running]]:
    made: list[Running] = []

    def make(**settings: Any) -> Running:
        made.append(Running(sqlite_url, **settings))
        return made[-1]

    yield make
    gate.set()
    for running in made:
        running.worker.stop()
        until(running.ended, what="the end of the worker")
        running.app.close()


def test_everything_that_is_due_runs_once(make_running: Callable[..., Running]) -> None:
    running = make_running(slots=8)
    lock = threading.Lock()
    notes: list[int] = []

    def deed(job: ScheduledEventJob) -> None:
        assert job.scheduled_event_id is not None
        with lock:
            notes.append(job.scheduled_event_id)

    running.job(deed)
    running.start()
    events = [running.schedule() for _ in range(300)]
    until(lambda: set(running.statuses()) == {"succeeded"})
    assert sorted(notes) == [event.event_id for event in events]
    running.worker.stop()
    until(running.ended)
    assert running.exit_codes == [EXIT_OK]
    assert running.sessions() == ["stopped"]


def test_a_job_past_its_deadline_is_asked_then_given_up_and_its_late_report_refused(
    make_running: Callable[..., Running], gate: threading.Event
) -> None:
    running = make_running(slots=4)
    back, seen = threading.Event(), []

    def deed(job: ScheduledEventJob) -> str:
        until(lambda: job.cancel_requested, what="the cancel flag")
        seen.append(running.statuses())
        gate.wait(30)
        back.set()
        return "a late report, and nonsense too"

    running.job(deed, timeout=timedelta(seconds=0.05), on_lost=OnLost.HOLD)
    running.start()
    event = running.schedule()
    until(lambda: running.statuses() == ["held"])
    assert seen == [["running"]]
    assert running.worker._calls.stuck == 1
    gate.set()
    assert back.wait(30)
    until(lambda: running.worker._calls.stuck == 0)
    assert running.statuses() == ["held"]
    assert [run.status for run in running.runs(event)] == [RunStatus.TIMED_OUT]


def test_a_job_that_stops_when_asked_has_its_own_outcome(make_running: Callable[..., Running]) -> None:
    running = make_running(grace_seconds=30)
    running.job(lambda job: until(lambda: job.cancel_requested), timeout=timedelta(seconds=0.05))
    running.start()
    running.schedule()
    until(lambda: running.statuses() == ["succeeded"])


def test_a_worker_with_half_of_its_slots_stuck_leaves_and_asks_for_another(
    make_running: Callable[..., Running], gate: threading.Event
) -> None:
    running = make_running(slots=2)
    running.job(lambda _job: gate.wait(30), timeout=timedelta(seconds=0.05), on_lost=OnLost.FAIL)
    running.start()
    event = running.schedule()
    until(running.ended)
    assert running.exit_codes == [EXIT_STUCK]
    assert running.app.client.get(event.event_id).status is EventStatus.FAILED
    assert running.sessions() == ["stopped"]


def test_draining_lets_running_jobs_end_and_gives_the_rest_back(
    make_running: Callable[..., Running], gate: threading.Event
) -> None:
    running = make_running(slots=2)
    begun = threading.Semaphore(0)

    def deed(job: ScheduledEventJob) -> None:
        begun.release()
        gate.wait(30)

    running.job(deed)
    running.job(deed, "test.other")
    for _ in range(4):
        running.schedule()
        running.schedule("test.other")
    running.start()
    assert begun.acquire(timeout=30)
    assert begun.acquire(timeout=30)
    until(lambda: running.statuses().count("running") == 4)  # two slots ask for two events of each type
    running.worker.stop()
    until(lambda: running.worker.dispatcher.join(seconds=0))
    gate.set()
    until(running.ended)
    assert running.exit_codes == [EXIT_OK]
    assert sorted(running.statuses()) == ["scheduled"] * 6 + ["succeeded"] * 2
    assert {event.attempt for event in running.events() if event.status is EventStatus.SCHEDULED} == {0}
    assert running.sessions() == ["stopped"]


def test_after_the_drain_time_what_still_runs_keeps_its_claim_and_nothing_else_does(
    make_running: Callable[..., Running], gate: threading.Event
) -> None:
    """Nobody knows what the running job does yet: its claim ends with the lease, and no sooner."""
    running = make_running(slots=1, drain_seconds=0.2)
    begun = threading.Event()

    def deed(_job: ScheduledEventJob) -> None:
        begun.set()
        gate.wait(30)

    running.job(deed)
    running.job(deed, "test.other")
    running.schedule()
    running.schedule("test.other")
    running.start()
    assert begun.wait(30)
    until(lambda: running.statuses() == ["running", "running"])
    running.worker.stop()
    until(running.ended)
    assert sorted(running.statuses()) == ["running", "scheduled"]
    assert running.sessions() == ["alive"]


def test_the_rest_of_a_chunk_is_not_started_once_the_drain_time_is_over(
    make_running: Callable[..., Running], gate: threading.Event
) -> None:
    running = make_running(slots=1, drain_seconds=0.2)
    begun = threading.Event()
    called: list[int | None] = []

    def deed(job: ScheduledEventJob) -> None:
        called.append(job.scheduled_event_id)
        begun.set()
        gate.wait(30)

    running.job(deed)
    running.worker._runner._durations.note("test.job", 0.001)
    for _ in range(3):
        running.schedule()
    running.start()
    assert begun.wait(30)
    until(lambda: running.statuses() == ["running"] * 3)
    running.worker.stop()
    until(running.ended)
    gate.set()
    until(running.worker._executor.idle)
    assert len(called) == 1
    assert sorted(running.statuses()) == ["running", "scheduled", "scheduled"]
    assert {event.attempt for event in running.events() if event.status is EventStatus.SCHEDULED} == {0}


def test_a_stop_before_anything_happens_is_enough(make_running: Callable[..., Running]) -> None:
    running = make_running()
    running.worker.stop()
    running.start()
    until(running.ended)
    assert running.exit_codes == [EXIT_OK]
