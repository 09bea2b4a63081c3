"""A reading that is taken at most every so often, however many ask."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from duetime.core.clock import Clock

Value = TypeVar("Value")
PATIENCE = 5.0
"""How many seconds somebody waits for what another one is reading."""
STALE = 15.0
"""From how many seconds on a reading says nothing any more."""


@dataclass(frozen=True, slots=True)
class Reading(Generic[Value]):
    """What was read, and how many seconds ago."""

    value: Value
    age: float


class Refreshed(Generic[Value]):
    """Reads when what it has is too old. Only one asker at a time reads; the others are given what there is.

    So visitors cannot make the database work, however often they ask; and while it hangs, those who ask wait for a few
    seconds and not for ever.
    """

    def __init__(self, read: Callable[[], Value], *, clock: Clock, seconds: float) -> None:
        self._read = read
        self._clock = clock
        self._seconds = seconds
        self._lock = threading.Lock()
        self._known: tuple[Value, float] | None = None

    def get(self) -> Reading[Value] | None:
        """Return what was read just now, or a little while ago; None = whoever reads it is not answered."""
        present = self._present()
        if present is not None and present.age < self._seconds:
            return present
        must_wait = present is None or present.age >= STALE
        if self._lock.acquire(timeout=PATIENCE if must_wait else 0):
            try:
                present = self._present()
                if present is None or present.age >= self._seconds:  # or the one before us has just read it
                    self._known = self._read(), self._clock.monotonic()
            finally:
                self._lock.release()
        present = self._present()
        return None if present is None or present.age >= STALE else present

    def _present(self) -> Reading[Value] | None:
        known = self._known
        return None if known is None else Reading(known[0], self._clock.monotonic() - known[1])
