"""What a job may reach while it runs, bound around its construction and its run."""

from collections.abc import Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from duetime.core.claims import Claim
from duetime.core.clock import Clock
from duetime.core.cloud import Cloud
from duetime.core.events import run_id_of
from duetime.core.json_types import JsonObject
from duetime.core.operations import Operation
from duetime.core.outcomes import JobOutcome
from duetime.core.resources import Resource, ResourceId


class ResourceReader(Protocol):
    """Reads the inventory."""

    def resources(self, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        """Return the resources that the inventory knows, by id."""


class Notebook(Protocol):
    """What a job writes down before it acts: durable at once, there again for its next attempt, and for its undo.

    A note belongs to one event and one due time; a group job has one per member.
    """

    def read(self, event_ids: Sequence[int]) -> Mapping[int, JsonObject]:
        """Return the notes of this call's events at their present due times; those without one are left out."""

    def write(self, notes: Mapping[int, JsonObject]) -> None:
        """Write notes, each in place of the one before, before the function returns.

        Raises:
            StaleClaim: one of the events is no longer this attempt's; nothing was written, and nothing may be done.
            DatabaseUnavailable: nothing was written.
        """


class _NoNotebook:
    """For contexts made by hand."""

    def read(self, _event_ids: Sequence[int]) -> Mapping[int, JsonObject]:
        return {}

    def write(self, _notes: Mapping[int, JsonObject]) -> None:
        """Forget them."""


class CancelFlag:
    """Says that a running job should stop. Lighter than `threading.Event`: nobody waits on it, jobs only look."""

    __slots__ = ("_is_set",)

    def __init__(self) -> None:
        self._is_set = False

    def set(self) -> None:
        self._is_set = True

    def is_set(self) -> bool:
        return self._is_set


@dataclass(slots=True)
class RunContext:
    """One job call.

    Attributes:
        resource_ids: the resources it serves, one per event.
        fresh: those of them that the guards read from the cloud a moment ago.
        cancel: set when somebody asks the running job to stop.
        operations: what trackers inside the run asked for, in order.
        occurrences: the events it serves, by id and due time.
        outcomes: what the job reported of its resources.
        notebook: what this attempt's job wrote down, or an earlier attempt's.
        claims: what it serves, as it was claimed; empty in contexts made by hand.
        session_id: the worker session that makes the call; None in contexts made by hand.
    """

    clock: Clock
    inventory: ResourceReader
    cloud: Cloud
    resource_ids: tuple[str, ...] = ()
    occurrences: tuple[tuple[int, datetime], ...] = ()
    fresh: Mapping[str, Resource] = field(default_factory=dict)
    cancel: CancelFlag = field(default_factory=CancelFlag)
    operations: list[Operation] = field(default_factory=list)
    outcomes: dict[str, JobOutcome] = field(default_factory=dict)
    notebook: Notebook = field(default_factory=_NoNotebook)
    claims: Sequence[Claim] = ()
    session_id: int | None = None

    @property
    def idempotency_key(self) -> str:
        """The same text for every attempt at these due times."""
        return ",".join(f"{event_id}@{due_at:%Y%m%dT%H%M%S.%fZ}" for event_id, due_at in self.occurrences)

    @property
    def run_ids(self) -> tuple[str, ...]:
        """The runs that this call will be in the history; none for contexts made by hand."""
        return tuple(run_id_of(claim.event_id, claim.due_at, claim.attempt) for claim in self.claims)

    def resources(self) -> tuple[Resource, ...]:
        """Return the resources of this call: the fresh reading, else the inventory's, else what the id alone says."""
        wanted = [resource_id for resource_id in self.resource_ids if resource_id not in self.fresh]
        known = self.inventory.resources(wanted) if wanted else {}
        return tuple(
            self.fresh.get(resource_id) or known.get(resource_id) or _from_id(resource_id)
            for resource_id in self.resource_ids
        )


def _from_id(resource_id: str) -> Resource:
    parts = ResourceId.from_string(resource_id)
    return Resource.of(
        resource_type=parts.resource_type,
        account=parts.account,
        region=parts.region,
        provider_id=parts.provider_id,
    )


_current: ContextVar[RunContext | None] = ContextVar("duetime_run", default=None)


def current_run() -> RunContext | None:
    """Return the run that this thread is in, or None outside a run."""
    return _current.get()


class bound:  # noqa: N801 - used as a verb; a class because a generator costs a microsecond per event
    """Make `context` the current run inside the block."""

    __slots__ = ("_context", "_token")

    def __init__(self, context: RunContext) -> None:
        self._context = context

    def __enter__(self) -> RunContext:
        self._token = _current.set(self._context)
        return self._context

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)
