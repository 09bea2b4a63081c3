"""Which events this worker knows to be its own."""

import threading
from collections.abc import Iterable

from duetime.core.claims import Claim


class InFlight:
    """Claims between being taken and having their ending written."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokens: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._tokens)

    def add(self, claims: Iterable[Claim]) -> None:
        """Note claims."""
        with self._lock:
            self._tokens.update((claim.event_id, claim.token) for claim in claims)

    def remove(self, claims: Iterable[Claim]) -> None:
        """Note that endings are written, or that the claims are another's by now.

        An event may have been lost and taken again meanwhile; the newer claim on it stays.
        """
        with self._lock:
            for claim in claims:
                if self._tokens.get(claim.event_id) == claim.token:
                    del self._tokens[claim.event_id]

    def event_ids(self) -> frozenset[int]:
        """Return the ids now."""
        with self._lock:
            return frozenset(self._tokens)
