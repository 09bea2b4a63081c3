"""Keeps child processes running, and hands on what it is told."""

import queue
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from types import FrameType

from duetime.cli.exit_codes import ExitCode
from duetime.cli.output import error_line
from duetime.cli.stop_signals import SIGNAL_EXIT
from duetime.core.clock import SystemClock

PAUSE_AFTER_CRASH = 1.0
"""Seconds before a child that did not end as it should is started again."""
_LOOK_EVERY = 1.0
_SETTLED = 10.0
"""Seconds after which a fault of ours is taken for a passing one: before, it would come again at once."""


class Supervisor:
    """Keeps children running, each in a thread of its own.

    A child that asks to be replaced or is killed is started again, and so is one that a fault of ours ends after it has
    worked for a while. One that ends well, or says what is wrong, ends all of them. The first signal drains all, the
    second one is handed on as it is.
    """

    def __init__(self, commands: Mapping[str, Sequence[str]]) -> None:
        """Take what to run.

        Args:
            commands: programs and their arguments, by what messages call them.
        """
        self._children = {name: _Child(name, command, self) for name, command in commands.items()}
        self._came: queue.SimpleQueue[int] = queue.SimpleQueue()  # unlike an Event, safe in a handler: `StopSignals`
        self._handed_on = 0
        self._ending = threading.Event()

    @property
    def started(self) -> Mapping[str, int]:
        """How many processes there have been, by name."""
        return {name: child.started for name, child in self._children.items()}

    @property
    def is_ending(self) -> bool:
        """Whether nothing shall be started any more."""
        return self._ending.is_set() or bool(self._handed_on)

    @property
    def handed_on(self) -> int:
        """How many signals have come."""
        return self._handed_on

    def run(self) -> int:
        """Run until every child has ended for good, and return the exit code of the first that did so badly."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)
        threads = [
            threading.Thread(target=child.keep, name=f"duetime-{child.name}") for child in self._children.values()
        ]
        threading.Thread(target=self._hand_on, name="duetime-signals", daemon=True).start()
        for thread in threads:
            thread.start()
        for thread in threads:
            while thread.is_alive():
                # Not for ever at once: a handler that was due just before a wait began would only run after it.
                thread.join(_LOOK_EVERY)
        return next((child.code for child in self._children.values() if child.code != ExitCode.OK), ExitCode.OK)

    def end(self) -> None:
        """Let every child drain, because one has ended for good."""
        self._ending.set()
        for child in self._children.values():
            child.drain()

    def pause(self) -> None:
        """Let a moment pass, unless everything ends."""
        self._ending.wait(PAUSE_AFTER_CRASH)

    def _note(self, number: int, _frame: FrameType | None) -> None:
        self._handed_on += 1
        self._came.put(number)

    def _hand_on(self) -> None:
        first = True
        while True:
            number = self._came.get()
            self._ending.set()
            for child in self._children.values():
                if first:
                    child.drain()
                else:
                    child.send(number)
            first = False


class _Child:
    """One of the processes.

    Attributes:
        started: how many there have been.
        code: how the last one ended.
    """

    def __init__(self, name: str, command: Sequence[str], supervisor: Supervisor) -> None:
        self.name = name
        self.started = 0
        self.code: int = ExitCode.OK
        self._command = command
        self._supervisor = supervisor
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_asked = False
        self._clock = SystemClock()

    def keep(self) -> None:
        """Run it, again and again if need be, until it has ended for good; then the others end too."""
        try:
            while not self._supervisor.is_ending:
                began = self._clock.monotonic()
                code = self._run()
                if not self._is_replaced(code, seconds=self._clock.monotonic() - began):
                    self.code = self._verdict(code)
                    return
        except OSError as error:
            error_line(f"The {self.name} cannot be started: {error.strerror}.")
            self.code = ExitCode.UNAVAILABLE
        finally:
            self._supervisor.end()

    def drain(self) -> None:
        """Ask the process that there is now to drain; once, since a second signal would end it at once."""
        with self._lock:
            if self._process is not None and not self._is_asked:
                self._is_asked = True
                # Always SIGTERM: it drains as Ctrl-C does, and a child that is still starting ends by it cleanly, where
                # an interrupt would meet Python half-way through its own start.
                self._process.send_signal(signal.SIGTERM)

    def send(self, number: int) -> None:
        """Send a signal to the process that there is now, if any."""
        with self._lock:
            if self._process is not None:
                self._process.send_signal(number)

    def _run(self) -> int:
        with self._lock:
            if self._supervisor.is_ending:
                return ExitCode.OK
            # A session of its own, so that Ctrl-C reaches it once, through us. It drains when its standard input ends,
            # so it does not outlive us either. Its standard output is for nobody: ours holds one JSON document at most.
            process = self._process = subprocess.Popen(
                self._command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
            )
            self.started += 1
            self._is_asked = False
        with process:
            return process.wait()

    def _is_replaced(self, code: int, *, seconds: float) -> bool:
        """Say how it ended if nobody asked it to; return whether another one is to be started."""
        if self._supervisor.is_ending:
            return False
        if code == ExitCode.OK:
            error_line(f"The {self.name} was asked to stop by somebody else and has drained; this ends with it.")
            return False
        if code == ExitCode.REPLACE_ME:
            error_line(f"The {self.name} asked to be replaced; another one starts.")
            return True
        if code > 0 and (code != ExitCode.UNEXPECTED or seconds < _SETTLED):
            return False  # it has said why, and what to do about it
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with code {code}"
        error_line(f"The {self.name} {how}; another one starts.")
        self._supervisor.pause()
        return True

    def _verdict(self, code: int) -> int:
        drained = (-signal.SIGTERM, -signal.SIGINT, ExitCode.INTERRUPTED)
        if code in drained and self._supervisor.is_ending and self._supervisor.handed_on < 2:
            return ExitCode.OK  # it had not even begun to work
        return code if code >= 0 else SIGNAL_EXIT - code
