"""`/me`: what somebody may do, their sessions, their API keys and their password."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from duetime.core.access import Grants
from duetime.core.errors import Invalid, UnknownName
from duetime.core.logins import ApiKey, Login, WebSession
from duetime.web.access.browser_sessions import end_session, end_sessions
from duetime.web.access.desk import CurrentDesk
from duetime.web.access.own_password import change_own_password
from duetime.web.access.tokens import digest
from duetime.web.errors import LoginRefused, TooManyAttempts
from duetime.web.need import CurrentVisitor, needs_login
from duetime.web.pages.paths import with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.ports import CurrentApp
from duetime.web.problems import headers_of, status_of

router = APIRouter(prefix="/me", include_in_schema=False)
_Typed = Annotated[str, Field(max_length=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MePage(PageContext):
    """What somebody sees of themselves.

    Attributes:
        groups: the names of their access groups.
        grants: what is open to them.
        sessions: where they are logged in.
        here: the digest of this very session's cookie.
        keys: their API keys that still work, the newest first.
    """

    template: ClassVar[str] = "me.html"

    login: Login
    groups: tuple[str, ...]
    grants: Grants
    sessions: tuple[WebSession, ...]
    here: bytes
    keys: tuple[ApiKey, ...]
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PasswordPage(PageContext):
    """Where somebody chooses a password.

    Attributes:
        must_change: whether nothing else is open before.
        problem: why the one before was not taken.
    """

    template: ClassVar[str] = "me_password.html"

    login: str
    must_change: bool
    problem: str = ""


class PasswordForm(BaseModel):
    """What somebody types who chooses a password."""

    present: _Typed = ""
    chosen: _Typed = ""
    again: _Typed = ""


@router.get("", dependencies=[needs_login()])
def me_page(request: Request, app: CurrentApp, desk: CurrentDesk, visitor: CurrentVisitor) -> Response:
    """Show somebody what is known of them."""
    with app.store.read() as tx:
        page = MePage(
            login=tx.logins.require(visitor.login_id),
            groups=tuple(group.name for group in tx.access_groups.of(visitor.login_id)),
            grants=visitor.grants,
            sessions=tuple(tx.web_sessions.of_login(visitor.login_id, idle=desk.settings.session_idle)),
            here=digest(desk.session.read(request) or ""),
            keys=tx.api_keys.live_of(visitor.login_id),
            now=tx.now,
        )
    return render(request, page)


@router.post("/sessions/{session_id}/end", dependencies=[needs_login()])
def end_one(session_id: str, app: CurrentApp, desk: CurrentDesk, visitor: CurrentVisitor) -> Response:
    """End one of somebody's own sessions."""
    with app.store.write() as tx:
        sessions = tx.web_sessions.of_login(visitor.login_id, idle=desk.settings.session_idle)
        session = next((each for each in sessions if each.session_id == session_id), None)
        if session is None:
            raise UnknownName("session", session_id)
        end_session(tx, tx.logins.require(visitor.login_id), session, actor=visitor.actor)
    return RedirectResponse(with_query("/me", done="session-ended"), status_code=303)


@router.post("/sessions/end-others", dependencies=[needs_login()])
def end_others(request: Request, app: CurrentApp, desk: CurrentDesk, visitor: CurrentVisitor) -> Response:
    """End all of somebody's own sessions but this one."""
    with app.store.write() as tx:
        login = tx.logins.require(visitor.login_id)
        end_sessions(tx, login, actor=visitor.actor, but=digest(desk.session.read(request) or ""))
    return RedirectResponse(with_query("/me", done="sessions-ended"), status_code=303)


@router.get("/password", dependencies=[needs_login(even_with_old_password=True)])
def password_page(request: Request, visitor: CurrentVisitor) -> Response:
    """Ask for another password."""
    return render(request, PasswordPage(login=visitor.login, must_change=visitor.must_change))


@router.post("/password", dependencies=[needs_login(even_with_old_password=True)])
def change_password(
    request: Request,
    app: CurrentApp,
    desk: CurrentDesk,
    visitor: CurrentVisitor,
    form: Annotated[PasswordForm, Form()],
) -> Response:
    """Take another password, end every session, and open a new one here."""
    try:
        if form.chosen != form.again:
            raise Invalid("The new password was not typed twice in the same way.")
        opened = change_own_password(app, desk, visitor, request, present=form.present, chosen=form.chosen)
    except (Invalid, LoginRefused, TooManyAttempts) as error:
        problem = "The present password is wrong." if isinstance(error, LoginRefused) else str(error)
        page = PasswordPage(login=visitor.login, must_change=visitor.must_change, problem=problem)
        return render(request, page, status=status_of(error), headers=headers_of(error))
    response = RedirectResponse(with_query("/me", done="password-changed"), status_code=303)
    desk.let_in(response, opened.token)
    return response
