"""The resources of a fake cloud: made and changed by tests, found by calls, and on their way from state to state."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from duetime.core.errors import UnknownName, nearest
from duetime.core.resource_types import ResourceType
from duetime.core.resources import Account, Resource, ResourceId
from duetime.providers.faults import FakeCall

_PREFIXES = {"instance": "i", "volume": "vol", "snapshot": "snap"}


@dataclass(slots=True)
class _Passing:
    """The state that a resource is on its way to, and how many reads still find it on the way."""

    state: str
    reads: int


class FakeResources:
    """What there is in a fake cloud; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.RLock()  # a predicate of a fault may look at the cloud
        self._resources: dict[str, Resource] = {}
        self._places: dict[str, set[str]] = {}
        self._numbers: Counter[str] = Counter()
        self._types: set[str] = {kind.value for kind in ResourceType}
        self._passing: dict[str, _Passing] = {}

    def add(
        self,
        *,
        resource_type: str = "instance",
        name: str = "",
        account: str = "10",
        region: str = "us-east-1",
        state: str = "running",
        tags: Mapping[str, str] | None = None,
        **columns: Any,
    ) -> Resource:
        """Create a resource; ids are numbered by type, `i-000001` first.

        Args:
            resource_type: any text; its type.
            name: its name, by default its id.
            account: where it lives.
            region: likewise.
            state: in the cloud's own words.
            tags: by key.
            columns: further fields of `Resource`, such as `data` or `public`.
        """
        prefix = _PREFIXES.get(resource_type, resource_type)
        with self._lock:
            self._numbers[prefix] += 1
            resource = Resource.of(
                resource_type=resource_type,
                account=account,
                region=region,
                provider_id=f"{prefix}-{self._numbers[prefix]:06}",
                name=name,
                state=state,
                tags=tags,
                **columns,
            )
            self._types.add(resource_type)
            self._resources[resource.resource_id] = resource
            self._places.setdefault(account, set()).add(region)
        return resource

    def get(self, resource: Resource | str) -> Resource | None:
        """Return a resource as it is now, or None when it is gone."""
        with self._lock:
            return self._resources.get(_id_of(resource))

    def resources(self) -> tuple[Resource, ...]:
        """Return everything there is, in the order of creation."""
        with self._lock:
            return tuple(self._resources.values())

    def set_state(self, resource: Resource | str, state: str) -> Resource:
        """Change a state, as somebody outside would."""
        return self._change(resource, state=state)

    def set_tags(self, resource: Resource | str, tags: Mapping[str, str]) -> Resource:
        """Replace all tags, as somebody outside would."""
        return self._change(resource, tags=dict(tags))

    def remove(self, resource: Resource | str) -> None:
        """Delete a resource, as somebody outside would; its account and region stay known."""
        with self._lock:
            self._resources.pop(_id_of(resource), None)

    def accounts(self) -> Mapping[str, Account]:
        """Return the accounts that ever had a resource, as `Clouds` takes them."""
        with self._lock:
            return {
                account: Account(account, provider="fake", name=account, regions=tuple(sorted(regions)))
                for account, regions in self._places.items()
            }

    def _put(self, resource: Resource, *, passing: str = "", reads: int = 0) -> Resource:
        """Put a resource where an operation brings it: at once, or into a passing state for some reads."""
        key = resource.resource_id
        self._passing.pop(key, None)
        if passing and reads:
            self._passing[key] = _Passing(resource.state, reads)
            resource = replace(resource, state=passing)
        self._resources[key] = resource
        return resource

    def _let_pass(self, key: str) -> None:
        """Count a read of a resource in a passing state; after the last one it is where it was to go."""
        passing = self._passing.get(key)
        if passing is None:
            return
        passing.reads -= 1
        if passing.reads == 0:
            del self._passing[key]
            self._resources[key] = replace(self._resources[key], state=passing.state)

    def _existing(self, call: FakeCall) -> dict[str, Resource]:
        found: dict[str, Resource] = {}
        for provider_id in call.provider_ids:
            key = ResourceId(call.resource_type, call.account, call.region, provider_id).to_string()
            if key in self._resources:
                found[provider_id] = self._resources[key]
        return found

    def _change(self, resource: Resource | str, **changes: Any) -> Resource:
        with self._lock:
            key = _id_of(resource)
            if key not in self._resources:
                raise UnknownName("resource", key, near=nearest(key, self._resources))
            changed = replace(self._resources[key], **changes)
            self._resources[key] = changed
            return changed


def _id_of(resource: Resource | str) -> str:
    return resource if isinstance(resource, str) else resource.resource_id
