"""A cloud in memory: the same port, no network, no clock, and faults on request."""

import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from duetime.core.errors import ProviderFailed, UnknownName, nearest
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Skipped, Succeeded
from duetime.core.resources import Account, Resource, ResourceId
from duetime.providers.errors import OutcomeUnknown
from duetime.providers.faults import FakeCall, Faults, Refused, Trouble

GONE = "the resource does not exist any more"
_PREFIXES = {"instance": "i", "volume": "vol", "snapshot": "snap"}
_STATE_AFTER = {"start": "running", "stop": "stopped", "delete": None, "terminate": None}


class FakeCloud:
    """Implements `providers.port.Provider`; deterministic and safe to use from many threads.

    It behaves like EC2 where that matters: a call for several resources is refused as a whole when one of them is
    missing or protected, and an act on what is already so succeeds.

    Attributes:
        faults: what goes wrong.
    """

    def __init__(self, *, page_size: int = 1000) -> None:
        self.faults = Faults()
        self._page_size = page_size
        self._lock = threading.RLock()  # a predicate of a fault may look at the cloud
        self._resources: dict[str, Resource] = {}
        self._places: dict[str, set[str]] = {}
        self._numbers: Counter[str] = Counter()
        self._calls: list[FakeCall] = []
        self._clients: dict[str, Any] = {}

    # What a test does.

    def add(
        self,
        *,
        resource_type: str = "instance",
        name: str = "",
        account: str = "10",
        region: str = "us-east-1",
        state: str = "running",
        tags: Mapping[str, str] | None = None,
    ) -> Resource:
        """Create a resource; ids are numbered by type, `i-000001` first."""
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
            )
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

    def calls(self, operation: str | None = None) -> tuple[FakeCall, ...]:
        """Return every call so far, refused ones included, or those of one operation."""
        with self._lock:
            return tuple(call for call in self._calls if operation in (None, call.operation))

    def offer_client(self, service: str, client: Any) -> None:
        """Say what `client()` returns for a service."""
        with self._lock:
            self._clients[service] = client

    # What a provider does.

    def check(self, account: Account) -> None:
        """Accept any account."""

    def pages(self, *, account: Account, region: str, resource_type: str) -> Iterator[Sequence[Resource]]:
        start = 0
        while True:
            call = FakeCall("list", account.account, region, resource_type)
            self._meet(call)
            with self._lock:
                rest = [resource for resource in self._resources.values() if _is_of(resource, call)][start:]
            yield rest[: self._page_size]
            start += self._page_size
            if len(rest) <= self._page_size:
                return

    def read(
        self, *, account: Account, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, Resource]:
        ids = tuple(dict.fromkeys(provider_ids))
        if not ids:
            return {}
        call = FakeCall("read", account.account, region, resource_type, ids)
        self._meet(call)
        with self._lock:
            return self._existing(call)

    def act(
        self, operation: str, *, account: Account, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, JobOutcome]:
        if operation not in _STATE_AFTER:
            raise UnknownName("operation of the fake cloud", operation, near=nearest(operation, _STATE_AFTER))
        ids = tuple(dict.fromkeys(provider_ids))
        if not ids:
            return {}
        call = FakeCall(operation, account.account, region, resource_type, ids)
        cut = self._meet(call) is Trouble.CUT
        outcomes = self._act(call)
        if cut:
            raise OutcomeUnknown("The fake cloud", f"{operation}: {Trouble.CUT.value}")
        return outcomes

    def client(self, service: str, *, account: Account, region: str) -> Any:
        with self._lock:
            if service not in self._clients:
                raise ProviderFailed("The fake cloud", f"no client for {service!r}; give it one with offer_client()")
            return self._clients[service]

    def close(self) -> None:
        """Do nothing: there is no connection."""

    def _meet(self, call: FakeCall) -> Trouble | None:
        """Note the call and let its faults happen; return one that strikes only after the work."""
        with self._lock:
            self._calls.append(call)
        for hook in self.faults.hooks(call):
            hook(call)
        trouble = self.faults.trouble(call)
        if trouble is None or (trouble is Trouble.CUT and call.operation in _STATE_AFTER):
            return trouble
        raise ProviderFailed("The fake cloud", f"{call.operation} in account {call.account}: {trouble.value}")

    def _act(self, call: FakeCall) -> Mapping[str, JobOutcome]:
        with self._lock:
            for resource in self._existing(call).values():
                if self.faults.vanishes(resource.resource_id):
                    del self._resources[resource.resource_id]
            existing = self._existing(call)
            missing = [provider_id for provider_id in call.provider_ids if provider_id not in existing]
            refused = self.faults.refusal(call, list(existing.values()))
            if len(call.provider_ids) > 1 and (missing or refused):
                raise GroupRefused(refused.error if refused else f"{', '.join(missing)}: {GONE}")
            return {
                provider_id: self._one(call.operation, existing.get(provider_id), refused)
                for provider_id in call.provider_ids
            }

    def _one(self, operation: str, resource: Resource | None, refused: Refused | None) -> JobOutcome:
        if resource is None:
            return Skipped(GONE)
        if refused is not None:
            return Failed(refused.error, retry=refused.retry)
        state = _STATE_AFTER[operation]
        if state is None:
            del self._resources[resource.resource_id]
        else:
            self._resources[resource.resource_id] = replace(resource, state=state)
        return Succeeded({"before": resource.state, "after": state or "gone"})

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


def _is_of(resource: Resource, call: FakeCall) -> bool:
    return (resource.account, resource.region, resource.resource_type) == (
        call.account,
        call.region,
        call.resource_type,
    )
