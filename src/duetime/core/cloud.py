"""The port through which jobs and guards reach clouds; `providers` implements it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Protocol

from duetime.core.json_types import JsonObject
from duetime.core.outcomes import JobOutcome
from duetime.core.resources import Resource

NO_ARGUMENTS: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a cloud can do to resources of one type.

    Attributes:
        name: how `act` is asked for it, such as `stop`.
        batch: how many resources one call to the cloud takes.
        inverse: the operation that undoes it, given what `before` said; None = irreversible.
        wanted: states in which there is nothing left to do.
        passing: states on the way to another one, in which the cloud refuses it for now: ask again later.
        destructive: whether it takes something away for good.
    """

    name: str
    batch: int = 1
    inverse: str | None = None
    wanted: frozenset[str] = frozenset()
    passing: frozenset[str] = frozenset()
    destructive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceTypeFacts:
    """What a cloud knows of one resource type.

    Attributes:
        service: the cloud's own name for where it lives, such as `ec2`.
        title: what people call it, such as `EC2 instance`; empty = nothing better than its type.
        regional: False for types that an account has once, whatever its regions; their region is `global`.
        operations: what can be done to it, by name.
    """

    resource_type: str
    service: str
    title: str = ""
    regional: bool = True
    operations: Mapping[str, Operation] = field(default_factory=dict)


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

    def resource_types(self, *, account: str) -> Mapping[str, ResourceTypeFacts]:
        """Return what the account's cloud can harvest and do, by resource type.

        Raises:
            UnknownName: there is no such account.
        """

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
        """Return, by provider id, the arguments with which the operation's inverse would undo it.

        To be kept before `act`: afterwards the cloud may no longer know. Those that are gone are left out, and so is
        everything when the operation has no inverse.

        Raises:
            ProviderFailed: the cloud did not answer or refused.
        """

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
        """Do `operation` (such as `stop`) to resources in as few calls as possible; return an outcome for each.

        `arguments` are what the operation needs beside the resources, such as the tags to set.

        Raises:
            UnknownName: this type of resource has no such operation; those it has are named.
            GroupRefused: the cloud refused the whole call and nothing was done.
            ProviderFailed: the cloud did not answer or refused the caller.
        """

    def client(self, service: str, *, account: str, region: str) -> Any:
        """Return the provider's own client for a service, such as boto3's for `sns`."""
