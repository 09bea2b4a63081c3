"""`/login` and `/logout`: in and out by password."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Request
from starlette.responses import RedirectResponse, Response

from duetime.web.access.browser_sessions import end_session
from duetime.web.access.desk import CurrentDesk, Desk
from duetime.web.access.origins import browser_of, comes_from_here
from duetime.web.access.password_login import Asked
from duetime.web.access.tokens import digest
from duetime.web.errors import LoginRefused, TokenMissing, TooManyAttempts
from duetime.web.need import CurrentVisitor, needs_login, open_to_all
from duetime.web.pages.paths import own_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.ports import CurrentApp
from duetime.web.problems import headers_of, status_of

router = APIRouter(include_in_schema=False)
_Typed = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginPage(PageContext):
    """Where people log in.

    Attributes:
        after: the path to go to then.
        login: what was typed before.
        problem: why it did not let them in; empty = they come for the first time.
        provider: what the identity provider is called; None = there is none.
    """

    template: ClassVar[str] = "login.html"

    after: str
    login: str = ""
    problem: str = ""
    provider: str | None


@router.get("/login", dependencies=[open_to_all()])
def login_page(request: Request, desk: CurrentDesk) -> Response:
    """Ask for a login and a password."""
    after = own_path(request.query_params.get("next"))
    return render(request, LoginPage(after=after, provider=_provider(desk)))


@router.post("/login", dependencies=[open_to_all()])
def log_in(
    request: Request, desk: CurrentDesk, login: _Typed = "", password: _Typed = "", after: _Typed = "/"
) -> Response:
    """Let somebody in, or ask once more."""
    if not comes_from_here(request, settings=desk.settings):
        raise TokenMissing
    asked = Asked(
        login=login,
        password=password,
        browser=browser_of(request),
        device=desk.device.read(request),
        old_token=desk.session.read(request),
    )
    try:
        let_in = desk.by_password.log_in(asked)
    except (LoginRefused, TooManyAttempts) as error:
        page = LoginPage(after=own_path(after), login=login, problem=str(error), provider=_provider(desk))
        return render(request, page, status=status_of(error), headers=headers_of(error))
    where = "/me/password" if let_in.login.must_change else own_path(after)
    response = RedirectResponse(where, status_code=303)
    desk.let_in(response, let_in.opened.token, device=let_in.device)
    return response


@router.post("/logout", dependencies=[needs_login(even_with_old_password=True)])
def log_out(request: Request, app: CurrentApp, desk: CurrentDesk, visitor: CurrentVisitor) -> Response:
    """End the session."""
    token = desk.session.read(request)
    with app.store.write() as tx:
        session = None if token is None else tx.web_sessions.find(digest(token))
        if session is not None and session.login_id == visitor.login_id:
            end_session(tx, tx.logins.require(visitor.login_id), session, actor=visitor.actor)
    response = RedirectResponse(with_query("/login", done="signed-out"), status_code=303)
    desk.session.clear(response)
    return response


def _provider(desk: Desk) -> str | None:
    return None if desk.settings.oidc is None else desk.settings.oidc.title
