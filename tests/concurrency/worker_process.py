"""A real worker in a process of its own. They are forked from a server that has imported everything once."""

import logging
import multiprocessing
import os
import signal
import sqlite3
import sys
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from multiprocessing import connection
from pathlib import Path

from sqlalchemy import event
from tests.concurrency import job_types

from duetime.app.app import App
from duetime.cli.stop_signals import StopSignals
from duetime.core.clock import SystemClock
from duetime.engine.executors import ThreadExecutor
from duetime.engine.worker import WorkerSettings
from duetime.store.store import Store

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([__name__])


@dataclass(frozen=True)
class Wanted:
    """What kind of worker is wanted.

    Attributes:
        folder: where its log and everybody's `starts.log` are.
        clock_error: how far its wall clock is off.
        durable: whether commits on SQLite wait for the disk.
        growing: a file without which SQLite has no room for further pages.
    """

    url: str
    folder: Path
    lease_seconds: int = 2
    slots: int = 4
    busy_seconds: float = 5.0
    poll_seconds: float = 0.05
    drain_seconds: float = 20.0
    clock_error: timedelta = timedelta(0)
    durable: bool = False
    growing: Path | None = None


class WrongClock:
    """The system's clock, off by a fixed span; elapsed time is right, as it always is."""

    def __init__(self, error: timedelta) -> None:
        self._system = SystemClock()
        self._error = error

    def now(self) -> datetime:
        return self._system.now() + self._error

    def monotonic(self) -> float:
        return self._system.monotonic()

    def wait(self, signal: threading.Event, *, seconds: float) -> bool:
        return self._system.wait(signal, seconds=seconds)


class WorkerProcess:
    """One worker, as its supervisor sees it."""

    def __init__(self, wanted: Wanted) -> None:
        self._folder = wanted.folder
        self._process = _forking.Process(target=_work, args=(wanted,))
        self._process.start()

    @property
    def pid(self) -> int:
        pid = self._process.pid
        assert pid is not None
        return pid

    @property
    def log(self) -> str:
        """What it has said so far."""
        path = _log_of(self._folder, self.pid)
        return path.read_text(encoding="utf-8") if path.exists() else ""

    @property
    def is_running(self) -> bool:
        return self._process.is_alive()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, if it is still there."""
        if self.is_running:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it at once."""
        self.signal(signal.SIGKILL)
        assert self.exit_code() == -signal.SIGKILL

    def stop(self) -> None:
        """Ask it to drain, and wait until it has."""
        self.signal(signal.SIGTERM)
        assert self.exit_code() == 0, self.log

    def exit_code(self, *, seconds: float = 30) -> int:
        """Wait for its end."""
        self._process.join(seconds)
        code = self._process.exitcode
        assert code is not None, f"worker {self.pid} does not end:\n{self.log}"
        return code

    def end(self) -> None:
        """Leave nothing of it behind, stopped ones too."""
        self.signal(signal.SIGKILL)
        self._process.join()


def _log_of(folder: Path, pid: int) -> Path:
    return folder / f"worker-{pid}.log"


def _end_with_parent() -> None:
    """Be gone when the test session is, however it ended."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    connection.wait([parent.sentinel])
    os._exit(1)


def _work(wanted: Wanted) -> None:
    """Be a worker until a signal comes."""
    logging.basicConfig(
        filename=_log_of(wanted.folder, os.getpid()),
        level=logging.INFO,
        format="%(asctime)s %(levelname)s %(message)s",
        force=True,
    )
    threading.Thread(target=_end_with_parent, daemon=True).start()
    signals = StopSignals()
    job_types.journal.open(wanted.folder / "starts.log")
    clock = WrongClock(wanted.clock_error)
    store = Store(wanted.url, clock=clock, durable=wanted.durable, busy_seconds=wanted.busy_seconds)
    if wanted.growing is not None:
        _limit(store, wanted.growing)
    app = App(store, clock=clock, providers={}, installed_plugins=False)
    job_types.register(app)
    working = app.worker(
        settings=WorkerSettings(
            lease_seconds=wanted.lease_seconds,
            slots=wanted.slots,
            poll_seconds=wanted.poll_seconds,
            drain_seconds=wanted.drain_seconds,
        ),
        executor=ThreadExecutor(slots=wanted.slots),
    )
    signals.stop(working)
    code = working.run()
    app.close()
    sys.exit(code)


def _limit(store: Store, growing: Path) -> None:
    """Let the database grow only as long as the file is there."""

    @event.listens_for(store.engine, "checkout")
    def limit(opened: sqlite3.Connection, _record: object, _proxy: object) -> None:
        # SQLite takes the present size when that is more than it is told.
        opened.execute(f"PRAGMA max_page_count = {2**30 if growing.exists() else 1}")
