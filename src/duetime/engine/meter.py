"""Counts what a worker does, a batch at a time, so that the way of a single event costs next to nothing."""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from duetime.core.claims import Ending
from duetime.core.measures import MOST_KINDS, OTHER, Measures


class Meter:
    """What one worker process has counted; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._measures = Measures()
        self._called_at: datetime | None = None

    def claimed(self, events: int, *, seconds: float) -> None:
        """Count a claiming transaction that took `seconds`."""
        with self._lock:
            self._measures.claimed += events
            self._measures.claim_time.observe(seconds)

    def wrote(self, seconds: float) -> None:
        """Count the writing of a batch of endings that took `seconds`."""
        with self._lock:
            self._measures.finish_time.observe(seconds)

    def called(self, at: datetime) -> None:
        """Note that a job is called; not locked, because every call does it."""
        self._called_at = at

    def ended(self, endings: Sequence[Ending]) -> None:
        """Count endings that are committed."""
        runs = [ending for ending in endings if ending.step.run_status is not None]
        called = [ending for ending in runs if ending.started_at is not None]
        moved = [ending for ending in endings if ending.step.run_status is not None or _is_put_off(ending)]
        kinds = Counter([(ending.claim.event_type, str(ending.step.run_status)) for ending in runs])
        late = [(ending.started_at - ending.claim.ready_at).total_seconds() for ending in called if ending.started_at]
        lasted = [(ending.finished_at - ending.started_at).total_seconds() for ending in called if ending.started_at]
        with self._lock:
            self._measures.start_delay.observe(*late)
            self._measures.duration.observe(*lasted)
            for kind, count in kinds.items():
                self._count(kind, count)
            if moved:
                self._fired(moved[-1].finished_at)

    def text(self, *, slots_busy: int, slots_stuck: int) -> str:
        """Return all that was counted, as JSON text; see `Measures`."""
        with self._lock:
            called_at = self._called_at
            if called_at is not None:
                self._fired(called_at)
            self._measures.slots_busy = slots_busy
            self._measures.slots_stuck = slots_stuck
            return self._measures.to_text()

    def _fired(self, at: datetime) -> None:
        known = self._measures.fired_at
        if known is None or at > known:
            self._measures.fired_at = at

    def _count(self, kind: tuple[str, str], count: int) -> None:
        runs = self._measures.runs
        if kind not in runs and len(runs) >= MOST_KINDS:
            kind = (OTHER, kind[1])
        runs[kind] = runs.get(kind, 0) + count


def _is_put_off(ending: Ending) -> bool:
    """Return whether an event was moved on without a run, and not merely given back."""
    return ending.step.ready_at > ending.claim.ready_at
