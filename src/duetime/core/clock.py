"""The one port through which time is read.

Only this module asks the operating system what time it is. Services take a `Clock`, so that tests and the `Lab` can
move time by hand.
"""

import threading
import time
from datetime import UTC, datetime
from typing import Protocol


class Clock(Protocol):
    """A source of wall time, of elapsed time, and of waiting."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""

    def monotonic(self) -> float:
        """Return elapsed seconds from an arbitrary start; it never steps."""

    def wait(self, signal: threading.Event, *, seconds: float) -> bool:
        """Wait until `signal` is set or `seconds` have passed; return whether it was set."""


class SystemClock:
    """The clock of the operating system."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, signal: threading.Event, *, seconds: float) -> bool:
        return signal.wait(seconds)
