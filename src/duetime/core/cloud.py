"""The port through which jobs and guards reach clouds; `providers` implements it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from duetime.core.outcomes import JobOutcome
from duetime.core.resources import Resource


class Cloud(Protocol):
    """All clouds together, addressed by account."""

    def knows(self, account: str) -> bool:
        """Return whether a provider serves this account."""

    def read(
        self, *, account: str, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, Resource]:
        """Read resources afresh, by provider id, with the fewest calls; those that are gone are left out.

        Raises:
            ProviderFailed: the cloud did not answer or refused.
        """

    def pages(self, *, account: str, region: str, resource_type: str) -> Iterator[Sequence[Resource]]:
        """List every resource of a type, page by page, for a harvest.

        Raises:
            ProviderFailed: the cloud did not answer or refused.
        """

    def act(
        self, operation: str, *, account: str, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, JobOutcome]:
        """Do `operation` (such as `stop`) to resources in as few calls as possible; return an outcome for each.

        Raises:
            GroupRefused: the cloud refused the whole call and nothing was done.
            ProviderFailed: the cloud did not answer or refused the caller.
        """

    def client(self, service: str, *, account: str, region: str) -> Any:
        """Return the provider's own client for a service, such as boto3's for `sns`."""
