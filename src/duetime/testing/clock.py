"""A clock that is moved by hand."""

import threading
from datetime import UTC, datetime

from duetime.core.errors import InvalidInstant


class ManualClock:
    """Stands still until it is moved.

    Attributes:
        elapsed: what `monotonic()` answers. Moving wall time does not move it: a jump of the clock is no silence of a
            worker.
    """

    def __init__(self, now: datetime) -> None:
        if now.tzinfo is None:
            raise InvalidInstant("The clock's time", now)
        self._now = now.astimezone(UTC)
        self.elapsed = 0.0

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self.elapsed

    def wait(self, signal: threading.Event, *, seconds: float) -> bool:
        """Let `seconds` pass at once."""
        if signal.is_set():
            return True
        self.elapsed += seconds
        return False

    def move_to(self, moment: datetime) -> None:
        """Set wall time; it may go back, as wall time does."""
        if moment.tzinfo is None:
            raise InvalidInstant("The clock's time", moment)
        self._now = moment.astimezone(UTC)
