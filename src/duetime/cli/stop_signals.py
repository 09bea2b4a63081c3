"""What asks a worker or a web server to stop: SIGTERM, Ctrl-C, and the end of whoever started it."""

import os
import queue
import signal
import sys
import threading
from types import FrameType
from typing import Protocol

SIGNAL_EXIT = 128
"""A process that a signal ended says 128 and the signal's number."""


class Stoppable(Protocol):
    """What can be asked to stop."""

    def stop(self) -> None:
        """Ask it; returns at once."""


class StopSignals:
    """The first SIGTERM or SIGINT drains what works here, the second one ends the process at once.

    They are taken from the beginning, so that one that comes while that is still being built ends it well too.
    """

    def __init__(self) -> None:
        self._asked = False
        # A handler interrupts the main thread anywhere, while it holds the lock of the very event it waits for too: to
        # set that one here would wait for ever. `SimpleQueue.put` is made to be called from a handler.
        self._came: queue.SimpleQueue[int] = queue.SimpleQueue()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._handle)

    def stop(self, working: Stoppable) -> None:
        """Name what shall stop."""

        def wait() -> None:
            self._came.get()
            working.stop()

        threading.Thread(target=wait, name="duetime-signals", daemon=True).start()

    def _handle(self, number: int, _frame: FrameType | None) -> None:
        if self._asked:
            os._exit(SIGNAL_EXIT + number)
        self._asked = True
        self._came.put(number)


def stop_with_parent(working: Stoppable) -> None:
    """Stop when standard input ends: then the process that started this one is gone."""

    def watch() -> None:
        sys.stdin.read()
        working.stop()

    threading.Thread(target=watch, name="duetime-parent", daemon=True).start()
