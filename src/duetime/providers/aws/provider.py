"""The AWS provider: the door to this package, light until the first call."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from duetime.core.budgets import BudgetKey
from duetime.core.clock import Clock
from duetime.core.cloud import NO_ARGUMENTS, ResourceTypeFacts
from duetime.core.errors import ProviderFailed, UnknownName, nearest
from duetime.core.json_types import JsonObject
from duetime.core.outcomes import JobOutcome
from duetime.core.resources import Account, Resource
from duetime.providers.aws.access import Access
from duetime.providers.aws.catalogue import CATALOGUE
from duetime.providers.aws.counter import ApiCall, CallCounter, Traffic
from duetime.providers.aws.entry import ResourceKind
from duetime.providers.aws.options import ClientOptions
from duetime.providers.pacing import Budgets

if TYPE_CHECKING:
    from duetime.providers.aws.resource_calls import ResourceCalls
    from duetime.providers.aws.sessions import Sessions


class AwsProvider:
    """Reads and changes AWS resources. Implements `providers.port.Provider`.

    Args:
        loopback_only: refuse, before the first call, any account that is not a simulated AWS on this machine with
            dummy credentials.
        options: time-outs, attempts and connections.
        budgets: who keeps how fast AWS may be asked; None = this provider alone.
        clock: by which calls wait for their turn; None = the system's.
    """

    def __init__(
        self,
        *,
        loopback_only: bool = False,
        options: ClientOptions | None = None,
        budgets: Budgets | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._loopback_only = loopback_only
        self._budgets = budgets
        self._clock = clock
        self._options = options or ClientOptions()
        self._counter = CallCounter()
        self._lock = threading.Lock()
        self._opened: Sessions | None = None

    def check(self, account: Account) -> None:
        Access.of(account, loopback_only=self._loopback_only)

    def pages(self, *, account: Account, region: str, resource_type: str) -> Iterator[Sequence[Resource]]:
        return self._calls(account, region=region, resource_type=resource_type).reads.pages()

    def read(
        self, *, account: Account, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, Resource]:
        return self._calls(account, region=region, resource_type=resource_type).reads.read(provider_ids)

    def resource_types(self) -> Mapping[str, ResourceTypeFacts]:
        return _facts()

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
        _check_operation(operation, resource_type)
        calls = self._calls(account, region=region, resource_type=resource_type)
        return calls.before(operation, provider_ids, arguments)

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
        _check_operation(operation, resource_type)
        calls = self._calls(account, region=region, resource_type=resource_type)
        return calls.act(operation, provider_ids, arguments)

    def client(self, service: str, *, account: Account, region: str) -> Any:
        sessions = self._sessions()
        from duetime.providers.aws.errors import translated  # noqa: PLC0415 - see _sessions

        with translated(f"AWS account {account.account} in {region}", changes=False):
            return sessions.client(service, account=account, region=region)

    def calls(self) -> Mapping[ApiCall, int]:
        """Return how many requests were sent so far, by account, region and operation."""
        return self._counter.snapshot()

    def traffic(self) -> Mapping[BudgetKey, Traffic]:
        """Return how many requests were sent, refused as too many and not sent, by account, region and family."""
        return self._counter.traffic()

    def close(self) -> None:
        with self._lock:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _calls(self, account: Account, *, region: str, resource_type: str) -> "ResourceCalls":
        kind = _kind(resource_type)
        sessions = self._sessions()
        from duetime.providers.aws.resource_calls import ResourceCalls  # noqa: PLC0415 - see _sessions

        return ResourceCalls(kind, sessions=sessions, account=account, region=region)

    def _sessions(self) -> "Sessions":
        """Import the SDK now, not before: it takes 0.4 s, and installations without AWS do not have it."""
        with self._lock:
            if self._opened is None:
                try:
                    from duetime.providers.aws.sessions import Sessions  # noqa: PLC0415 - see above
                except ModuleNotFoundError as error:
                    if (error.name or "").partition(".")[0] not in {"boto3", "botocore"}:
                        raise
                    raise ProviderFailed("AWS", "boto3 is not installed; run pip install 'duetime[aws]'") from None
                self._opened = Sessions(
                    options=self._options,
                    loopback_only=self._loopback_only,
                    counter=self._counter,
                    budgets=self._budgets,
                    clock=self._clock,
                )
            return self._opened


@cache
def _facts() -> Mapping[str, ResourceTypeFacts]:
    """Return what the catalogue says; every job call asks."""
    return MappingProxyType(
        {
            kind.resource_type: ResourceTypeFacts(
                resource_type=kind.resource_type,
                title=kind.title,
                service=kind.service,
                regional=kind.regional,
                operations=MappingProxyType({name: action.operation(name) for name, action in kind.actions.items()}),
            )
            for kind in CATALOGUE.values()
        }
    )


def _kind(resource_type: str) -> ResourceKind:
    kind = CATALOGUE.get(resource_type)
    if kind is None:
        raise UnknownName("AWS resource type", resource_type, near=nearest(resource_type, CATALOGUE))
    return kind


def _check_operation(operation: str, resource_type: str) -> None:
    actions = _kind(resource_type).actions
    if operation not in actions:
        raise UnknownName(f"operation on AWS resources of type {resource_type}", operation, near=[*actions])
