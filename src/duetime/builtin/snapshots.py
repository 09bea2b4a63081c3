"""Taking snapshots, and deleting what they were taken of: a state machine whose state is the note."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from duetime.builtin.event_ids import SNAPSHOT, SNAPSHOT_THEN_DELETE
from duetime.builtin.resource_operation import ResourceOperation, by_place
from duetime.builtin.waits import wait_on
from duetime.core.cloud import Operation
from duetime.core.json_types import JsonObject
from duetime.core.outcomes import Failed, JobOutcome, Succeeded
from duetime.core.resources import Resource
from duetime.core.statuses import OnLost
from duetime.jobs.registration import ScheduledEventRegistryWrapper

EVENT_TAG = "duetime:event"
"""The tag by which a snapshot is found again whose id nobody could write down."""
COMPLETE = frozenset({"completed", "available"})
FAILED = frozenset({"error", "failed", "recoverable", "recovering", "deleting", "deleted", "deregistered", "invalid"})

events = ScheduledEventRegistryWrapper()


class Snapshot(NamedTuple):
    """A snapshot that was taken, as the note keeps it."""

    snapshot_id: str
    snapshot_type: str

    def to_json(self) -> JsonObject:
        return {"snapshot_id": self.snapshot_id, "snapshot_type": self.snapshot_type}


@events.register(SNAPSHOT)
class TakeSnapshot(ResourceOperation):
    """Takes a snapshot of resources such as volumes, and succeeds when it is complete.

    Each attempt goes as far as it can and puts the event off while the cloud is copying. The note says how far it came:

    1. `asked`: since when a snapshot is asked for. An attempt that finds this, and no snapshot, looks for one that
       carries the event's tag before it asks again.
    2. `snapshot`: its id and type, and the wait for it to be complete.

    Args:
        name: the beginning of the snapshots' names; the resource, event and time are added.
        tags: tags of the snapshots, values by key.
    """

    operation = "snapshot"
    longest_wait = timedelta(hours=12)
    timeout = timedelta(minutes=10)

    def __init__(self, *, name: str = "duetime", tags: dict[str, str] | None = None, **own: Any) -> None:
        super().__init__(**own)
        self.name = name
        self.tags = tags or {}

    def problem(self) -> str | None:
        wrong = [text for text in (*self.tags, *self.tags.values()) if not isinstance(text, str)]
        return f"tags must hold texts alone, not {wrong[0]!r}" if wrong else None

    def _serve(self, members: Sequence[Resource]) -> None:
        operation = self._offered(members, "snapshot")
        if operation is not None:
            self._finish(self._complete(self._take_all(members, operation)))

    def _take_all(self, members: Sequence[Resource], operation: Operation) -> dict[str, Snapshot]:
        """Return, by resource id, the snapshots that there are by now; the other resources are reported."""
        ready = {one.resource_id for one in self._ready([one for one in members if not self._has(one)], operation)}
        taken: dict[str, Snapshot] = {}
        for resource in members:
            snapshot = self._snapshot_of(resource)
            if snapshot is None and resource.resource_id in ready:
                if self.cancel_requested:
                    self._give_up([resource])
                    continue
                snapshot = self._take(resource)
            if snapshot is not None:
                taken[resource.resource_id] = snapshot
        return taken

    def _take(self, resource: Resource) -> Snapshot | None:
        """Take the snapshot of one resource and write its id down at once; None when that was refused and reported.

        One call for each: a call can carry one tag for all, and each event has to find its own again.
        """
        key = self._key(resource)
        if "asked" in self._note(resource):
            found = self._find(resource, key)
            if found is not None:
                return self._written(resource, found)
        else:
            self._update(resource, asked=self._now().isoformat(), waiting=None)
        self._act([resource], {"name": self._name(resource), "tags": {**self.tags, EVENT_TAG: key}})
        match self.context.outcomes.pop(resource.resource_id):
            case Succeeded({"snapshot_id": str(snapshot_id), "snapshot_type": str(snapshot_type)}):
                return self._written(resource, Snapshot(snapshot_id, snapshot_type))
            case Succeeded(data):
                outcome: JobOutcome = Failed(f"the cloud did not say which snapshot it took: {data}")
            case other:
                outcome = other
        self.report(resource, outcome)
        return None

    def _find(self, resource: Resource, key: str) -> Snapshot | None:
        """Look for a snapshot that an earlier attempt asked for and whose answer it could not write down."""
        cloud = self.context.cloud
        for kind in sorted(cloud.resource_types(account=resource.account)):
            if "snapshot" not in kind and "image" not in kind:
                continue
            for page in cloud.pages(account=resource.account, region=resource.region, resource_type=kind):
                for one in page:
                    if one.tags.get(EVENT_TAG) == key and one.state not in FAILED:
                        return Snapshot(one.provider_id, kind)
        return None

    def _complete(self, taken: Mapping[str, Snapshot]) -> list[Resource]:
        """Return the resources whose snapshots are complete; the others are reported."""
        members = [resource for resource in self.resources if resource.resource_id in taken]
        states = self._states(members, taken)
        complete: list[Resource] = []
        for resource in members:
            snapshot = taken[resource.resource_id]
            state = states.get(snapshot)
            if state in COMPLETE:
                complete.append(resource)
            elif state in FAILED:
                # Without its id, the next attempt takes another one.
                self._update(resource, snapshot=None, asked=None)
                self.failed(resource, f"snapshot {snapshot.snapshot_id} is {state}")
            else:
                what = f"snapshot {snapshot.snapshot_id} is {state or 'not listed yet'}"
                since = datetime.fromisoformat(str(self._note(resource)["taken_at"]))
                self.report(resource, wait_on(what, since=since, now=self._now(), limit=self.longest_wait))
        return complete

    def _states(self, members: Sequence[Resource], taken: Mapping[str, Snapshot]) -> dict[Snapshot, str]:
        """Read the snapshots afresh, one call for each type."""
        states: dict[Snapshot, str] = {}
        snapshots = sorted((taken[one.resource_id] for one in members), key=lambda one: one.snapshot_type)
        for kind, same in groupby(snapshots, key=lambda one: one.snapshot_type):
            found = self.context.cloud.read(
                account=members[0].account,
                region=members[0].region,
                resource_type=kind,
                provider_ids=[one.snapshot_id for one in same],
            )
            states |= {Snapshot(key, kind): one.state for key, one in found.items()}
        return states

    def _finish(self, members: Sequence[Resource]) -> None:
        """Do what follows on complete snapshots."""
        for resource in members:
            self.succeeded(resource, self._note(resource)["snapshot"])

    def _has(self, resource: Resource) -> bool:
        return self._snapshot_of(resource) is not None

    def _snapshot_of(self, resource: Resource) -> Snapshot | None:
        match self._note(resource).get("snapshot"):
            case {"snapshot_id": str(snapshot_id), "snapshot_type": str(snapshot_type)}:
                return Snapshot(snapshot_id, snapshot_type)
            case _:
                return None

    def _written(self, resource: Resource, snapshot: Snapshot) -> Snapshot:
        self._update(resource, snapshot=snapshot.to_json(), taken_at=self._now().isoformat())
        return snapshot

    def _update(self, resource: Resource, **changes: Any) -> None:
        """Write a note with changes; a part that is None is taken out."""
        note = {name: part for name, part in {**self._note(resource), **changes}.items() if part is not None}
        self._write({self._event_id(resource): note})

    def _key(self, resource: Resource) -> str:
        event_id, due_at = self._occurrence(resource)
        return f"{event_id}@{due_at:%Y%m%dT%H%M%S.%fZ}"

    def _name(self, resource: Resource) -> str:
        """Return a name that no other snapshot has, in letters, digits and single hyphens as databases want them."""
        event_id, due_at = self._occurrence(resource)
        text = f"{self.name}-{resource.provider_id}-{event_id}-{due_at:%Y%m%dT%H%M%SZ}"
        return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-")

    def _occurrence(self, resource: Resource) -> tuple[int, datetime]:
        event_id = self._event_id(resource)
        due_at = dict(self.context.occurrences)[event_id]
        return event_id, due_at.astimezone(UTC)


@events.register(SNAPSHOT_THEN_DELETE)
class SnapshotThenDelete(TakeSnapshot):
    """Takes a snapshot, waits until it is complete, then deletes what it was taken of. No snapshot, no deletion.

    An attempt that is cut off at any line is safely made again: the note says how far it came.

    Args:
        name: the beginning of the snapshots' names; the resource, event and time are added.
        tags: tags of the snapshots, values by key.
    """

    destructive = True
    on_lost = OnLost.RETRY

    def _serve(self, members: Sequence[Resource]) -> None:
        if self._offered(members, "delete") is not None:  # no snapshot either of what cannot be deleted
            super()._serve(members)

    def _finish(self, members: Sequence[Resource]) -> None:
        for same in by_place(members):
            deletion = self._offered(same, "delete")
            if deletion is None:
                continue
            ready = self._keep(self._ready(same, deletion), deletion)
            try:
                self._act(ready, {"final_snapshot": None}, operation="delete")
            finally:
                for resource in ready:
                    self._add_snapshot(resource)

    def _pre_state(self, resource: Resource) -> JsonObject:
        return {**super()._pre_state(resource), "operation": "delete"}

    def _add_snapshot(self, resource: Resource) -> None:
        """Say in the outcome of a deletion which snapshot is left."""
        match self.context.outcomes.get(resource.resource_id):
            case Succeeded(data):
                body = data if isinstance(data, dict) else {"data": data}
                snapshot = self._snapshot_of(resource)
                self.succeeded(resource, {**body, **({} if snapshot is None else snapshot.to_json())})
            case _:
                pass


def load() -> None:
    """Register them."""
    events.load()


def unload() -> None:
    """Take them back."""
    events.unload()
