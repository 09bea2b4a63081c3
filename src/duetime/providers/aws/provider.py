"""The AWS provider: the door to this package, light until the first call."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from duetime.core.errors import ProviderFailed, UnknownName, nearest
from duetime.core.outcomes import JobOutcome
from duetime.core.resources import Account, Resource
from duetime.providers.aws.access import Access
from duetime.providers.aws.catalogue import CATALOGUE, ResourceKind
from duetime.providers.aws.counter import ApiCall, CallCounter
from duetime.providers.aws.options import ClientOptions

if TYPE_CHECKING:
    from duetime.providers.aws.resource_calls import ResourceCalls
    from duetime.providers.aws.sessions import Sessions


class AwsProvider:
    """Reads and changes AWS resources. Implements `providers.port.Provider`.

    Args:
        loopback_only: refuse, before the first call, any account that is not a simulated AWS on this machine with
            dummy credentials.
        options: time-outs, attempts and connections.
    """

    def __init__(self, *, loopback_only: bool = False, options: ClientOptions | None = None) -> None:
        self._loopback_only = loopback_only
        self._options = options or ClientOptions()
        self._counter = CallCounter()
        self._lock = threading.Lock()
        self._opened: Sessions | None = None

    def check(self, account: Account) -> None:
        Access.of(account, loopback_only=self._loopback_only)

    def pages(self, *, account: Account, region: str, resource_type: str) -> Iterator[Sequence[Resource]]:
        return self._calls(account, region=region, resource_type=resource_type).pages()

    def read(
        self, *, account: Account, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, Resource]:
        return self._calls(account, region=region, resource_type=resource_type).read(provider_ids)

    def act(
        self, operation: str, *, account: Account, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, JobOutcome]:
        actions = _kind(resource_type).actions
        action = actions.get(operation)
        if action is None:
            raise UnknownName(f"operation on AWS resources of type {resource_type}", operation, near=[*actions])
        return self._calls(account, region=region, resource_type=resource_type).act(action, provider_ids)

    def client(self, service: str, *, account: Account, region: str) -> Any:
        sessions = self._sessions()
        from duetime.providers.aws.errors import translated  # noqa: PLC0415 - see _sessions

        with translated(f"AWS account {account.account} in {region}", changes=False):
            return sessions.client(service, account=account, region=region)

    def calls(self) -> Mapping[ApiCall, int]:
        """Return how many requests were sent so far, by account, region and operation."""
        return self._counter.snapshot()

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
                self._opened = Sessions(options=self._options, loopback_only=self._loopback_only, counter=self._counter)
            return self._opened


def _kind(resource_type: str) -> ResourceKind:
    kind = CATALOGUE.get(resource_type)
    if kind is None:
        raise UnknownName("AWS resource type", resource_type, near=nearest(resource_type, CATALOGUE))
    return kind
