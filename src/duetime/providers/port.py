"""The port that every provider implements: one cloud, addressed by an account of it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from duetime.core.cloud import NO_ARGUMENTS, ResourceTypeFacts
from duetime.core.json_types import JsonObject
from duetime.core.outcomes import JobOutcome
from duetime.core.resources import Account, Resource


class Provider(Protocol):
    """Reads and changes the resources of one cloud.

    Only errors of `core` and `GroupRefused` leave it. Resources that no longer serve, such as a terminated instance
    that the cloud still lists, count as gone. `harvested_at` stays empty: whoever keeps the reading knows the time.
    """

    def check(self, account: Account) -> None:
        """Judge an account's settings without calling the cloud.

        Raises:
            InvalidSetting: one is unknown, does not fit, or would store a secret.
        """

    def pages(self, *, account: Account, region: str, resource_type: str) -> Iterator[Sequence[Resource]]:
        """List every resource of a type, page by page, in the list call's largest page.

        Raises:
            ProviderFailed: the cloud did not answer or refused.
        """

    def read(
        self, *, account: Account, region: str, resource_type: str, provider_ids: Sequence[str]
    ) -> Mapping[str, Resource]:
        """Read resources afresh, by provider id; those that are gone are left out.

        Raises:
            ProviderFailed: the cloud did not answer or refused.
        """

    def resource_types(self) -> Mapping[str, ResourceTypeFacts]:
        """Return what this cloud can harvest and do, by resource type; needs no account and calls nobody."""

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
        """Return the arguments of the inverse operation by provider id; see `core.cloud.Cloud.before`.

        Raises:
            ProviderFailed: the cloud did not answer or refused.
        """

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
        """Do `operation` to all the resources in one call; return an outcome for each.

        Asked for a single resource, a refusal that is about this resource is its outcome and no error.

        Raises:
            GroupRefused: the cloud refused the call for several resources; each may be tried alone.
            OutcomeUnknown: the request left and no answer came; its `known` says what came of the other requests.
            ProviderFailed: the cloud did not answer or refused the caller; nothing was done.
        """

    def client(self, service: str, *, account: Account, region: str) -> Any:
        """Return the SDK's own client for a service."""

    def close(self) -> None:
        """Give connections back. The provider may be used again."""
