"""Writes what came of runs, in batches; the only place of a worker where endings are written."""

import threading
from collections.abc import Callable, Collection, Sequence

from duetime.core.claims import Ending
from duetime.core.clock import Clock
from duetime.core.errors import StaleClaim
from duetime.engine.finished import UNSTORABLE, Finished, ending_of, unwritable
from duetime.engine.log import get_logger
from duetime.engine.service import Service
from duetime.store.finishing import finish_all
from duetime.store.store import Store

_log = get_logger(__name__)

FLUSH_AT = 500
FLUSH_SECONDS = 0.01
_IDLE_SECONDS = 5.0


def _ignore(_news: object) -> None:
    """Nobody wants to know."""


Announce = Callable[[Sequence[Ending]], None]


class Outbox(Service):
    """Collects finished claims and writes them together: at 500, or after 10 ms.

    What cannot be written because the database does not answer stays here and is written when it does; the worker's
    claims stay its own meanwhile, as long as it beats.
    """

    name = "outbox"

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        settled: Callable[[Collection[int]], None] = _ignore,
        announce: Announce = _ignore,
    ) -> None:
        super().__init__(clock=clock)
        self._store = store
        self._settled = settled
        self._announce = announce
        self._lock = threading.Lock()
        self._waiting: list[Finished] = []
        self._flushing = threading.Lock()
        self._full = threading.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, finished: Sequence[Finished]) -> None:
        """Take finished claims; they are written soon."""
        with self._lock:
            was_empty = not self._waiting
            self._waiting.extend(finished)
            is_full = len(self._waiting) >= FLUSH_AT
        if is_full:
            self._full.set()
        if was_empty:
            self.wake()

    def event_ids(self) -> set[int]:
        """Return the events whose endings wait here."""
        with self._lock:
            return {finished.claim.event_id for finished in self._waiting}

    def round(self) -> float:
        if not self._waiting:
            return _IDLE_SECONDS
        if not self._stopping.is_set():
            self._clock.wait(self._full, seconds=FLUSH_SECONDS)
        self._full.clear()
        self.flush()
        return 0.0 if self._waiting else _IDLE_SECONDS

    def flush(self) -> int:
        """Write what waits; return how many endings were written.

        Raises:
            DatabaseUnavailable: nothing was lost; what waited still waits.
        """
        with self._flushing:
            with self._lock:
                batch = self._waiting[:FLUSH_AT]
            if not batch:
                return 0
            written = self._write(batch)
            with self._lock:
                del self._waiting[: len(batch)]
        self._settled([finished.claim.event_id for finished in batch])
        self._announce(written)
        return len(written)

    def _write(self, batch: Sequence[Finished]) -> list[Ending]:
        by_id = {finished.claim.event_id: finished for finished in batch}
        report = finish_all(self._store, [ending_of(finished) for finished in batch])
        written = list(report.written)
        stale = list(report.stale)
        # A wish can change once more between two looks, hence a loop; each turn sees the newest.
        while report.wished or report.refused:
            again = [ending_of(by_id[ending.claim.event_id], wish=wish) for ending, wish in report.wished]
            for ending, problem in report.refused:
                _log.error("run.unwritable", event_id=ending.claim.event_id, problem=problem)
                if ending.error.startswith(UNSTORABLE):
                    stale.append(ending)  # not even without its texts: the reaper will see it as lost
                else:
                    again.append(unwritable(ending, problem))
            report = finish_all(self._store, again)
            written += report.written
            stale += report.stale
        for ending in stale:
            error = StaleClaim(ending.claim.event_id, token=ending.claim.token)
            _log.error("run.stale", event_id=ending.claim.event_id, error=str(error))
        return written
