"""`/api/v1/access-groups`: what is open to whom."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from duetime.core.access import Feature, Role
from duetime.core.logins import AccessGroup
from duetime.store.store import Transaction
from duetime.web.access.administrators import require_everywhere
from duetime.web.access.group_steering import add_member, delete_group, remove_member, save_group
from duetime.web.answers import answers, not_modified
from duetime.web.api.grants import GrantBody, GrantList, bodies_of, grants_in
from duetime.web.api.logins import LoginName
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfMatch, IfNoneMatch, require_match, single
from duetime.web.need import CurrentVisitor, needs
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp

router = APIRouter(prefix="/api/v1/access-groups", tags=["access"], route_class=ApiRoute)

GroupName = Annotated[PlainText, Path(min_length=1, max_length=100, description="The group's name.")]
_EDIT = needs(Feature.ACCESS, Role.ADMIN)


class AccessGroupOut(BaseModel):
    """What is open to the members of a group."""

    name: str
    description: str
    grants: list[GrantBody]
    members: Annotated[list[str], Field(description="The logins in it.")]
    changed_at: datetime

    @classmethod
    def of(cls, tx: Transaction, group: AccessGroup) -> "AccessGroupOut":
        """Return a group as the API shows it."""
        return cls(
            name=group.name,
            description=group.description,
            grants=bodies_of(group.grants),
            members=[login.login for login in tx.access_groups.members(group.name)],
            changed_at=group.changed_at,
        )


class AccessGroupIn(BaseModel):
    """What a group shall open."""

    model_config = ConfigDict(extra="forbid")

    description: Annotated[PlainText, Field(max_length=500)] = ""
    grants: GrantList
    reason: Annotated[PlainText, Field(max_length=1000, description="It is kept in the audit trail.")] = ""


@router.get("", dependencies=[needs(Feature.ACCESS)])
def list_access_groups(app: CurrentApp, visitor: CurrentVisitor) -> list[AccessGroupOut]:
    """List the access groups, by name."""
    require_everywhere(visitor)
    with app.store.read() as tx:
        return [AccessGroupOut.of(tx, group) for group in tx.access_groups.all()]


@router.get("/{name}", dependencies=[needs(Feature.ACCESS)], response_model=AccessGroupOut, responses=not_modified())
def get_access_group(
    name: GroupName, app: CurrentApp, visitor: CurrentVisitor, if_none_match: IfNoneMatch = None
) -> Response:
    """Get one access group."""
    require_everywhere(visitor)
    with app.store.read() as tx:
        return single(AccessGroupOut.of(tx, tx.access_groups.get(name)), if_none_match=if_none_match)


@router.put("/{name}", dependencies=[_EDIT], response_model=AccessGroupOut, responses=answers(412))
def save_access_group(
    name: GroupName, body: AccessGroupIn, app: CurrentApp, visitor: CurrentVisitor, if_match: IfMatch = None
) -> Response:
    """Make an access group, or put it in place of the one of this name; its members stay."""
    require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        if if_match is not None:
            require_match(if_match, AccessGroupOut.of(tx, tx.access_groups.get(name)), what=f"Access group {name}")
        saved = save_group(
            tx,
            actor=visitor.actor,
            name=name,
            grants=grants_in(body.grants),
            description=body.description,
            reason=body.reason,
        )
        return single(AccessGroupOut.of(tx, saved))


@router.delete("/{name}", status_code=204, dependencies=[_EDIT])
def delete_access_group(name: GroupName, app: CurrentApp, visitor: CurrentVisitor) -> None:
    """Delete an access group; nothing is open by it any more."""
    require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        delete_group(tx, actor=visitor.actor, name=name)


@router.put("/{name}/members/{login}", dependencies=[_EDIT])
def add_access_group_member(
    name: GroupName, login: LoginName, app: CurrentApp, visitor: CurrentVisitor
) -> AccessGroupOut:
    """Put a login into an access group; it is open to it from the next request on."""
    require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        add_member(tx, actor=visitor.actor, name=name, login=tx.logins.get(login))
        return AccessGroupOut.of(tx, tx.access_groups.get(name))


@router.delete("/{name}/members/{login}", dependencies=[_EDIT])
def remove_access_group_member(
    name: GroupName, login: LoginName, app: CurrentApp, visitor: CurrentVisitor
) -> AccessGroupOut:
    """Take a login out of an access group, from the next request on."""
    require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        remove_member(tx, actor=visitor.actor, name=name, login=tx.logins.get(login))
        return AccessGroupOut.of(tx, tx.access_groups.get(name))
