"""Running one job class by hand, as the engine would, on a fake cloud and with a notebook in memory."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from duetime.builtin.resource_operation import ResourceOperation
from duetime.core.clock import SystemClock
from duetime.core.json_types import JsonObject, canonical
from duetime.core.outcomes import JobOutcome
from duetime.core.resources import Resource
from duetime.core.run_context import RunContext, bound
from duetime.providers.clouds import Clouds
from duetime.providers.fake import FakeCloud

DUE_AT = datetime(2026, 3, 2, 19, tzinfo=UTC)


class Inventory:
    """Knows what it was given, which may be long out of date."""

    def __init__(self) -> None:
        self.rows: dict[str, Resource] = {}

    def resources(self, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        return {key: self.rows[key] for key in resource_ids if key in self.rows}


class MemoryNotebook:
    """Keeps notes, or refuses to.

    Attributes:
        error: raised by every write while it is set.
        writes: the notes of each write, in order.
    """

    def __init__(self) -> None:
        self.notes: dict[int, JsonObject] = {}
        self.writes: list[Mapping[int, JsonObject]] = []
        self.error: Exception | None = None

    def read(self, event_ids: Sequence[int]) -> Mapping[int, JsonObject]:
        return {key: self.notes[key] for key in event_ids if key in self.notes}

    def write(self, notes: Mapping[int, JsonObject]) -> None:
        if self.error is not None:
            raise self.error
        for note in notes.values():
            canonical(note)  # as the table would: it must be plain JSON
        self.writes.append(dict(notes))
        self.notes.update(notes)


class JobCall:
    """One resource is one event; events are numbered as their resources first appear.

    Attributes:
        outcomes: what the last call reported, by resource id.
        overall: what its `run()` returned.
    """

    def __init__(self) -> None:
        self.cloud = FakeCloud()
        self.inventory = Inventory()
        self.notebook = MemoryNotebook()
        self.outcomes: dict[str, JobOutcome] = {}
        self.overall: JobOutcome | None = None
        self.cancelled = False
        self._context: RunContext | None = None
        self._event_ids: dict[str, int] = {}

    def __call__(
        self, job: type[ResourceOperation], *resources: Resource | str, fresh: bool = True, **arguments: Any
    ) -> dict[str, JobOutcome]:
        """Run a job for resources; return what it reported of each."""
        ids = tuple(one if isinstance(one, str) else one.resource_id for one in resources)
        read = {key: now for key in ids if (now := self.cloud.get(key)) is not None}
        context = RunContext(
            clock=SystemClock(),
            inventory=self.inventory,
            cloud=Clouds(self.cloud.accounts, providers={"fake": self.cloud}),
            resource_ids=ids,
            occurrences=tuple((self.event_id(key), DUE_AT) for key in ids),
            fresh=read if fresh else {},
            notebook=self.notebook,
        )
        self._context = context
        if self.cancelled:
            context.cancel.set()
        self.outcomes = context.outcomes
        with bound(context):
            self.overall = job(resource_id=ids[0] if ids else None, **arguments).run()
        return context.outcomes

    def cancel(self) -> None:
        """Ask the call that is under way to stop."""
        assert self._context is not None
        self._context.cancel.set()

    def event_id(self, resource: Resource | str) -> int:
        key = resource if isinstance(resource, str) else resource.resource_id
        return self._event_ids.setdefault(key, len(self._event_ids) + 1)

    def note(self, resource: Resource) -> JsonObject | None:
        """Return what is written down about a resource."""
        return self.notebook.notes.get(self.event_id(resource))
