"""`/access/groups`: what is open to the members of each access group, and who they are."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Path, Request
from starlette.responses import RedirectResponse, Response

from duetime.app.app import App
from duetime.core.access import Feature, Grants, Role
from duetime.core.errors import Conflict, Invalid, UnknownName
from duetime.core.logins import AccessGroup, Login
from duetime.web.access.administrators import require_everywhere
from duetime.web.access.group_steering import add_member, delete_group, remove_member, save_group
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.access_logins import LoginName
from duetime.web.pages.grant_rows import FEATURES, ROLES, GrantRow, WrittenGrants, rows_of, with_empty_rows
from duetime.web.pages.paths import access_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.problems import status_of

router = APIRouter(prefix="/access", include_in_schema=False)
GroupName = Annotated[PlainText, Path(min_length=1, max_length=100)]
_Text = Annotated[PlainText, Form(max_length=500)]
_Reason = Annotated[PlainText, Form(max_length=1000)]
_VIEW = [needs(Feature.ACCESS)]
_CHANGE = [needs(Feature.ACCESS, Role.ADMIN)]


@dataclass(frozen=True, slots=True)
class GroupPage(PageContext):
    """One access group, and the form that changes it.

    Attributes:
        group: None = a new one is made.
        rows: what the form holds.
        seen: when the group was last changed as the form was made; empty for a new one.
        problem: why a change was refused.
    """

    template = "access_group.html"
    group: AccessGroup | None
    members: tuple[Login, ...]
    rows: tuple[GrantRow, ...]
    name: str
    description: str
    seen: str
    may_change: bool
    now: datetime
    problem: str = ""
    features: tuple[tuple[str, str], ...] = FEATURES
    roles: tuple[str, ...] = ROLES


@dataclass(frozen=True, slots=True)
class GroupVerbPage(PageContext):
    """The question before a group is deleted, or a member taken out.

    Attributes:
        member: who is taken out; None = the group is deleted.
    """

    template = "access_group_verb.html"
    group: AccessGroup
    members: int
    member: Login | None
    action: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class WrittenGroup:
    """What the form holds beside the grants."""

    new_name: _Text = ""
    description: _Text = ""
    seen: _Text = ""
    reason: _Reason = ""


@router.get("/new-group", dependencies=_CHANGE)
def new_group_page(request: Request, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Show the form for a new group."""
    require_everywhere(visitor, Role.ADMIN)
    return render(request, _new_page(app.client.now()))


@router.post("/new-group", dependencies=_CHANGE)
def make(
    request: Request,
    app: CurrentApp,
    visitor: CurrentVisitor,
    written: Annotated[WrittenGroup, Depends()],
    rows: Annotated[WrittenGrants, Depends()],
) -> Response:
    """Make a group."""
    require_everywhere(visitor, Role.ADMIN)
    try:
        _save(app, visitor.actor, written.new_name.strip(), written, rows.grants, is_new=True)
    except (Conflict, Invalid) as error:
        return _refused(request, _new_page(app.client.now()), written, rows, error)
    return _done(written.new_name.strip())


@router.get("/groups/{name}", dependencies=_VIEW)
def group_page(request: Request, name: GroupName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Show one group."""
    require_everywhere(visitor)
    return render(request, _page(app, name, may_change=visitor.reach(Feature.ACCESS, Role.ADMIN).is_everywhere))


@router.post("/groups/{name}", dependencies=_CHANGE)
def change(
    request: Request,
    name: GroupName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    written: Annotated[WrittenGroup, Depends()],
    rows: Annotated[WrittenGrants, Depends()],
) -> Response:
    """Change what a group opens."""
    require_everywhere(visitor, Role.ADMIN)
    try:
        _save(app, visitor.actor, name, written, rows.grants, is_new=False)
    except (Conflict, Invalid) as error:
        return _refused(request, _page(app, name, may_change=True), written, rows, error)
    return _done(name)


@router.get("/groups/{name}/delete", dependencies=_CHANGE)
def ask_delete(request: Request, name: GroupName, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before a group is deleted."""
    require_everywhere(visitor, Role.ADMIN)
    return render(request, _verb_page(app, name, None))


@router.post("/groups/{name}/delete", dependencies=_CHANGE)
def delete(
    request: Request, name: GroupName, app: CurrentApp, visitor: CurrentVisitor, reason: _Reason = ""
) -> Response:
    """Delete a group."""
    require_everywhere(visitor, Role.ADMIN)
    try:
        with app.store.write() as tx:
            delete_group(tx, actor=visitor.actor, name=name, reason=reason)
    except Conflict as error:
        return render(request, replace(_verb_page(app, name, None), problem=str(error)), status=status_of(error))
    return RedirectResponse(with_query("/access", done="group-removed"), status_code=303)


@router.post("/groups/{name}/members", dependencies=_CHANGE)
def add(request: Request, name: GroupName, app: CurrentApp, visitor: CurrentVisitor, login: _Text = "") -> Response:
    """Put a login into a group."""
    require_everywhere(visitor, Role.ADMIN)
    page = _page(app, name, may_change=True)
    try:
        with app.store.write() as tx:
            add_member(tx, actor=visitor.actor, name=name, login=tx.logins.get(login))
    except UnknownName as error:
        return render(request, replace(page, problem=str(error)), status=status_of(error))
    return _done(name)


@router.get("/groups/{name}/members/{login}/remove", dependencies=_CHANGE)
def ask_remove(
    request: Request, name: GroupName, login: LoginName, app: CurrentApp, visitor: CurrentVisitor
) -> Response:
    """Ask before a login is taken out of a group."""
    require_everywhere(visitor, Role.ADMIN)
    return render(request, _verb_page(app, name, login))


@router.post("/groups/{name}/members/{login}/remove", dependencies=_CHANGE)
def remove(
    request: Request,
    name: GroupName,
    login: LoginName,
    app: CurrentApp,
    visitor: CurrentVisitor,
    reason: _Reason = "",
) -> Response:
    """Take a login out of a group."""
    require_everywhere(visitor, Role.ADMIN)
    try:
        with app.store.write() as tx:
            remove_member(tx, actor=visitor.actor, name=name, login=tx.logins.get(login), reason=reason)
    except Conflict as error:
        return render(request, replace(_verb_page(app, name, login), problem=str(error)), status=status_of(error))
    return _done(name)


def _save(app: App, actor: str, name: str, written: WrittenGroup, grants: Grants, *, is_new: bool) -> None:
    with app.store.write() as tx:
        tx.access_groups.lock()
        present = tx.access_groups.find(name)
        if is_new and present is not None:
            message = f"There is an access group {name!r} already. Change that one, or choose another name."
            raise Conflict(message)
        if not is_new and tx.access_groups.get(name).changed_at.isoformat() != written.seen:
            message = "Somebody has changed this group since the form was made. Look at what it opens now first."
            raise Conflict(message)
        save_group(tx, actor=actor, name=name, grants=grants, description=written.description, reason=written.reason)


def _refused(
    request: Request, page: GroupPage, written: WrittenGroup, rows: WrittenGrants, error: Conflict | Invalid
) -> Response:
    """Show the form again with what was typed, and why it was refused."""
    try:
        typed = with_empty_rows(rows.rows)
    except Invalid:
        typed = page.rows
    shown = replace(page, rows=typed, description=written.description, problem=str(error))
    if page.group is None:
        shown = replace(shown, name=written.new_name)
    return render(request, shown, status=status_of(error))


def _new_page(now: datetime) -> GroupPage:
    return GroupPage(None, (), rows_of(Grants()), name="", description="", seen="", may_change=True, now=now)


def _page(app: App, name: str, *, may_change: bool) -> GroupPage:
    with app.store.read() as tx:
        group = tx.access_groups.get(name)
        return GroupPage(
            group=group,
            members=tuple(tx.access_groups.members(name)),
            rows=rows_of(group.grants),
            name=group.name,
            description=group.description,
            seen=group.changed_at.isoformat(),
            may_change=may_change,
            now=tx.now,
        )


def _verb_page(app: App, name: str, login: str | None) -> GroupVerbPage:
    with app.store.read() as tx:
        group = tx.access_groups.get(name)
        members = len(tx.access_groups.members(name))
        if login is None:
            return GroupVerbPage(group, members, None, access_path("groups", name, "delete"))
        action = access_path("groups", name, "members", login, "remove")
        return GroupVerbPage(group, members, tx.logins.get(login), action)


def _done(name: str) -> Response:
    return RedirectResponse(with_query(access_path("groups", name), done="group-saved"), status_code=303)
