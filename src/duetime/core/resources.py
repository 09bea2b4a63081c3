"""Cloud resources as the inventory knows them, and the accounts they live in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple, Self

from duetime.core.errors import InvalidResourceId
from duetime.core.json_types import canonical
from duetime.core.sanitising import clean_text

_PARTS = 4


class ResourceId(NamedTuple):
    """The four parts of a resource id; its text is `type:account:region:provider_id:`."""

    resource_type: str
    account: str
    region: str
    provider_id: str

    @classmethod
    def from_string(cls, text: str) -> Self:
        """Read the text form. The provider id may itself hold colons.

        Raises:
            InvalidResourceId: the text has another form.
        """
        parts = text[:-1].split(":", _PARTS - 1)
        if text[-1:] != ":" or len(parts) != _PARTS or not all(parts) or clean_text(text) != text:
            raise InvalidResourceId(text)
        return cls(*parts)

    @staticmethod
    def check(text: str) -> None:
        """Refuse a text that is no resource id, or that nobody could type, without building one.

        Raises:
            InvalidResourceId: it is none.
        """
        parts = text.split(":", _PARTS - 1)
        if len(parts) != _PARTS or "" in parts or parts[-1][-1] != ":" or len(parts[-1]) == 1 or not text.isprintable():
            raise InvalidResourceId(text)

    def to_string(self) -> str:
        return f"{self.resource_type}:{self.account}:{self.region}:{self.provider_id}:"

    def __str__(self) -> str:
        return self.to_string()


@dataclass(frozen=True, slots=True)
class OrganizationService:
    """The account of a resource, under the names that existing plugins use."""

    organization_service_id: str
    account_id: str
    cloud_type_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Resource:
    """One cloud thing as it was last read.

    Attributes:
        state: the provider's own word, such as `running`.
        tags: tag keys and values as text.
        data: what the provider said of it, plain JSON.
        harvested_at: when it was read.
        gone_at: when it was first missed by a complete harvest; None while it exists.
        created_at: when the cloud says it was made; None when it does not say.
        last_used_at: when the cloud says it was last used; None when it does not say.
        size: its class, such as an instance type; empty when there is none.
        attached: whether something uses it; None when the question has no answer.
        public: whether anybody can reach it; None when the question has no answer.
        protected: whether the cloud refuses to delete it; None when the question has no answer.
        groups: the resource groups it belongs to; filled only where a predicate asks for them.
    """

    resource_id: str
    name: str
    resource_type: str
    account: str
    region: str
    provider_id: str
    state: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    data: Mapping[str, Any] = field(default_factory=dict)
    harvested_at: datetime | None = None
    gone_at: datetime | None = None
    created_at: datetime | None = None
    last_used_at: datetime | None = None
    size: str = ""
    attached: bool | None = None
    public: bool | None = None
    protected: bool | None = None
    groups: frozenset[str] = frozenset()

    @classmethod
    def of(  # noqa: PLR0913 - one keyword per column of the inventory
        cls,
        *,
        resource_type: str,
        account: str,
        region: str,
        provider_id: str,
        name: str = "",
        state: str = "",
        tags: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
        harvested_at: datetime | None = None,
        gone_at: datetime | None = None,
        created_at: datetime | None = None,
        last_used_at: datetime | None = None,
        size: str = "",
        attached: bool | None = None,
        public: bool | None = None,
        protected: bool | None = None,
    ) -> Self:
        """Build a resource and its id from its parts."""
        return cls(
            resource_id=ResourceId(resource_type, account, region, provider_id).to_string(),
            name=name or provider_id,
            resource_type=resource_type,
            account=account,
            region=region,
            provider_id=provider_id,
            state=state,
            tags=dict(tags or {}),
            data=dict(data or {}),
            harvested_at=harvested_at,
            gone_at=gone_at,
            created_at=created_at,
            last_used_at=last_used_at,
            size=size,
            attached=attached,
            public=public,
            protected=protected,
        )

    # The names below are those of existing plugins; see the legacy interface in the docs.

    @property
    def region_name(self) -> str:
        return self.region

    @property
    def instance_id(self) -> str:
        return self.provider_id

    def get_resource_id(self) -> str:
        return self.resource_id

    def get_resource_name(self) -> str:
        return self.name

    def get_resource_type(self) -> str:
        return self.resource_type

    def get_tag(self, key: str) -> str | None:
        return self.tags.get(key)

    def get_organization_id(self) -> int:
        return 1

    def get_organization_service(self) -> OrganizationService:
        return OrganizationService(
            organization_service_id=self.account,
            account_id=self.account,
            cloud_type_id="AWS",
            name=self.account,
        )

    def get_db_object(self) -> Self:
        return self

    def serialize(self, indent: int | None = None) -> str:
        """Return the resource as JSON text."""
        body = {
            "resource_id": self.resource_id,
            "name": self.name,
            "resource_type": self.resource_type,
            "account": self.account,
            "region": self.region,
            "provider_id": self.provider_id,
            "state": self.state,
            "tags": dict(self.tags),
        }
        return canonical(body) if indent is None else json.dumps(body, indent=indent, sort_keys=True)


class AccountStatus(StrEnum):
    """Whether an account can be reached."""

    VALID = "valid"
    """Its credentials serve, as far as is known."""
    INVALID = "invalid"
    """Its credentials were refused again and again; its bots and events wait until a harvest succeeds."""


@dataclass(frozen=True, slots=True)
class Account:
    """One cloud account that may be harvested.

    Attributes:
        account: the id used in resource ids.
        provider: which provider reads it, such as `aws`.
        settings: what the provider needs, such as `profile`; never a secret.
        regions: the regions to harvest.
        failures: harvests that failed one after the other.
        badges: labels that people give it, such as `env: production`; bots' scopes ask for them.
        status: whether its credentials serve.
        refusals: harvests, one after the other, whose credentials were refused everywhere.
    """

    account: str
    provider: str
    name: str = ""
    regions: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    harvested_at: datetime | None = None
    failures: int = 0
    last_error: str = ""
    badges: Mapping[str, str] = field(default_factory=dict)
    status: AccountStatus = AccountStatus.VALID
    refusals: int = 0
