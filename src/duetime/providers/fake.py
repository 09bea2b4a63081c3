"""A cloud in memory: the same port, no network, no clock, and faults on request."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from duetime.core.cloud import NO_ARGUMENTS, ResourceTypeFacts
from duetime.core.errors import ProviderFailed, UnknownName
from duetime.core.json_types import JsonObject
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Skipped, Succeeded
from duetime.core.resource_types import ResourceType
from duetime.core.resources import Account, Resource
from duetime.providers.errors import OutcomeUnknown
from duetime.providers.fake_operations import DEEDS, Deed
from duetime.providers.fake_resources import FakeResources
from duetime.providers.faults import FakeCall, Faults, Trouble

GONE = "the resource does not exist any more"
_SNAPSHOTS = {ResourceType.DATABASE_INSTANCE.value: ResourceType.DATABASE_SNAPSHOT.value}
"""Of which type a snapshot is, where it is not `snapshot`."""


class FakeCloud(FakeResources):
    """Implements `providers.port.Provider`; deterministic and safe to use from many threads.

    It behaves like EC2 where that matters: a call for several resources is refused as a whole when one of them is
    missing, protected or on its way to another state, and an act on what is already so succeeds. Every type of resource
    has every operation, unless `offer_only` says otherwise.

    Attributes:
        faults: what goes wrong.
    """

    def __init__(self, *, page_size: int = 1000) -> None:
        super().__init__()
        self.faults = Faults()
        self._page_size = page_size
        self._calls: list[FakeCall] = []
        self._clients: dict[str, Any] = {}
        self._offered: dict[str, frozenset[str]] = {}
        self._facts: dict[str, ResourceTypeFacts] = {}

    # What a test does.

    def calls(self, operation: str | None = None) -> tuple[FakeCall, ...]:
        """Return every call so far, refused ones included, or those of one operation."""
        with self._lock:
            return tuple(call for call in self._calls if operation in (None, call.operation))

    def offer_only(self, resource_type: str, operations: Collection[str]) -> None:
        """Say which operations a type of resource has; by default all of them."""
        with self._lock:
            self._offered[resource_type] = frozenset(operations)
            self._facts.pop(resource_type, None)

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
            found = self._existing(call)
            for resource in found.values():
                self._let_pass(resource.resource_id)
            return found

    def resource_types(self) -> Mapping[str, ResourceTypeFacts]:
        with self._lock:
            return {name: self._facts_of(name) for name in sorted(self._types)}

    def before(
        self,
        operation: str,
        *,
        account: Account,
        region: str,
        resource_type: str,
        provider_ids: Sequence[str],
        arguments: Mapping[str, Any] = NO_ARGUMENTS,
    ) -> Mapping[str, JsonObject]:
        deed = self._deed(operation, resource_type)
        if deed.operation.inverse is None:
            return {}
        ids = tuple(dict.fromkeys(provider_ids))
        call = FakeCall("before", account.account, region, resource_type, ids, dict(arguments))
        if deed.reads and ids:
            self._meet(call)
        with self._lock:
            return {key: deed.before(resource, arguments) for key, resource in self._existing(call).items()}

    def act(
        self,
        operation: str,
        *,
        account: Account,
        region: str,
        resource_type: str,
        provider_ids: Sequence[str],
        arguments: Mapping[str, Any] = NO_ARGUMENTS,
    ) -> Mapping[str, JobOutcome]:
        deed = self._deed(operation, resource_type)
        ids = tuple(dict.fromkeys(provider_ids))
        if not ids:
            return {}
        call = FakeCall(operation, account.account, region, resource_type, ids, dict(arguments))
        cut = self._meet(call) is Trouble.CUT
        outcomes = self._act(call, deed)
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
        if trouble is None or (trouble is Trouble.CUT and call.operation in DEEDS):
            return trouble
        raise ProviderFailed("The fake cloud", f"{call.operation} in account {call.account}: {trouble.value}")

    def _deed(self, operation: str, resource_type: str) -> Deed:
        with self._lock:
            offered = self._facts_of(resource_type).operations
        if operation not in offered:
            raise UnknownName(f"operation on fake resources of type {resource_type}", operation, near=[*offered])
        return DEEDS[operation]

    def _facts_of(self, resource_type: str) -> ResourceTypeFacts:
        if resource_type not in self._facts:
            offered = self._offered.get(resource_type, DEEDS)
            operations = {name: deed.operation for name, deed in DEEDS.items() if name in offered}
            self._facts[resource_type] = ResourceTypeFacts(
                resource_type=resource_type, service="fake", operations=operations
            )
        return self._facts[resource_type]

    def _act(self, call: FakeCall, deed: Deed) -> Mapping[str, JobOutcome]:
        with self._lock:
            for resource in self._existing(call).values():
                if self.faults.vanishes(resource.resource_id):
                    del self._resources[resource.resource_id]
            existing = self._existing(call)
            missing = [provider_id for provider_id in call.provider_ids if provider_id not in existing]
            refused = self._refusal(call, deed, existing)
            if len(call.provider_ids) > 1 and (missing or refused):
                raise GroupRefused(refused.error if refused else f"{', '.join(missing)}: {GONE}")
            return {
                provider_id: self._one(call, deed, existing.get(provider_id), refused)
                for provider_id in call.provider_ids
            }

    def _refusal(self, call: FakeCall, deed: Deed, existing: Mapping[str, Resource]) -> Failed | None:
        scripted = self.faults.refusal(call, list(existing.values()))
        if scripted is not None:
            return Failed(scripted.error, retry=scripted.retry)
        passing = [resource for resource in existing.values() if resource.state in deed.operation.passing]
        if passing:
            state, name = passing[0].state, passing[0].provider_id
            return Failed(f"IncorrectState ({name} is {state}, from which it cannot {call.operation})")
        return None

    def _one(self, call: FakeCall, deed: Deed, resource: Resource | None, refused: Failed | None) -> JobOutcome:
        if resource is None:
            return Skipped(GONE)
        if refused is not None:
            return refused
        if call.operation == "snapshot":
            return self._snapshot(call, deed, resource)
        after = deed.change(resource, call.arguments)
        if after is None:
            del self._resources[resource.resource_id]
            return Succeeded({"before": resource.state, "after": "gone"})
        after = self._put(after, passing=deed.passing, reads=self.faults.lingers(call, resource))
        return Succeeded({"before": resource.state, "after": after.state})

    def _snapshot(self, call: FakeCall, deed: Deed, source: Resource) -> JobOutcome:
        taken = self.add(
            resource_type=_SNAPSHOTS.get(source.resource_type, ResourceType.SNAPSHOT.value),
            name=call.arguments.get("name", ""),
            account=source.account,
            region=source.region,
            state="completed",
            tags=call.arguments.get("tags"),
            data={"source": source.provider_id},
        )
        taken = self._put(taken, passing=deed.passing, reads=self.faults.lingers(call, source))
        return Succeeded({"snapshot_id": taken.provider_id, "snapshot_type": taken.resource_type})


def _is_of(resource: Resource, call: FakeCall) -> bool:
    return (resource.account, resource.region, resource.resource_type) == (
        call.account,
        call.region,
        call.resource_type,
    )
