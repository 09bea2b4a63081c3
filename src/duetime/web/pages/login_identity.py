"""`/login/identity`: in by the identity provider."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from duetime.core.errors import UnknownName
from duetime.web.access.desk import CurrentDesk, Desk, Identities
from duetime.web.access.identity_visit import Pending
from duetime.web.access.origins import browser_of, own_address
from duetime.web.need import open_to_all
from duetime.web.pages.paths import own_path
from duetime.web.ports import CurrentApp

router = APIRouter(include_in_schema=False)
_BACK = "/login/identity/back"


@router.get("/login/identity", dependencies=[open_to_all()])
def go(request: Request, app: CurrentApp, desk: CurrentDesk) -> Response:
    """Send somebody to the identity provider."""
    identities = _identities(desk)
    pending = Pending.begin(own_path(request.query_params.get("next")))
    address = identities.provider.address_for(pending, redirect_uri=_back(request, desk), now=app.store.now())
    response = RedirectResponse(address, status_code=303)
    desk.pending.set(response, pending.write(), life=Pending.LIFE)
    return response


@router.get(_BACK, dependencies=[open_to_all()])
def come_back(request: Request, app: CurrentApp, desk: CurrentDesk) -> Response:
    """Let in whom the identity provider sends back."""
    identities = _identities(desk)
    pending = Pending.read(desk.pending.read(request))
    query = dict(request.query_params)
    claims = identities.provider.claims(pending, query, redirect_uri=_back(request, desk), now=app.store.now())
    old_token = desk.session.read(request)
    opened = identities.login.let_in(claims, browser=browser_of(request), old_token=old_token)
    response = RedirectResponse(own_path(pending.after), status_code=303)
    desk.let_in(response, opened.token)
    desk.pending.clear(response)
    return response


def _identities(desk: Desk) -> Identities:
    if desk.identities is None:
        raise UnknownName("identity provider", "for this server")
    return desk.identities


def _back(request: Request, desk: Desk) -> str:
    return f"{own_address(request, settings=desk.settings)}{_BACK}"
