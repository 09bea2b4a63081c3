"""`/api/v1/api-keys`: one's own API keys, and for administrators of access everybody's."""

from datetime import datetime, timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from duetime.core.access import Feature, Role
from duetime.core.errors import UnknownName
from duetime.core.logins import ApiKey, Login
from duetime.store.store import Transaction
from duetime.web.access.administrators import require_everywhere
from duetime.web.access.key_steering import DEFAULT_LIFE, LONGEST_LIFE, create_key, require_within, revoke_key
from duetime.web.answers import answers
from duetime.web.api.grants import GrantBody, GrantList, bodies_of, grants_in
from duetime.web.api_route import ApiRoute
from duetime.web.errors import NeedsSession
from duetime.web.idempotency import tells_secret
from duetime.web.need import CurrentVisitor, needs_login
from duetime.web.paging import Cursor, Limit, read_number, write_number
from duetime.web.parameters import LARGEST_ID, PlainText
from duetime.web.ports import CurrentApp
from duetime.web.visitor import CameBy, Visitor

router = APIRouter(prefix="/api/v1/api-keys", tags=["access"], route_class=ApiRoute)

KeyId = Annotated[int, Path(ge=1, le=LARGEST_ID, description="The key's number.")]
_Login = Annotated[PlainText, Field(min_length=1, max_length=100)]


class ApiKeyOut(BaseModel):
    """A key, without its secret."""

    key_id: int
    login: Annotated[str, Field(description="Whom it acts for.")]
    name: str
    prefix: Annotated[str, Field(description="What the key begins with, after `dt_`.")]
    grants: Annotated[list[GrantBody], Field(description="What it opens at most; never more than its login may do.")]
    is_live: Annotated[bool, Field(description="Whether it lets anybody in.")]
    created_at: datetime
    expires_at: Annotated[datetime | None, Field(description="null = never.")]
    used_at: Annotated[datetime | None, Field(description="To the minute; null = never used.")]
    revoked_at: datetime | None

    @classmethod
    def of(cls, key: ApiKey, login: Login | None, *, now: datetime) -> "ApiKeyOut":
        """Return a key as the API shows it."""
        return cls(
            key_id=key.key_id,
            login="" if login is None else login.login,
            name=key.name,
            prefix=key.prefix,
            grants=bodies_of(key.grants),
            is_live=key.is_live(now=now),
            created_at=key.created_at,
            expires_at=key.expires_at,
            used_at=key.used_at,
            revoked_at=key.revoked_at,
        )


class ApiKeyPageOut(BaseModel):
    """Some keys, and where the ones after them begin."""

    items: list[ApiKeyOut]
    next: str | None


class ApiKeyIn(BaseModel):
    """A new key."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[PlainText, Field(min_length=1, max_length=200, examples=["nightly report"])]
    grants: Annotated[GrantList, Field(min_length=1)]
    login: Annotated[_Login | None, Field(description="Whom it shall act for; null = the visitor.")] = None
    expires_in_days: Annotated[int | None, Field(ge=1, le=LONGEST_LIFE.days, description="null = it never ends.")] = (
        DEFAULT_LIFE.days
    )


class ApiKeySecretOut(BaseModel):
    """A key that was just made."""

    key: ApiKeyOut
    secret: Annotated[str, Field(description="The key itself. It is told this once and kept nowhere.")]


@router.get("", dependencies=[needs_login()], responses=answers(404))
def list_api_keys(
    app: CurrentApp,
    visitor: CurrentVisitor,
    login: Annotated[_Login | None, Query(description="Whose; `*` = everybody's; absent = the visitor's.")] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> ApiKeyPageOut:
    """List API keys, the newest first."""
    with app.store.read() as tx:
        whose = None if login == "*" else _login_for(tx, visitor, login, Role.VIEWER)
        if whose is None:
            require_everywhere(visitor)
        page = tx.api_keys.page(
            login_id=None if whose is None else whose.login_id, before=read_number(cursor), most=limit
        )
        logins = tx.logins.by_ids({key.login_id for key in page.rows})
        items = [ApiKeyOut.of(key, logins.get(key.login_id), now=tx.now) for key in page.rows]
    return ApiKeyPageOut(items=items, next=write_number(page.next))


@router.post("", status_code=201, dependencies=[needs_login(), tells_secret()])
def create_api_key(body: ApiKeyIn, app: CurrentApp, visitor: CurrentVisitor) -> ApiKeySecretOut:
    """Make an API key that opens no more than its login may do."""
    grants = grants_in(body.grants)
    if visitor.came_by is CameBy.API_KEY and not visitor.reach(Feature.ACCESS, Role.ADMIN).is_everywhere:
        raise NeedsSession("Making an API key")  # or whoever finds a key could make one that outlives it
    with app.store.write() as tx:
        login = _login_for(tx, visitor, body.login, Role.ADMIN)
        if login.login_id == visitor.login_id:
            require_within(grants, visitor.grants)
        life = body.expires_in_days
        expires_at = None if life is None else tx.now + timedelta(days=life)
        made = create_key(tx, actor=visitor.actor, login=login, name=body.name, grants=grants, expires_at=expires_at)
        return ApiKeySecretOut(key=ApiKeyOut.of(made.key, login, now=tx.now), secret=made.text)


@router.get("/{key_id}", dependencies=[needs_login()])
def get_api_key(key_id: KeyId, app: CurrentApp, visitor: CurrentVisitor) -> ApiKeyOut:
    """Get one API key."""
    with app.store.read() as tx:
        key = _key_for(tx, visitor, key_id, Role.VIEWER)
        return ApiKeyOut.of(key, tx.logins.require(key.login_id), now=tx.now)


@router.delete("/{key_id}", dependencies=[needs_login()])
def revoke_api_key(key_id: KeyId, app: CurrentApp, visitor: CurrentVisitor) -> ApiKeyOut:
    """Take an API key back, for good and from the next request on."""
    with app.store.write() as tx:
        key = revoke_key(tx, actor=visitor.actor, key=_key_for(tx, visitor, key_id, Role.ADMIN))
        return ApiKeyOut.of(key, tx.logins.require(key.login_id), now=tx.now)


def _login_for(tx: Transaction, visitor: Visitor, login: str | None, role: Role) -> Login:
    """Return the visitor's own login, or another one to whoever has this role of access."""
    if login is None or login.strip().lower() == visitor.login:
        return tx.logins.require(visitor.login_id)
    require_everywhere(visitor, role)
    return tx.logins.get(login)


def _key_for(tx: Transaction, visitor: Visitor, key_id: int, role: Role) -> ApiKey:
    """Return a key of the visitor's, or another one to whoever has this role of access.

    Raises:
        Forbidden: the visitor sees it, and may do no more.
        UnknownName: there is none, or it is somebody else's: nobody learns which.
    """
    key = tx.api_keys.get(key_id)
    if key.login_id == visitor.login_id:
        return key
    if not visitor.reach(Feature.ACCESS).is_everywhere:
        raise UnknownName("API key", key_id)
    require_everywhere(visitor, role)
    return key
