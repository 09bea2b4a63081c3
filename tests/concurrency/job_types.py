"""The jobs that the workers of these tests run. Each call first notes, for good, that it has begun."""

import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from duetime.app.app import App
from duetime.core.retry import Retry
from duetime.core.statuses import OnLost
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob
from duetime.jobs.registration import ScheduledEventRegistryWrapper
from duetime.store.types import to_micros

_types = ScheduledEventRegistryWrapper()


class Journal:
    """The side effects: one line for each event that a job was called for, kept whatever becomes of the process."""

    def __init__(self) -> None:
        self._file = -1

    def open(self, path: Path) -> None:
        """Append to this file from now on."""
        self._file = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600)

    def note(self, occurrences: Sequence[tuple[int, datetime]]) -> None:
        """Write down which events a job is called for, by due time; several processes may write at once."""
        told = f"{os.getpid()} {time.time_ns()}\n"
        lines = [f"{event_id} {to_micros(due_at)} {told}" for event_id, due_at in occurrences]
        os.write(self._file, "".join(lines).encode())


journal = Journal()
_pause = threading.Event()


def _work(*, seconds: float, gate: str) -> None:
    if seconds:
        _pause.wait(seconds)
    while gate and not Path(gate).exists():
        _pause.wait(0.005)


class _Single(ScheduledEventJob):
    """Takes its time, or waits until a file is there."""

    def __init__(self, *, seconds: float = 0.0, gate: str = "", **own: Any) -> None:
        super().__init__(**own)
        self.seconds = seconds
        self.gate = gate

    def run(self) -> None:
        journal.note(self.context.occurrences)
        _work(seconds=self.seconds, gate=self.gate)


class _Group(MultiResourceScheduledEventJob):
    """The same for up to ten at once."""

    max_group = 10

    def __init__(self, *, seconds: float = 0.0, **own: Any) -> None:
        super().__init__(**own)
        self.seconds = seconds

    def run(self) -> None:
        journal.note(self.context.occurrences)
        for resource_id in self.context.resource_ids:
            _work(seconds=self.seconds / len(self.context.resource_ids), gate="")
            self.succeeded(resource_id)


@_types.register("crash.retry")
class Retried(_Single):
    on_lost = OnLost.RETRY


@_types.register("crash.other")
class Other(_Single):
    on_lost = OnLost.RETRY


@_types.register("crash.fail")
class FailedWhenLost(_Single):
    on_lost = OnLost.FAIL


@_types.register("crash.hold")
class HeldWhenLost(_Single):
    on_lost = OnLost.HOLD


@_types.register("crash.group_retry")
class GroupRetried(_Group):
    on_lost = OnLost.RETRY
    retry = Retry(attempts=4, first=timedelta(milliseconds=100))


@_types.register("crash.group_fail")
class GroupFailedWhenLost(_Group):
    on_lost = OnLost.FAIL


@_types.register("crash.group_hold")
class GroupHeldWhenLost(_Group):
    on_lost = OnLost.HOLD


@_types.register("crash.killer")
class Killer(ScheduledEventJob):
    """Takes its process with it."""

    on_lost = OnLost.RETRY

    def run(self) -> None:
        journal.note(self.context.occurrences)
        os.kill(os.getpid(), signal.SIGKILL)


SINGLES = ("crash.retry", "crash.fail", "crash.hold")
GROUPS = ("crash.group_retry", "crash.group_fail", "crash.group_hold")
ALLOWED_LOSSES = {"crash.retry": 3, "crash.other": 3, "crash.killer": 3, "crash.group_retry": 4}
"""How many lost attempts a type that is tried again may have."""


def register(app: App) -> None:
    """Register all of them with one app, and with nothing else."""
    with app.current():
        _types.load()
