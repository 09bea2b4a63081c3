"""`/api/v1/me`: who asks, and what is open to them."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from duetime.core.errors import UnknownName
from duetime.core.logins import WebSession
from duetime.web.access.browser_sessions import end_session
from duetime.web.access.desk import CurrentDesk
from duetime.web.access.tokens import digest
from duetime.web.api.grants import GrantBody, bodies_of
from duetime.web.api_route import ApiRoute
from duetime.web.need import CurrentVisitor, needs_login
from duetime.web.ports import CurrentApp
from duetime.web.visitor import CameBy

router = APIRouter(prefix="/api/v1/me", tags=["access"], route_class=ApiRoute)


class MeOut(BaseModel):
    """Who asks."""

    login: str
    name: str
    came_by: CameBy
    key_prefix: Annotated[str | None, Field(description="Of the API key that they came by.")]
    user_resource_id: Annotated[str | None, Field(description="The user that events they schedule act for.")]
    groups: Annotated[list[str], Field(description="Their access groups.")]
    grants: Annotated[
        list[GrantBody], Field(description="What is open to this request; by an API key, what both open.")
    ]


class SessionOut(BaseModel):
    """A browser that is logged in."""

    session_id: str
    created_at: datetime
    seen_at: Annotated[datetime, Field(description="Its last request, to the minute.")]
    expires_at: datetime
    address: str
    agent: Annotated[str, Field(description="The browser, as it called itself.")]
    is_this: Annotated[bool, Field(description="Whether this request came by it.")]

    @classmethod
    def of(cls, session: WebSession, *, here: bytes) -> "SessionOut":
        """Return a session as the API shows it."""
        return cls(
            session_id=session.session_id,
            created_at=session.created_at,
            seen_at=session.seen_at,
            expires_at=session.expires_at,
            address=session.address,
            agent=session.agent,
            is_this=session.token_hash == here,
        )


@router.get("", dependencies=[needs_login()])
def get_me(app: CurrentApp, visitor: CurrentVisitor) -> MeOut:
    """Get who asks, and what is open to them."""
    with app.store.read() as tx:
        groups = [group.name for group in tx.access_groups.of(visitor.login_id)]
    return MeOut(
        login=visitor.login,
        name=visitor.name,
        came_by=visitor.came_by,
        key_prefix=visitor.key_prefix,
        user_resource_id=visitor.user_resource_id,
        groups=groups,
        grants=bodies_of(visitor.grants),
    )


@router.get("/sessions", dependencies=[needs_login()])
def list_my_sessions(request: Request, app: CurrentApp, desk: CurrentDesk, visitor: CurrentVisitor) -> list[SessionOut]:
    """List the visitor's web sessions, the last used one first."""
    here = digest(desk.session.read(request) or "")
    with app.store.read() as tx:
        sessions = tx.web_sessions.of_login(visitor.login_id, idle=desk.settings.session_idle)
    return [SessionOut.of(session, here=here) for session in sessions]


@router.delete("/sessions/{session_id}", status_code=204, dependencies=[needs_login()])
def end_my_session(
    session_id: Annotated[str, Path(min_length=1, max_length=64)],
    app: CurrentApp,
    desk: CurrentDesk,
    visitor: CurrentVisitor,
) -> None:
    """End one of the visitor's web sessions."""
    with app.store.write() as tx:
        sessions = tx.web_sessions.of_login(visitor.login_id, idle=desk.settings.session_idle)
        session = next((each for each in sessions if each.session_id == session_id), None)
        if session is None:
            raise UnknownName("session", session_id)
        end_session(tx, tx.logins.require(visitor.login_id), session, actor=visitor.actor)
