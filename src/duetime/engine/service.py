"""The one loop. A service answers "do a round, and say how long to sleep"; everything else is here."""

import threading

from duetime.core.clock import Clock
from duetime.core.errors import Unavailable
from duetime.engine.log import get_logger

_log = get_logger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
_JOIN_SECONDS = 5.0


class Service:
    """Something that a worker does again and again, in a thread of its own.

    A round that finds the database or a cloud unavailable is tried again after a growing pause. Any other error is a
    fault of ours: it is logged and the service goes on, because a worker without its heartbeat is worse.
    """

    name = "service"
    longest_pause = LONGEST_PAUSE

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._pause = FIRST_PAUSE

    def round(self) -> float:
        """Do what is to be done now; return the seconds to sleep before the next round, 0 for none."""
        raise NotImplementedError

    def start(self) -> None:
        """Start looping in a thread."""
        thread = threading.Thread(target=self._loop, name=f"duetime-{self.name}", daemon=True)
        thread.start()
        self._thread = thread  # only now: who joins meanwhile would join a thread that has not started

    def wake(self) -> None:
        """End the present sleep."""
        self._wake.set()

    def stop(self) -> None:
        """Do no further round; the present one ends."""
        self._stopping.set()
        self._wake.set()

    def join(self, *, seconds: float = _JOIN_SECONDS) -> bool:
        """Wait for the thread to end; return whether it has."""
        if self._thread is None:
            return True
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            seconds = self._guarded_round()
            if seconds > 0 and not self._stopping.is_set():
                self._clock.wait(self._wake, seconds=seconds)
            self._wake.clear()

    def _guarded_round(self) -> float:
        try:
            seconds = self.round()
        except Unavailable as error:
            _log.warning("service.unavailable", service=self.name, error=str(error), retry_in=self._pause)
        except Exception:  # noqa: BLE001 - logged with its traceback; a worker without its heartbeat is worse
            _log.exception("service.failed", service=self.name, retry_in=self._pause)
        else:
            self._pause = FIRST_PAUSE
            return seconds
        pause = min(self._pause, self.longest_pause)
        self._pause = pause * 2
        return pause
