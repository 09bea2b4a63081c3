"""Resources and their groups, as the API shows and takes them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from duetime.core.access import Feature
from duetime.core.resource_groups import ResourceGroup
from duetime.core.resources import Resource
from duetime.web.parameters import PlainText
from duetime.web.payloads import shown_mapping
from duetime.web.visitor import Visitor

ResourceIdText = Annotated[PlainText, Field(max_length=2000, examples=["instance:10:us-east-1:i-0abc:"])]
Reason = Annotated[PlainText, Field(max_length=1000, description="Why; kept in the audit trail.")]


class ResourceOut(BaseModel):
    """One cloud thing as it was last read."""

    resource_id: str = Field(examples=["instance:10:us-east-1:i-0abc:"])
    name: str
    resource_type: str
    account: str
    region: str
    provider_id: str
    state: str
    tags: dict[str, str]
    size: str
    attached: bool | None
    public: bool | None
    protected: bool | None
    created_at: datetime | None
    last_used_at: datetime | None
    harvested_at: datetime | None
    gone_at: datetime | None = Field(description="When it was first missed; null while it exists.")

    @classmethod
    def of(cls, resource: Resource) -> "ResourceOut":
        """Return a resource as the API shows it."""
        return cls(
            resource_id=resource.resource_id,
            name=resource.name,
            resource_type=resource.resource_type,
            account=resource.account,
            region=resource.region,
            provider_id=resource.provider_id,
            state=resource.state,
            tags=dict(resource.tags),
            size=resource.size,
            attached=resource.attached,
            public=resource.public,
            protected=resource.protected,
            created_at=resource.created_at,
            last_used_at=resource.last_used_at,
            harvested_at=resource.harvested_at,
            gone_at=resource.gone_at,
        )


class WholeResourceOut(ResourceOut):
    """A resource with all that is known of it, and where to read what is planned for it and has happened to it."""

    data: dict[str, Any] | None = Field(description="What the cloud said; null when you may not see payloads.")
    groups: list[str]
    planned: str = Field(description="Where the events that are planned for it are listed.")
    history: str = Field(description="Where its history is listed.")

    @classmethod
    def whole(
        cls, resource: Resource, *, groups: frozenset[str], visitor: Visitor, planned: str, history: str
    ) -> "WholeResourceOut":
        """Return a resource with everything, as this visitor sees it."""
        data = shown_mapping(resource.data, visitor=visitor, feature=Feature.RESOURCES, account=resource.account)
        facts = ResourceOut.of(resource).model_dump()
        return cls(**facts, data=data, groups=sorted(groups), planned=planned, history=history)


class ResourceTypeOut(BaseModel):
    """A type of resource that the clouds of your accounts know."""

    resource_type: str
    title: str
    service: str
    regional: bool
    operations: list[str] = Field(description="What can be done to it.")


class GroupOut(BaseModel):
    """Resources under one name."""

    name: str
    description: str
    members: int = Field(description="How many of its resources you may see.")
    changed_at: datetime | None

    @classmethod
    def of(cls, group: ResourceGroup) -> "GroupOut":
        """Return a group as the API shows it."""
        return cls(name=group.name, description=group.description, members=group.members, changed_at=group.changed_at)


class GroupIn(BaseModel):
    """What a group shall be."""

    model_config = ConfigDict(extra="forbid")
    description: Annotated[PlainText, Field(max_length=1000)] = ""
    reason: Reason = ""


class MemberOut(BaseModel):
    """A resource in a group."""

    resource_id: str


class MembersIn(BaseModel):
    """Which resources come into a group, and which go."""

    model_config = ConfigDict(extra="forbid")
    add: list[ResourceIdText] = Field(default_factory=list, max_length=1000)
    remove: list[ResourceIdText] = Field(default_factory=list, max_length=1000)
    reason: Reason = ""


class MembersChangedOut(BaseModel):
    """What changed in a group."""

    added: int
    removed: int
