"""The worker's own session: its identity since this process start, and whether its claims still hold."""

import os
import socket
import threading

from duetime.core.clock import Clock

_MARGIN = 0.25
"""Share of the lease that must be left to start a job: beats travel, and threads are late."""


def worker_name() -> str:
    """Return how people call this process; it identifies nothing, the session id does."""
    return f"{socket.gethostname()}:{os.getpid()}"


_NONE: tuple[int | None, float] = (None, float("-inf"))
_NEVER = (float("-inf"), float("-inf"))


class Session:
    """Which session this worker is, and when its last acknowledged beat was sent.

    A lease is counted on the monotonic clock from the moment before a beat was sent, so that a slow acknowledgement
    shortens it and never lengthens it.
    """

    def __init__(self, *, clock: Clock, lease_seconds: int) -> None:
        self.lease_seconds = lease_seconds
        self._clock = clock
        self._lock = threading.Lock()
        # The id and the end of its lease are read together, before every start, by threads that hold no lock.
        self._state: tuple[int | None, float] = _NONE
        self._steady = _NEVER

    @property
    def session_id(self) -> int | None:
        """The id, or None while no session is open."""
        return self._state[0]

    def opened(self, session_id: int, *, sent_at: float) -> None:
        """Take a new identity."""
        with self._lock:
            self._state = (session_id, sent_at + self._span)
            self._steady = (sent_at, sent_at)

    def beaten(self, session_id: int, *, sent_at: float) -> None:
        """Note an acknowledged beat that was sent at `sent_at` of the monotonic clock."""
        with self._lock:
            present, until = self._state
            if present == session_id:
                self._state = (session_id, max(until, sent_at + self._span))
                since, last = self._steady
                self._steady = (since if self._follows(last, sent_at) else sent_at, sent_at)

    def lost(self) -> None:
        """Forget the identity: nothing may start under it any more."""
        with self._lock:
            self._state = _NONE
            self._steady = _NEVER

    def may_start(self, session_id: int) -> bool:
        """Return whether a job claimed under `session_id` may still be called."""
        present, until = self._state
        return present == session_id and self._clock.monotonic() < until

    def steady_since(self) -> float:
        """Return since when, on the monotonic clock, this worker's own beats have been acknowledged without a gap.

        That is the time in which the silence of others says something: who cannot beat cannot expect it of others.
        """
        since, last = self._steady
        now = self._clock.monotonic()
        return since if self._follows(last, now) else now

    def _follows(self, before: float, after: float) -> bool:
        return after - before <= self.lease_seconds / 2

    @property
    def _span(self) -> float:
        return self.lease_seconds * (1 - _MARGIN)

    @property
    def beat_interval(self) -> float:
        """Seconds between beats: four in every lease."""
        return self.lease_seconds / 4
