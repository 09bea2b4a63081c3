"""A database, the workers on it, and what is asked of them."""

import signal
import threading
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import func, select
from tests.concurrency import job_types
from tests.concurrency.evidence import Evidence, gather, read_journal, watch
from tests.concurrency.oracle import problems
from tests.concurrency.worker_process import Wanted, WorkerProcess
from tests.engine.waiting import until

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.core.errors import Unavailable
from duetime.core.events import OnExisting
from duetime.core.operations import ScheduleEvent
from duetime.core.schedules import Schedule
from duetime.scheduling.preparation import Request, prepare
from duetime.store.store import Store
from duetime.store.tables import events, sessions

_pause = threading.Event()


def pause(seconds: float) -> None:
    """Let a moment pass that is itself what is tested, such as the time until a kill."""
    _pause.wait(seconds)


class Place:
    """One database under test.

    Attributes:
        acknowledged: the events whose scheduling was committed.
        gate: a file that jobs with this gate wait for.
    """

    def __init__(self, url: str, folder: Path, **settings: Any) -> None:
        self.url = url
        self.folder = folder
        self.store = Store(url, durable=False)
        self.gate = folder / "gate"
        self.acknowledged: set[int] = set()
        self.workers: list[WorkerProcess] = []
        self._wanted = Wanted(url=url, folder=folder, **settings)
        app = App(self.store, providers={}, installed_plugins=False)
        job_types.register(app)
        publish(app, plugins=False)
        watch(self.store)
        self._known = app.client.event_types()

    # --- events

    def schedule(self, *wanted: Request) -> list[int]:
        """Schedule events in one transaction; return their ids."""
        newest = select(func.coalesce(func.max(events.c.event_id), 0))
        with self.store.write() as tx:
            before = tx.events._connection.execute(newest).scalar_one()
            prepared = [prepare(request, known=self._known, now=tx.now) for request in wanted]
            tx.operations.apply([ScheduleEvent(event) for event in prepared])
        with self.store.engine.connect() as connection:
            ids = list(connection.execute(select(events.c.event_id).where(events.c.event_id > before)).scalars())
        assert len(ids) == len(wanted)
        self.acknowledged.update(ids)
        return ids

    def now(self) -> datetime:
        """Return the database's time."""
        self.store.measure_clock()
        return self.store.now()

    def mixture(self, random: Random, number: int, *, spread: float = 0.0) -> list[Request]:
        """Return events of every type, due now or within `spread` seconds, some in groups and some in chunks."""
        now = self.now()
        wanted = []
        for each in range(number):
            due_at = now + timedelta(seconds=random.uniform(0, spread))
            if random.random() < 0.5:
                seconds = random.choice((0.0, 0.0, 0.002, 0.02))
                wanted.append(request(random.choice(job_types.SINGLES), due_at, seconds=seconds))
            else:
                resource_id = f"instance:10:us-east-{random.randint(1, 2)}:i-{each}:"
                wanted.append(request(random.choice(job_types.GROUPS), due_at, resource_id, seconds=0.02))
        return wanted

    def statuses(self, ids: Iterable[int] | None = None) -> set[str]:
        """Return the statuses that the acknowledged events have."""
        wanted = self.acknowledged if ids is None else set(ids)
        with self.store.engine.connect() as connection:
            found = connection.execute(select(events.c.event_id, events.c.status)).all()
        return {status for event_id, status in found if event_id in wanted}

    def pending(self, ids: Iterable[int] | None = None) -> set[int]:
        """Return the acknowledged events that are scheduled or running."""
        wanted = self.acknowledged if ids is None else set(ids)
        waiting = select(events.c.event_id).where(events.c.status.in_(["scheduled", "running"]))
        with self.store.engine.connect() as connection:
            return wanted.intersection(connection.execute(waiting).scalars())

    def wait(self, *, seconds: float = 60, ids: Iterable[int] | None = None) -> None:
        """Wait until every one-off has ended or is held."""
        chosen = None if ids is None else set(ids)

        def settled() -> bool:
            pause(0.1)
            return not self.pending(chosen)

        until(settled, seconds=seconds, what="the end of all events")

    # --- workers

    def worker(self, **changes: Any) -> WorkerProcess:
        """Start a worker."""
        worker = WorkerProcess(replace(self._wanted, **changes))
        self.workers.append(worker)
        return worker

    def await_session(self, worker: WorkerProcess) -> None:
        """Wait until a worker has begun to work."""
        until(lambda: self.sessions(worker.pid), what=f"the session of worker {worker.pid}")

    def starts(self, event_id: int) -> int:
        """Return how often a job was called for an event."""
        return len(read_journal(self.folder / "starts.log").get(event_id, ()))

    def sessions(self, pid: int) -> list[str]:
        """Return how the sessions of a process stand, oldest first."""
        with self.store.read() as tx:
            return [each.status for each in reversed(tx.sessions.latest()) if each.worker.endswith(f":{pid}")]

    def beats(self, worker: WorkerProcess) -> int:
        """Return how often the present session of a worker has beaten."""
        with self.store.read() as tx:
            return sum(each.beat for each in tx.sessions.alive() if each.worker.endswith(f":{worker.pid}"))

    def freeze(self, worker: WorkerProcess) -> None:
        """Stop a process where it is, at a moment when it keeps nothing locked."""
        while True:
            worker.signal(signal.SIGSTOP)
            try:
                with closing(Store(self.url, busy_seconds=0.3)) as store, store.write() as tx:
                    if not store.is_sqlite:
                        for table in (sessions, events):
                            tx.events._connection.execute(select(table).with_for_update(nowait=True))
            except Unavailable:
                worker.signal(signal.SIGCONT)
                pause(0.05)
            else:
                return

    # --- afterwards

    def judge(self) -> Evidence:
        """Stop everybody, and hold what happened against what was promised."""
        for worker in self.workers:
            if worker.is_running:
                worker.stop()
        found = gather(self.store, self.folder / "starts.log")
        said = problems(found, self.acknowledged)
        assert not said, "\n".join([f"{len(said)} broken promises:", *said[:20]])
        return found

    def close(self) -> None:
        """Leave nobody behind."""
        for worker in self.workers:
            worker.end()
        self.store.close()


def request(event_type: str, due_at: datetime | Schedule, resource_id: str | None = None, **args: Any) -> Request:
    """Return a wish for one event."""
    return Request(
        event_type, due_at, resource_id=resource_id, args=args or None, on_existing=OnExisting.ADD, catch_up=None
    )
