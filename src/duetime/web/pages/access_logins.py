"""`/access` and `/access/logins`: who may log in, and what is done about it. Only with a role in all accounts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from starlette.responses import RedirectResponse, Response

from duetime.app.app import App
from duetime.core.access import Feature, Grants, Role
from duetime.core.errors import Conflict, Invalid, UnknownName
from duetime.core.logins import AccessGroup, ApiKey, Login, LoginStatus, WebSession
from duetime.store.store import Transaction
from duetime.web.access.administrators import require_everywhere
from duetime.web.access.browser_sessions import end_sessions
from duetime.web.access.desk import CurrentDesk, Desk
from duetime.web.access.key_steering import revoke_key
from duetime.web.access.login_steering import add_login, change_login, reset_login, set_status
from duetime.web.access.passwords import new_password
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.paths import access_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import Cursor, read_text, write_text
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.problems import status_of

router = APIRouter(prefix="/access", include_in_schema=False)
LoginName = Annotated[PlainText, Path(min_length=1, max_length=100)]
_Text = Annotated[PlainText, Form(max_length=300)]
_Reason = Annotated[PlainText, Form(max_length=1000)]
_VIEW = [needs(Feature.ACCESS)]
_CHANGE = [needs(Feature.ACCESS, Role.ADMIN)]
_PER_PAGE = 100


class LoginVerb(StrEnum):
    """What may be done with a login."""

    DISABLE = "disable"
    """It is let in no more, its sessions end, its API keys open nothing."""
    ENABLE = "enable"
    """It is let in again."""
    RESET = "reset"
    """A new password to use once; its sessions end, its API keys are revoked."""
    SIGN_OUT = "sign-out"
    """Its sessions end."""


@dataclass(frozen=True, slots=True)
class AccessPage(PageContext):
    """The logins and the access groups.

    Attributes:
        groups_of: the names of each login's groups.
        members: how many logins each group has; groups without any are left out.
    """

    template = "access.html"
    logins: tuple[Login, ...]
    groups_of: Mapping[int, tuple[str, ...]]
    groups: tuple[AccessGroup, ...]
    members: Mapping[str, int]
    next_path: str | None
    may_change: bool
    now: datetime


@dataclass(frozen=True, slots=True)
class LoginPage(PageContext):
    """One login.

    Attributes:
        grants: all that is open to it.
        verbs: what may be done with it as it stands.
        one_time_password: a password that was just made; it is shown this once.
        problem: why a change was refused.
    """

    template = "access_login.html"
    login: Login
    groups: tuple[AccessGroup, ...]
    grants: Grants
    sessions: tuple[WebSession, ...]
    keys: tuple[ApiKey, ...]
    verbs: tuple[LoginVerb, ...]
    may_change: bool
    now: datetime
    one_time_password: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class NewLoginPage(PageContext):
    """The form for a new login, with what was typed before."""

    template = "access_login_new.html"
    groups: tuple[str, ...]
    login: str = ""
    name: str = ""
    user_resource_id: str = ""
    chosen: tuple[str, ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class LoginVerbPage(PageContext):
    """The question before something is done with a login."""

    template = "access_login_verb.html"
    login: Login
    verb: LoginVerb
    problem: str = ""


@router.get("", dependencies=_VIEW)
def access_page(request: Request, app: CurrentApp, visitor: CurrentVisitor, cursor: Cursor = None) -> Response:
    """List logins and access groups."""
    require_everywhere(visitor)
    with app.store.read() as tx:
        found = tx.logins.page(after=read_text(cursor), most=_PER_PAGE)
        groups = tuple(tx.access_groups.all())
        of_logins = tx.access_groups.of_logins([login.login_id for login in found.rows])
        context = AccessPage(
            logins=found.rows,
            groups_of={number: tuple(group.name for group in theirs) for number, theirs in of_logins.items()},
            groups=groups,
            members=tx.access_groups.sizes(),
            next_path=with_query("/access", cursor=write_text(found.next)) if found.next is not None else None,
            may_change=visitor.reach(Feature.ACCESS, Role.ADMIN).is_everywhere,
            now=tx.now,
        )
    return render(request, context)


@router.get("/new-login", dependencies=_CHANGE)
def new_login_page(request: Request, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Show the form for a new login."""
    require_everywhere(visitor, Role.ADMIN)
    return render(request, NewLoginPage(_group_names(app)))


@router.post("/new-login", dependencies=_CHANGE)
def make_login(
    request: Request,
    app: CurrentApp,
    desk: CurrentDesk,
    visitor: CurrentVisitor,
    *,
    login: _Text = "",
    name: _Text = "",
    user_resource_id: _Text = "",
    group: Annotated[list[PlainText] | None, Form()] = None,
) -> Response:
    """Add a login, and show its password to use once."""
    require_everywhere(visitor, Role.ADMIN)
    password = new_password()
    kept = desk.passwords.hash(password)
    try:
        with app.store.write() as tx:
            added = add_login(
                tx,
                actor=visitor.actor,
                login=login,
                password_hash=kept,
                name=name,
                user_resource_id=user_resource_id,
                groups=group or (),
            )
    except (Conflict, Invalid, UnknownName) as error:
        page = NewLoginPage(_group_names(app), login, name, user_resource_id, tuple(group or ()), str(error))
        return render(request, page, status=status_of(error))
    return render(request, _page(app, desk, added.login, may_change=True, one_time_password=password))


@router.get("/logins/{login}", dependencies=_VIEW)
def login_page(
    request: Request, login: LoginName, app: CurrentApp, desk: CurrentDesk, visitor: CurrentVisitor
) -> Response:
    """Show one login."""
    require_everywhere(visitor)
    may_change = visitor.reach(Feature.ACCESS, Role.ADMIN).is_everywhere
    return render(request, _page(app, desk, login, may_change=may_change))


@router.post("/logins/{login}", dependencies=_CHANGE)
def change(
    request: Request,
    login: LoginName,
    app: CurrentApp,
    desk: CurrentDesk,
    visitor: CurrentVisitor,
    *,
    name: _Text = "",
    user_resource_id: _Text = "",
) -> Response:
    """Change what is known of a login."""
    require_everywhere(visitor, Role.ADMIN)
    try:
        with app.store.write() as tx:
            found = tx.logins.get(login)
            change_login(tx, actor=visitor.actor, login=found, name=name, user_resource_id=user_resource_id)
    except (Conflict, Invalid) as error:
        return render(request, _page(app, desk, login, may_change=True, problem=str(error)), status=status_of(error))
    return RedirectResponse(with_query(access_path("logins", login), done="login-saved"), status_code=303)


@router.get("/logins/{login}/{verb}", dependencies=_CHANGE)
def ask(request: Request, login: LoginName, verb: LoginVerb, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before something is done with a login."""
    require_everywhere(visitor, Role.ADMIN)
    with app.store.read() as tx:
        return render(request, LoginVerbPage(tx.logins.get(login), verb))


@router.post("/logins/{login}/{verb}", dependencies=_CHANGE)
def do(
    request: Request,
    login: LoginName,
    verb: LoginVerb,
    app: CurrentApp,
    desk: CurrentDesk,
    visitor: CurrentVisitor,
    *,
    reason: _Reason = "",
) -> Response:
    """Do something with a login."""
    require_everywhere(visitor, Role.ADMIN)
    password = new_password() if verb is LoginVerb.RESET else ""
    kept = desk.passwords.hash(password) if password else ""
    try:
        with app.store.write() as tx:
            _do(tx, visitor.actor, tx.logins.get(login), verb, password_hash=kept, reason=reason)
    except Conflict as error:
        with app.store.read() as tx:
            page = LoginVerbPage(tx.logins.get(login), verb, str(error))
        return render(request, page, status=status_of(error))
    if password:
        return render(request, _page(app, desk, login, may_change=True, one_time_password=password))
    done = "sessions-ended" if verb is LoginVerb.SIGN_OUT else "login-saved"
    return RedirectResponse(with_query(access_path("logins", login), done=done), status_code=303)


@router.post("/keys/{key_id}/revoke", dependencies=_CHANGE)
def revoke(key_id: Annotated[int, Path(ge=0, le=2**63 - 1)], app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Take somebody's API key back."""
    require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        key = revoke_key(tx, actor=visitor.actor, key=tx.api_keys.get(key_id))
        owner = tx.logins.require(key.login_id)
    return RedirectResponse(with_query(access_path("logins", owner.login), done="key-revoked"), status_code=303)


def _do(tx: Transaction, actor: str, login: Login, verb: LoginVerb, *, password_hash: str, reason: str) -> None:
    match verb:
        case LoginVerb.DISABLE:
            set_status(tx, actor=actor, login=login, status=LoginStatus.DISABLED, reason=reason)
        case LoginVerb.ENABLE:
            set_status(tx, actor=actor, login=login, status=LoginStatus.ACTIVE, reason=reason)
        case LoginVerb.RESET:
            reset_login(tx, actor=actor, login=login, password_hash=password_hash, reason=reason)
        case LoginVerb.SIGN_OUT:
            end_sessions(tx, login, actor=actor)


def _page(
    app: App, desk: Desk, name: str, *, may_change: bool, one_time_password: str = "", problem: str = ""
) -> LoginPage:
    with app.store.read() as tx:
        login = tx.logins.get(name)
        turned = LoginVerb.DISABLE if login.status is LoginStatus.ACTIVE else LoginVerb.ENABLE
        return LoginPage(
            login=login,
            groups=tuple(tx.access_groups.of(login.login_id)),
            grants=tx.access_groups.grants_of(login.login_id),
            sessions=tuple(tx.web_sessions.of_login(login.login_id, idle=desk.settings.session_idle)),
            keys=tx.api_keys.live_of(login.login_id),
            verbs=(LoginVerb.SIGN_OUT, LoginVerb.RESET, turned) if may_change else (),
            may_change=may_change,
            now=tx.now,
            one_time_password=one_time_password,
            problem=problem,
        )


def _group_names(app: App) -> tuple[str, ...]:
    with app.store.read() as tx:
        return tuple(group.name for group in tx.access_groups.all())
