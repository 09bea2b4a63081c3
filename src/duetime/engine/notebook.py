"""The notebook that a job call is given; it opens no transaction before the job asks for one."""

from collections.abc import Iterator, Mapping, Sequence

from duetime.core.claims import Claim
from duetime.core.errors import UnknownName
from duetime.core.json_types import JsonObject
from duetime.store.note_table import NewNote
from duetime.store.store import Store


class ClaimNotebook:
    """The notes of the claims of one call; see `core.run_context.Notebook`. Built once per call, hence so plain."""

    __slots__ = ("_claims", "_store")

    def __init__(self, store: Store, claims: Sequence[Claim]) -> None:
        self._store = store
        self._claims = claims

    def read(self, event_ids: Sequence[int]) -> Mapping[int, JsonObject]:
        due_times = [(claim.event_id, claim.due_at) for claim in self._of(event_ids)]
        if not due_times:
            return {}
        with self._store.read() as tx:
            return tx.notes.read(due_times)

    def write(self, notes: Mapping[int, JsonObject]) -> None:
        if not notes:
            return
        new = [
            NewNote(claim.event_id, claim.token, claim.due_at, notes[claim.event_id], claim.resource_id)
            for claim in self._of([*notes])
        ]
        with self._store.write() as tx:
            tx.notes.write(new)

    def _of(self, event_ids: Sequence[int]) -> Iterator[Claim]:
        """Return the claims of these events.

        Raises:
            UnknownName: one of them is not served by this call.
        """
        claims = {claim.event_id: claim for claim in self._claims}
        for event_id in event_ids:
            if event_id not in claims:
                raise UnknownName("event in this call", event_id)
            yield claims[event_id]
