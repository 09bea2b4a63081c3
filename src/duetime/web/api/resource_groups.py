"""`/api/v1/resource-groups`: resources that people put together."""

from typing import Annotated

from fastapi import APIRouter, Path, Query
from starlette.responses import Response

from duetime.core.access import Feature, Role
from duetime.core.resource_groups import LONGEST_NAME
from duetime.web.answers import not_modified
from duetime.web.api.page_body import PageOut
from duetime.web.api.paths import API
from duetime.web.api.resource_bodies import GroupIn, GroupOut, MemberOut, MembersChangedOut, MembersIn
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfNoneMatch, single
from duetime.web.group_steering import change_members, delete_group, group_for, save_group
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import Cursor, Limit, read_text, write_text
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.short_lists import page_by_name

router = APIRouter(prefix=f"{API}/resource-groups", tags=["resources"], route_class=ApiRoute)
GroupName = Annotated[PlainText, Path(min_length=1, max_length=LONGEST_NAME, description="The group's name.")]


@router.get("", dependencies=[needs(Feature.RESOURCES)])
def list_resource_groups(
    app: CurrentApp, visitor: CurrentVisitor, limit: Limit = 100, cursor: Cursor = None
) -> PageOut[GroupOut]:
    """List the groups that hold a resource you may see."""
    with app.store.read() as tx:
        found = tx.groups.all(accounts=visitor.reach(Feature.RESOURCES).accounts)
    found.sort(key=lambda group: group.name)
    page = page_by_name(found, name=lambda group: group.name, after=read_text(cursor), most=limit)
    return PageOut(items=[GroupOut.of(each) for each in page.rows], next=write_text(page.next))


@router.get("/{name:path}/members", dependencies=[needs(Feature.RESOURCES)])
def list_group_members(
    name: GroupName, app: CurrentApp, visitor: CurrentVisitor, limit: Limit = 100, cursor: Cursor = None
) -> PageOut[MemberOut]:
    """List the resources in a group that you may see, by id."""
    accounts = visitor.reach(Feature.RESOURCES).accounts
    with app.store.read() as tx:
        group_for(tx, visitor, name)
        found = tx.groups.members(name, accounts=accounts, after=read_text(cursor) or "", most=limit + 1)
    shown = found[:limit]
    return PageOut(
        items=[MemberOut(resource_id=each) for each in shown],
        next=write_text(shown[-1]) if len(found) > limit else None,
    )


@router.post("/{name:path}/members", dependencies=[needs(Feature.RESOURCES, Role.EDITOR)])
def change_group_members(
    name: GroupName, body: MembersIn, app: CurrentApp, visitor: CurrentVisitor
) -> MembersChangedOut:
    """Put resources into a group, and take others out."""
    added, removed = change_members(app, visitor, name, add=body.add, remove=body.remove, reason=body.reason)
    return MembersChangedOut(added=added, removed=removed)


@router.get("/{name:path}", dependencies=[needs(Feature.RESOURCES)], response_model=GroupOut, responses=not_modified())
def get_resource_group(
    name: GroupName, app: CurrentApp, visitor: CurrentVisitor, if_none_match: IfNoneMatch = None
) -> Response:
    """Get a group."""
    with app.store.read() as tx:
        body = GroupOut.of(group_for(tx, visitor, name))
    return single(body, if_none_match=if_none_match)


@router.put("/{name:path}", dependencies=[needs(Feature.RESOURCES, Role.EDITOR)])
def put_resource_group(name: GroupName, body: GroupIn, app: CurrentApp, visitor: CurrentVisitor) -> GroupOut:
    """Make a group, or change its description."""
    save_group(app, visitor, name, description=body.description, reason=body.reason)
    with app.store.read() as tx:
        return GroupOut.of(group_for(tx, visitor, name))


@router.delete("/{name:path}", dependencies=[needs(Feature.RESOURCES, Role.ADMIN)], status_code=204)
def delete_resource_group(
    name: GroupName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    force: Annotated[bool, Query(description="Also when bots ask about it; their runs then fail.")] = False,
) -> None:
    """Delete a group; its resources stay."""
    delete_group(app, visitor, name, force=force)
