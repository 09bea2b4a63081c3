"""All clouds together: finds the account, then the provider that serves it."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from duetime.core.clock import Clock, SystemClock
from duetime.core.cloud import NO_ARGUMENTS, ResourceTypeFacts
from duetime.core.errors import UnknownName, nearest
from duetime.core.json_types import JsonObject
from duetime.core.outcomes import JobOutcome
from duetime.core.resources import Account, Resource
from duetime.core.tracing import Facts, SpanKind, span
from duetime.providers.port import Provider

CACHED_FOR = timedelta(seconds=30)
_MISS_CACHED_FOR = 1.0
_MOST_MISSES = 10_000


class Clouds:
    """Implements `core.cloud.Cloud` over any number of providers.

    Accounts are looked up when first needed and kept for `cached_for`, because a worker asks for every batch. An
    account that is not among them is looked for again after a second, so a new account serves almost at once; a changed
    one may take `cached_for`, unless somebody calls `refresh()`.
    """

    def __init__(
        self,
        accounts: Callable[[], Mapping[str, Account]],
        *,
        providers: Mapping[str, Provider],
        clock: Clock | None = None,
        cached_for: timedelta = CACHED_FOR,
    ) -> None:
        self._look_up = accounts
        self._providers = dict(providers)
        self._clock = clock or SystemClock()
        self._cached_for = cached_for.total_seconds()
        self._lock = threading.Lock()
        self._accounts: Mapping[str, Account] = {}
        self._read_at: float | None = None
        self._missed: dict[str, float] = {}

    def knows(self, account: str) -> bool:
        found = self._find(account)
        return found is not None and found.provider in self._providers

    def check(self, account: Account) -> None:
        """Judge an account that is about to be registered, without calling its cloud.

        Raises:
            UnknownName: no provider of that name.
            InvalidSetting: its provider refuses one of its settings.
        """
        self._provider(account).check(account)

    def read(
        self, *, account: str, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, Resource]:
        known = self._require(account)
        with span("duetime.cloud.read", _facts(account, region, resource_type, provider_ids), kind=SpanKind.CLIENT):
            return self._provider(known).read(
                account=known, region=region, resource_type=resource_type, provider_ids=provider_ids
            )

    def pages(self, *, account: str, region: str, resource_type: str) -> Iterator[Sequence[Resource]]:
        known = self._require(account)
        return self._provider(known).pages(account=known, region=region, resource_type=resource_type)

    def resource_types(self, *, account: str) -> Mapping[str, ResourceTypeFacts]:
        return self._provider(self._require(account)).resource_types()

    def before(
        self,
        operation: str,
        *,
        account: str,
        region: str,
        resource_type: str,
        provider_ids: Sequence[str],
        arguments: Mapping[str, Any] = NO_ARGUMENTS,
    ) -> Mapping[str, JsonObject]:
        known = self._require(account)
        return self._provider(known).before(
            operation,
            account=known,
            region=region,
            resource_type=resource_type,
            provider_ids=provider_ids,
            arguments=arguments,
        )

    def act(
        self,
        operation: str,
        *,
        account: str,
        region: str,
        resource_type: str,
        provider_ids: Sequence[str],
        arguments: Mapping[str, Any] = NO_ARGUMENTS,
    ) -> Mapping[str, JobOutcome]:
        known = self._require(account)
        facts = {**_facts(account, region, resource_type, provider_ids), "duetime.cloud.operation": operation}
        with span("duetime.cloud.act", facts, kind=SpanKind.CLIENT):
            return self._provider(known).act(
                operation,
                account=known,
                region=region,
                resource_type=resource_type,
                provider_ids=provider_ids,
                arguments=arguments,
            )

    def client(self, service: str, *, account: str, region: str) -> Any:
        known = self._require(account)
        return self._provider(known).client(service, account=known, region=region)

    def refresh(self) -> None:
        """Forget the accounts; the next question reads them again."""
        with self._lock:
            self._read_at = None
            self._missed.clear()

    def close(self) -> None:
        """Give the connections of every provider back."""
        for provider in self._providers.values():
            provider.close()

    def _require(self, account: str) -> Account:
        found = self._find(account)
        if found is None:
            raise UnknownName("account", account, near=nearest(account, self._accounts))
        return found

    def _provider(self, account: Account) -> Provider:
        provider = self._providers.get(account.provider)
        if provider is None:
            raise UnknownName("provider", account.provider, near=nearest(account.provider, self._providers))
        return provider

    def _find(self, account: str) -> Account | None:
        with self._lock:
            fresh = self._read_at is not None and self._clock.monotonic() - self._read_at < self._cached_for
            if fresh and account in self._accounts:
                return self._accounts[account]
            missed_at = self._missed.get(account)
            if missed_at is not None and self._clock.monotonic() - missed_at < _MISS_CACHED_FOR:
                return None
        accounts = self._look_up()
        with self._lock:
            self._accounts = dict(accounts)
            self._read_at = self._clock.monotonic()
            if account not in self._accounts:
                if len(self._missed) > _MOST_MISSES:
                    self._missed.clear()
                self._missed[account] = self._read_at
            return self._accounts.get(account)


def _facts(account: str, region: str, resource_type: str, provider_ids: Sequence[str]) -> Facts:
    return {
        "cloud.account.id": account,
        "cloud.region": region,
        "duetime.resource.type": resource_type,
        "duetime.resource.count": len(provider_ids),
    }
