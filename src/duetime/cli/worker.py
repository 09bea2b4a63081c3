"""`duetime worker`: runs what is due until it is asked to stop."""

import os
import signal
import sys
import threading
from types import FrameType
from typing import TYPE_CHECKING, Annotated

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from duetime.app.settings import Settings
    from duetime.engine.worker import Worker, WorkerSettings

SIGNAL_EXIT = 128
"""A process that a signal ended says 128 and the signal's number."""


def worker(
    as_json: Json = False,
    supervised: Annotated[bool, typer.Option("--supervised", hidden=True)] = False,
) -> None:
    """Run what is due, until SIGTERM or Ctrl-C.

    Then nothing new begins, running jobs may end, and the rest is given back; a second signal leaves at once. Log lines
    go to standard error. Exits with 0 when it has drained, and with 75 when half its slots are stuck and it wants to be
    replaced.
    """
    from duetime.app.announcing import announce
    from duetime.app.logging import configure_logging
    from duetime.app.publishing import publish
    from duetime.app.settings import read_settings
    from duetime.app.standing import plant_pruning
    from duetime.cli.opening import actor, open_app
    from duetime.engine.executors import ThreadExecutor

    signals = StopSignals()
    settings = read_settings()
    configure_logging(level=settings.log_level, form=settings.log_format)
    with open_app(settings) as app:
        publish(app, plugins=False)
        plant_pruning(app.client, history_days=settings.history_days, actor=actor())
        working = app.worker(
            settings=worker_settings(settings),
            executor=ThreadExecutor(slots=settings.worker_slots),
            announce=announce,
        )
        signals.stop(working)
        if supervised:
            _stop_with_parent(working)
        code = working.run()
        if code == ExitCode.OK:
            app.manager.unload_all()
    if as_json:
        emit({"exit_code": code})
    raise typer.Exit(code)


def worker_settings(settings: "Settings") -> "WorkerSettings":
    """Return the part of the settings that a worker works by."""
    from duetime.engine.worker import WorkerSettings

    return WorkerSettings(
        lease_seconds=settings.lease_seconds,
        slots=settings.worker_slots,
        poll_seconds=settings.poll_seconds,
        drain_seconds=settings.drain_seconds,
    )


class StopSignals:
    """The first SIGTERM or SIGINT drains the worker, the second one ends the process at once.

    They are taken from the beginning, so that one that comes while the worker is still being built ends it well too.
    """

    def __init__(self) -> None:
        self._asked = False
        self._working: Worker | None = None
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def stop(self, working: "Worker") -> None:
        """Name the worker that shall stop."""
        self._working = working
        if self._asked:
            working.stop()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._asked:
            os._exit(SIGNAL_EXIT + number)
        self._asked = True
        if self._working is not None:
            self._working.stop()


def _stop_with_parent(working: "Worker") -> None:
    """Drain when standard input ends: then the process that started this one is gone."""

    def watch() -> None:
        sys.stdin.read()
        working.stop()

    threading.Thread(target=watch, name="duetime-parent", daemon=True).start()
