"""A whole app on SQLite whose worker is stepped by hand, and the faults that its database can be given."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from sqlalchemy import update

from duetime.app.app import App
from duetime.core.errors import DatabaseUnavailable
from duetime.core.events import Event, Run
from duetime.core.registration import registering_with
from duetime.core.resources import Resource
from duetime.core.schedules import Schedule
from duetime.engine.executors import Executor, InlineExecutor, Task
from duetime.engine.worker import Worker, WorkerSettings
from duetime.jobs.registration import ScheduledEventManager
from duetime.providers.fake import FakeCloud
from duetime.scheduling.client import Client
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunQuery
from duetime.store.store import Store, Transaction
from duetime.store.tables import events
from duetime.testing.clock import ManualClock

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
J = TypeVar("J", bound=type[Any])


class FaultyStore(Store):
    """A real store whose next transactions break where they are told to.

    Attributes:
        away: nothing answers.
        breaks_after: how many more writing transactions are answered before one commits whose answer is lost.
        before_write: called once, before the next writing transaction begins: what another process does meanwhile.
        after_write: called once, when the next writing transaction is over.
        connections: how many transactions were begun.
    """

    def __init__(self, url: str, *, clock: ManualClock) -> None:
        super().__init__(url, clock=clock, durable=False)
        self.away = False
        self.breaks_after: int | None = None
        self.before_write: Callable[[], object] | None = None
        self.after_write: Callable[[], object] | None = None
        self.connections = 0

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        self._answer()
        interlude, self.before_write = self.before_write, None
        if interlude is not None:
            interlude()
        with super().write() as tx:
            yield tx
        epilogue, self.after_write = self.after_write, None
        if epilogue is not None:
            epilogue()
        if self.breaks_after is not None:
            self.breaks_after -= 1
            if self.breaks_after < 0:
                self.breaks_after = None
                raise DatabaseUnavailable("the connection broke at the commit", remedy="Look again.")

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        self._answer()
        with super().read() as tx:
            yield tx

    def _answer(self) -> None:
        self.connections += 1
        if self.away:
            raise DatabaseUnavailable("nobody answers", remedy="Start it.")


class QueuedExecutor:
    """Keeps every task until it is told to run it: what lies between a claim and a start can then be arranged."""

    slots = 8

    def __init__(self) -> None:
        self.tasks: deque[Task] = deque()

    def free_slots(self) -> int:
        return max(0, self.slots - len(self.tasks))

    def submit(self, task: Task) -> None:
        self.tasks.append(task)

    def run(self) -> None:
        """Run everything that waits, and what it submits."""
        while self.tasks:
            self.tasks.popleft()()

    def start(self) -> None:
        """Nothing to make ready."""

    def close(self) -> list[Task]:
        waiting = list(self.tasks)
        self.tasks.clear()
        return waiting

    def idle(self) -> bool:
        return not self.tasks


class Stepped:
    """One app and one worker of it; nothing happens until it is stepped.

    Attributes:
        answers: what the jobs of a test return, one after the other.
    """

    def __init__(
        self,
        store: FaultyStore,
        *,
        clock: ManualClock,
        cloud: FakeCloud,
        executor: Executor | None = None,
        settings: WorkerSettings | None = None,
        plugin_paths: Sequence[Path] = (),
    ) -> None:
        self.store = store
        self.clock = clock
        self.cloud = cloud
        self.answers: list[Any] = []
        self.app = App(
            store, clock=clock, providers={"fake": cloud}, plugin_paths=plugin_paths, installed_plugins=False
        )
        self.executor = executor or InlineExecutor()
        self.worker: Worker = self.app.worker(settings=settings or WorkerSettings(), executor=self.executor)
        self.worker.plugins.round()
        self.worker.heartbeat.round()

    @property
    def client(self) -> Client:
        return self.app.client

    def job(self, event_type: str = "test.job") -> Callable[[J], J]:
        """Return a decorator that registers a job class with this app and publishes it."""

        def decorate(job_class: J) -> J:
            with registering_with(self.app.registries):
                ScheduledEventManager.register(event_type)(job_class)
            self.worker.plugins.round()
            return job_class

        return decorate

    def forget(self, event_type: str = "test.job") -> None:
        """Take every registration of an event type back, as an unload does."""
        registry = self.app.registries.event_types
        registry.remove(event_type, owner=registry.require(event_type).owner)

    def add(self, **parts: Any) -> Resource:
        """Put a resource into the cloud, and its account among those that are asked."""
        resource = self.cloud.add(**parts)
        with self.store.write() as tx:
            tx.accounts.save(self.cloud.accounts()[resource.account])
        self.app.clouds.refresh()
        return resource

    def schedule(self, event_type: str = "test.job", *, when: Schedule | datetime | None = None, **parts: Any) -> Event:
        """Schedule an event, due now if nothing else is said."""
        return self.client.schedule(event_type, self.store.now() if when is None else when, **parts)

    def schedule_many(self, number: int, event_type: str = "test.job", **parts: Any) -> list[Event]:
        """Schedule events that are due now, in one transaction."""
        with ScheduledEventTracker(self.client) as tracker:
            for _ in range(number):
                tracker.schedule_bot_event(event_type=event_type, schedule_data=self.store.now(), **parts)
        return self.events(event_type=event_type)[-number:]

    def step(self) -> None:
        """Claim and start what is due, and write what came of it, once."""
        self.worker.dispatcher.round()
        self.worker.outbox.flush()

    def fail_step(self) -> None:
        """Step into a database that does not answer, as the worker's loop would."""
        with pytest.raises(DatabaseUnavailable):
            self.step()

    def settle(self) -> None:
        """Claim, run and write until nothing is due."""
        for _ in range(1000):
            delay = self.worker.dispatcher.round()
            if not self.worker.outbox.flush() and delay > 0:
                return
        message = "events keep falling due"
        raise AssertionError(message)

    def pass_time(self, seconds: float, *, beat: bool = True) -> None:
        """Let time pass, on both clocks; the worker beats at its end."""
        self.clock.move_to(self.clock.now() + timedelta(seconds=seconds))
        self.clock.elapsed += seconds
        if beat:
            self.worker.heartbeat.round()

    def tamper(self, event: Event, **columns: Any) -> None:
        """Change the row of an event past every rule."""
        with self.store.write() as tx:
            tx.verbs._connection.execute(update(events).where(events.c.event_id == event.event_id).values(columns))

    def event(self, event: Event | int) -> Event:
        """Return an event as it stands now."""
        return self.client.get(event if isinstance(event, int) else event.event_id)

    def events(self, **query: Any) -> list[Event]:
        """Return events, the oldest first."""
        with self.store.read() as tx:
            return tx.events.find(EventQuery(most=100_000, **query))[::-1]

    def runs(self, event: Event | None = None) -> list[Run]:
        """Return the history of an event, or all of it, the oldest first."""
        with self.store.read() as tx:
            if event is not None:
                return tx.runs.of_event(event.event_id, most=10_000)
            return tx.runs.find(RunQuery(most=100_000))[::-1]
