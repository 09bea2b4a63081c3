"""Which events this worker knows to be its own."""

import threading
from collections.abc import Collection, Iterable

from duetime.core.claims import Claim


class InFlight:
    """Event ids between claim and written ending."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._event_ids: set[int] = set()

    def __len__(self) -> int:
        return len(self._event_ids)

    def add(self, claims: Iterable[Claim]) -> None:
        """Note claims."""
        with self._lock:
            self._event_ids.update(claim.event_id for claim in claims)

    def remove(self, event_ids: Collection[int]) -> None:
        """Note that endings are written, or that the claims are another's by now."""
        with self._lock:
            self._event_ids.difference_update(event_ids)

    def event_ids(self) -> frozenset[int]:
        """Return the ids now."""
        with self._lock:
            return frozenset(self._event_ids)
