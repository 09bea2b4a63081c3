"""Writes what came of runs, in batches; the only place of a worker where endings are written."""

import threading
from collections.abc import Callable, Sequence

from duetime.core.claims import Claim, Ending
from duetime.core.clock import Clock
from duetime.core.errors import StaleClaim
from duetime.engine.finished import Finished
from duetime.engine.log import get_logger
from duetime.engine.meter import Meter
from duetime.engine.service import Service
from duetime.engine.spans import note_step
from duetime.engine.writing import write
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
        settled: Callable[[Sequence[Claim]], None] = _ignore,
        announce: Announce = _ignore,
        meter: Meter | None = None,
    ) -> None:
        super().__init__(clock=clock)
        self._meter = meter or Meter()
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
                batch = _of_different_events(self._waiting[:FLUSH_AT])
            if not batch:
                return 0
            began = self._clock.monotonic()
            done = write(self._store, batch)
            seconds = self._clock.monotonic() - began
            self._meter.wrote(seconds)
            with self._lock:
                del self._waiting[: len(batch)]
        for ending in done.stale:
            error = StaleClaim(ending.claim.event_id, token=ending.claim.token)
            _log.error("run.stale", event_id=ending.claim.event_id, error=str(error))
        self._settled([finished.claim for finished in batch])
        note_step("duetime.finish", (ending.claim for ending in done.written), seconds=seconds)
        self._meter.ended(done.written)
        self._announce(done.written)
        return len(done.written)


def _of_different_events(waiting: list[Finished]) -> list[Finished]:
    """Cut a batch before the second ending of one event: a claim that was lost and the one that followed it."""
    seen: set[int] = set()
    for number, finished in enumerate(waiting):
        if finished.claim.event_id in seen:
            return waiting[:number]
        seen.add(finished.claim.event_id)
    return waiting
