"""A worker beside the web server, stepped by hand."""

from datetime import timedelta

import pytest

from duetime.app.app import App
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import WorkerSettings
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager
from duetime.testing.clock import ManualClock


class Working:
    """One worker of an app, with a job `test.job` that succeeds and a job `test.failure` that raises."""

    def __init__(self, app: App, clock: ManualClock) -> None:
        self.app = app
        self.clock = clock
        with app.current():

            @ScheduledEventManager.register("test.job")
            class Job(ScheduledEventJob):
                def run(self) -> None:
                    """Succeed."""

            @ScheduledEventManager.register("test.failure")
            class Failure(ScheduledEventJob):
                def run(self) -> None:
                    message = "it broke"
                    raise RuntimeError(message)

        self.start_again()

    def start_again(self) -> None:
        """Take a new worker."""
        self.worker = self.app.worker(settings=WorkerSettings(), executor=InlineExecutor())
        self.worker.plugins.round()
        self.worker.heartbeat.round()

    def step(self) -> None:
        """Run what is due, and beat."""
        self.worker.dispatcher.round()
        self.worker.outbox.flush()
        self.worker.heartbeat.round()

    def pass_time(self, seconds: float, *, beat: bool = True) -> None:
        """Let time pass on both clocks; the worker beats at its end, and starts nothing."""
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
        self.clock.elapsed += seconds
        if beat:
            self.worker.heartbeat.round()


@pytest.fixture
def working(app: App, clock: ManualClock) -> Working:
    return Working(app, clock)
