"""`/api/v1/logins`: who may log in."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response

from duetime.core.access import Feature, Role
from duetime.core.logins import AccessGroup, Login, LoginStatus
from duetime.store.store import Transaction
from duetime.web.access.administrators import require_everywhere
from duetime.web.access.browser_sessions import end_sessions
from duetime.web.access.desk import CurrentDesk
from duetime.web.access.login_steering import add_login, change_login, reset_login, set_status
from duetime.web.access.passwords import new_password
from duetime.web.answers import answers, not_modified
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfMatch, IfNoneMatch, require_match, single
from duetime.web.idempotency import tells_secret
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import Cursor, Limit, read_text, write_text
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp

router = APIRouter(prefix="/api/v1/logins", tags=["access"], route_class=ApiRoute)

LoginName = Annotated[PlainText, Path(min_length=1, max_length=100, description="The name that they log in with.")]
GroupNames = Annotated[list[Annotated[PlainText, Field(max_length=100)]], Field(max_length=100)]
_Text = Annotated[PlainText, Field(max_length=200)]
_Id = Annotated[PlainText, Field(max_length=300)]
_EDIT = needs(Feature.ACCESS, Role.ADMIN)


class LoginOut(BaseModel):
    """Somebody who may log in."""

    login: str
    name: str
    status: LoginStatus
    groups: Annotated[list[str], Field(description="The access groups that say what is open to them.")]
    user_resource_id: Annotated[str | None, Field(description="The user that events they schedule act for.")]
    has_password: bool
    must_change: Annotated[bool, Field(description="Whether they must choose another password before anything else.")]
    oidc_issuer: str | None
    oidc_subject: str | None
    created_at: datetime
    changed_at: datetime
    seen_at: Annotated[datetime | None, Field(description="When they last logged in.")]

    @classmethod
    def of(cls, login: Login, groups: Sequence[AccessGroup]) -> "LoginOut":
        """Return a login as the API shows it."""
        return cls(
            login=login.login,
            name=login.name,
            status=login.status,
            groups=[group.name for group in groups],
            user_resource_id=login.user_resource_id,
            has_password=login.password_hash is not None,
            must_change=login.must_change,
            oidc_issuer=login.oidc_issuer,
            oidc_subject=login.oidc_subject,
            created_at=login.created_at,
            changed_at=login.changed_at,
            seen_at=login.seen_at,
        )


class LoginPageOut(BaseModel):
    """Some logins, and where the ones after them begin."""

    items: list[LoginOut]
    next: str | None


class Identity(BaseModel):
    """By what the identity provider knows somebody."""

    model_config = ConfigDict(extra="forbid")

    issuer: Annotated[_Id, Field(min_length=1)]
    subject: Annotated[_Id, Field(min_length=1)]


class LoginIn(BaseModel):
    """A new login."""

    model_config = ConfigDict(extra="forbid")

    login: Annotated[PlainText, Field(min_length=1, max_length=100, examples=["ann"])]
    name: _Text = ""
    groups: GroupNames = []
    user_resource_id: _Id | None = None
    identity: Identity | None = None
    password: Annotated[bool, Field(description="Whether a password to log in with once is made and answered.")] = True


class LoginChange(BaseModel):
    """What to change of a login; what is left out stays."""

    model_config = ConfigDict(extra="forbid")

    name: _Text | None = None
    user_resource_id: Annotated[_Id | None, Field(description="null = nobody in particular.")] = None
    identity: Annotated[Identity | None, Field(description="null = log in by password alone.")] = None
    status: LoginStatus | None = None
    reason: Annotated[PlainText, Field(max_length=1000)] = ""


class LoginSecretOut(BaseModel):
    """A login whose password was just made."""

    login: LoginOut
    one_time_password: Annotated[
        str | None, Field(description="To log in with and to change at once. It is told this once.")
    ]


class ReasonIn(BaseModel):
    """Why something is done."""

    model_config = ConfigDict(extra="forbid")

    reason: Annotated[PlainText, Field(max_length=1000, description="It is kept in the audit trail.")] = ""


class EndedOut(BaseModel):
    """How many sessions have ended."""

    ended: int


@router.get("", dependencies=[needs(Feature.ACCESS)])
def list_logins(app: CurrentApp, visitor: CurrentVisitor, limit: Limit = 100, cursor: Cursor = None) -> LoginPageOut:
    """List the logins, by name."""
    require_everywhere(visitor)
    with app.store.read() as tx:
        page = tx.logins.page(after=read_text(cursor), most=limit)
        groups = tx.access_groups.of_logins([login.login_id for login in page.rows])
    items = [LoginOut.of(login, groups.get(login.login_id, [])) for login in page.rows]
    return LoginPageOut(items=items, next=write_text(page.next))


@router.post("", status_code=201, dependencies=[_EDIT, tells_secret()])
def create_login(body: LoginIn, app: CurrentApp, desk: CurrentDesk, visitor: CurrentVisitor) -> LoginSecretOut:
    """Add a login. The password that is answered must be changed when it is first used."""
    require_everywhere(visitor, Role.ADMIN)
    password = new_password() if body.password else None
    kept = None if password is None else desk.passwords.hash(password)
    with app.store.write() as tx:
        login = add_login(
            tx,
            actor=visitor.actor,
            login=body.login,
            password_hash=kept,
            name=body.name,
            user_resource_id=body.user_resource_id,
            groups=body.groups,
            identity=_pair(body.identity),
        )
        return LoginSecretOut(login=_shown(tx, login), one_time_password=password)


@router.get("/{login}", dependencies=[needs(Feature.ACCESS)], response_model=LoginOut, responses=not_modified())
def get_login(
    login: LoginName, app: CurrentApp, visitor: CurrentVisitor, if_none_match: IfNoneMatch = None
) -> Response:
    """Get one login."""
    require_everywhere(visitor)
    with app.store.read() as tx:
        return single(_shown(tx, tx.logins.get(login)), if_none_match=if_none_match)


@router.patch("/{login}", dependencies=[_EDIT], response_model=LoginOut, responses=answers(412))
def update_login(
    login: LoginName, body: LoginChange, app: CurrentApp, visitor: CurrentVisitor, if_match: IfMatch = None
) -> Response:
    """Change a login. Disabling it ends its sessions and stops its API keys at once."""
    require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        found = tx.logins.get(login)
        require_match(if_match, _shown(tx, found), what=f"Login {found.login}")
        said = {name for name in ("user_resource_id", "identity") if name in body.model_fields_set}
        more = {"user_resource_id": body.user_resource_id, "identity": _pair(body.identity)}
        changed = change_login(
            tx, actor=visitor.actor, login=found, name=body.name, **{name: more[name] for name in said}
        )
        if body.status is not None:
            changed = set_status(tx, actor=visitor.actor, login=changed, status=body.status, reason=body.reason)
        return single(_shown(tx, changed))


@router.post("/{login}/reset", dependencies=[_EDIT, tells_secret()])
def reset_a_login(
    login: LoginName, body: ReasonIn, app: CurrentApp, desk: CurrentDesk, visitor: CurrentVisitor
) -> LoginSecretOut:
    """Take a login back: a new password to use once, every session ended, every API key revoked."""
    require_everywhere(visitor, Role.ADMIN)
    password = new_password()
    kept = desk.passwords.hash(password)
    with app.store.write() as tx:
        found = tx.logins.get(login)
        changed = reset_login(tx, actor=visitor.actor, login=found, password_hash=kept, reason=body.reason)
        return LoginSecretOut(login=_shown(tx, changed), one_time_password=password)


@router.post("/{login}/sign-out", dependencies=[_EDIT])
def sign_out_login(login: LoginName, app: CurrentApp, visitor: CurrentVisitor) -> EndedOut:
    """End every session of a login."""
    require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        return EndedOut(ended=end_sessions(tx, tx.logins.get(login), actor=visitor.actor))


def _shown(tx: Transaction, login: Login) -> LoginOut:
    return LoginOut.of(login, tx.access_groups.of(login.login_id))


def _pair(identity: Identity | None) -> tuple[str, str] | None:
    return None if identity is None else (identity.issuer, identity.subject)
