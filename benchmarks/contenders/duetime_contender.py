"""The real thing: an app, a tracker block, and a worker as a user runs it."""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from threading import Event
from typing import NamedTuple

import structlog

from benchmarks.contenders.contender import Span
from benchmarks.databases import Target
from benchmarks.processes import Gate
from benchmarks.workload import BOT, DESCRIPTION, EVENT_TYPE, LEASE_SECONDS, Wish
from duetime.app.app import App
from duetime.core.statuses import OnLost
from duetime.engine.executors import ThreadExecutor
from duetime.engine.worker import Worker, WorkerSettings
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager
from duetime.schedule.once import Once
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.store import Store, Transaction

_LOOK_SECONDS = 0.02
_QUIET_LOOKS = 10


class Noop(ScheduledEventJob):
    """A job that does nothing, so that what is left is ours."""

    on_lost = OnLost.RETRY

    def run(self) -> None:
        """Do nothing."""


class Written(NamedTuple):
    """A writing transaction, and which of the worker's threads made it."""

    thread: str
    began: float
    ended: float


class TimedStore(Store):
    """A store that notes when it wrote."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.written: list[Written] = []

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        began = time.monotonic()
        with super().write() as tx:
            yield tx
        self.written.append(Written(threading.current_thread().name, began, time.monotonic()))


class GatedExecutor(ThreadExecutor):
    """Threads that have no free slot until they are released, so that all workers begin at once."""

    def __init__(self, *, slots: int) -> None:
        super().__init__(slots=slots)
        self._is_open = False

    def open(self) -> None:
        """Take tasks from now on."""
        self._is_open = True

    def free_slots(self) -> int:
        return super().free_slots() if self._is_open else 0


@dataclass(frozen=True, slots=True)
class Machine:
    """The resource that a bot's action is given."""

    resource_id: str

    def get_resource_id(self) -> str:
        return self.resource_id


@contextmanager
def application(store: Store) -> Iterator[App]:
    """Wire an app that knows the no-op job, and nothing of any cloud."""
    app = App(store, providers={}, installed_plugins=False)
    try:
        with app.current():
            ScheduledEventManager.register(EVENT_TYPE)(Noop)
            yield app
    finally:
        app.close()


def silence_logs() -> None:
    """Let warnings alone through: where they are written is not what is measured."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))


def schedule_all(app: App, wished: Sequence[tuple[Machine, datetime]]) -> None:
    """Schedule everything in one block, as a bot's action does."""
    with ScheduledEventTracker(app.client) as tracker:
        for machine, when in wished:
            tracker.schedule_bot_event(
                bot=BOT,
                resource=machine,
                description=DESCRIPTION,
                event_type=EVENT_TYPE,
                schedule_data=Once(when=when),
            )


@dataclass(slots=True)
class Running:
    """A worker that works in a thread of its own."""

    worker: Worker
    executor: GatedExecutor
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.thread = threading.Thread(target=self.worker.run, name="worker")

    def start(self) -> None:
        """Start it and wait until it could begin."""
        pause = Event()
        self.thread.start()
        while self.worker.session.session_id is None or EVENT_TYPE not in self.worker.catalogue.handlers():
            pause.wait(_LOOK_SECONDS)

    def is_quiet(self) -> bool:
        """Return whether nothing runs and nothing waits to be written."""
        return self.executor.idle() and not len(self.worker.outbox) and not len(self.worker.in_flight)

    def stop(self) -> None:
        """Drain and end it."""
        self.worker.stop()
        self.thread.join()


class Duetime:
    """Duetime itself."""

    def schedule(self, target: Target, wished: Sequence[Wish], gate: Gate) -> float:
        silence_logs()
        machines = [(Machine(wish.resource_id), wish.when) for wish in wished]
        with Store(target.url) as store, application(store) as app:
            with store.read() as tx:  # connecting is not what is measured
                tx.event_types.all()
            gate.ready()
            began = time.monotonic()
            schedule_all(app, machines)
            return time.monotonic() - began

    def drain(self, target: Target, gate: Gate) -> Span:
        """Work until the gate says that all is done."""
        silence_logs()
        with TimedStore(target.url) as store, application(store) as app:
            settings = WorkerSettings(lease_seconds=LEASE_SECONDS)
            executor = GatedExecutor(slots=settings.slots)
            running = Running(app.worker(settings=settings, executor=executor), executor)
            running.start()
            gate.ready()
            store.written.clear()
            began = time.monotonic()
            executor.open()
            running.worker.dispatcher.wake()
            self._work(running, gate)
            span = self._span(store.written, began=began)
            running.stop()
        return span

    def delay(self, target: Target, gate: Gate) -> Span:
        return self.drain(target, gate)

    def _work(self, running: Running, gate: Gate) -> None:
        pause = Event()
        quiet = 0
        while not gate.stop_asked():
            pause.wait(_LOOK_SECONDS)
            quiet = quiet + 1 if running.is_quiet() else 0
            if quiet == _QUIET_LOOKS:
                gate.quiet()

    def _span(self, written: Sequence[Written], *, began: float) -> Span:
        """Return from the first claim to the last ending; beats and the like are not the work."""
        work = [one for one in written if one.thread not in {"duetime-heartbeat", "duetime-plugins"}]
        if not work:
            return Span(began, began, 0)
        return Span(min(one.began for one in work), max(one.ended for one in work), len(work))
