"""`duetime up`: a database that is ready, and a worker that is replaced when it must be."""

import queue
import signal
import subprocess
import sys
from contextlib import suppress
from types import FrameType

import typer

from duetime.cli.exit_codes import ExitCode
from duetime.cli.options import Json
from duetime.cli.output import error_line
from duetime.cli.plain import emit
from duetime.cli.stop_signals import SIGNAL_EXIT

PAUSE_AFTER_CRASH = 1.0
"""Seconds before a worker that a signal has killed is started again."""


def up(as_json: Json = False) -> None:
    """Bring the database up to date and keep a worker running: everything, on one machine.

    The worker is a process of its own. When it asks to be replaced, or is killed, another one is started. SIGTERM or
    Ctrl-C drains it; a second one ends it at once.
    """
    from duetime.app.logging import configure_logging
    from duetime.app.settings import read_settings
    from duetime.cli.opening import open_app
    from duetime.cli.preparing import prepare

    settings = read_settings()
    configure_logging(level=settings.log_level, form=settings.log_format)
    with open_app(settings, create=True) as app:
        prepared = prepare(app, settings=settings)
        plugins = [source.name for source in app.plugin_sources()]
    for failure in prepared.failures:
        error_line(f"Warning: {failure}")
    error_line(f"The database is {prepared.location}, schema {prepared.revision}.")
    error_line(f"Plugins: {', '.join(plugins) or 'none'}. A worker with {settings.worker_slots} slots starts now.")
    error_line("Ctrl-C stops it.")
    supervisor = Supervisor([sys.executable, "-m", "duetime", "worker", "--supervised"])
    code = supervisor.run()
    if as_json:
        emit({"exit_code": code, "workers_started": supervisor.started})
    raise typer.Exit(code)


class Supervisor:
    """Keeps one child process running, and hands on what it is told.

    Attributes:
        started: how many children there have been.
    """

    def __init__(self, command: list[str]) -> None:
        self.started = 0
        self._command = command
        self._child: subprocess.Popen[bytes] | None = None
        self._handed_on = 0
        self._came: queue.SimpleQueue[int] = queue.SimpleQueue()  # unlike an Event, safe in a handler: `StopSignals`

    def run(self) -> int:
        """Run until the child ends for good, and return its exit code."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._hand_on)
        while True:
            code = self._run_child()
            if self._handed_on == 1 and code in (-signal.SIGTERM, -signal.SIGINT, ExitCode.INTERRUPTED):
                return ExitCode.OK  # it had not even begun to work
            if code == ExitCode.OK and not self._handed_on:
                error_line("The worker was asked to stop by somebody else and has drained; this ends with it.")
            if self._handed_on or (code >= 0 and code != ExitCode.REPLACE_ME):
                return code if code >= 0 else SIGNAL_EXIT - code
            if code < 0:
                error_line(f"The worker was ended by {signal.Signals(-code).name}; another one starts.")
                self._pause()
            else:
                error_line("The worker asked to be replaced; another one starts.")
            if self._handed_on:
                return ExitCode.OK

    def _pause(self) -> None:
        """Let a moment pass, unless a signal comes."""
        with suppress(queue.Empty):
            self._came.get(timeout=PAUSE_AFTER_CRASH)

    def _run_child(self) -> int:
        # A session of its own, so that Ctrl-C reaches it once, through us. It drains when its standard input ends, so
        # it does not outlive us either. Its standard output is for nobody: ours holds one JSON document at most.
        with subprocess.Popen(
            self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
        ) as child:
            self._child = child
            self.started += 1
            if self._handed_on:  # asked while the child was being made, when nobody could be told yet
                child.send_signal(signal.SIGTERM)
            code = child.wait()
            self._child = None
        return code

    def _hand_on(self, number: int, _frame: FrameType | None) -> None:
        self._handed_on += 1
        self._came.put(number)
        child = self._child
        if child is not None and child.poll() is None:
            # The first time always SIGTERM: it drains as Ctrl-C does, and a child that is still starting ends by it
            # cleanly, where an interrupt would meet Python half-way through its own start.
            child.send_signal(signal.SIGTERM if self._handed_on == 1 else number)
