"""`/me/keys`: making and taking back one's own API keys."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from fastapi import APIRouter, Form, Path, Request
from pydantic import BaseModel, Field
from starlette.responses import RedirectResponse, Response

from duetime.app.app import App
from duetime.core.access import Feature, Grants, Role
from duetime.core.errors import Conflict, Invalid, UnknownName
from duetime.core.grant_documents import EVERY, read_grants
from duetime.core.logins import ApiKey
from duetime.store.store import Transaction
from duetime.web.access.key_steering import MadeKey, create_key, revoke_key
from duetime.web.errors import NeedsSession
from duetime.web.need import CurrentVisitor, needs_login
from duetime.web.pages.paths import with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.ports import CurrentApp
from duetime.web.problems import status_of
from duetime.web.visitor import CameBy, Visitor

router = APIRouter(prefix="/me/keys", include_in_schema=False)
_Typed = Annotated[str, Field(max_length=10_000)]
_KeyId = Annotated[int, Path(ge=0, le=2**63 - 1)]
_DAYS = (("30", "30 days"), ("90", "90 days"), ("365", "a year"), ("", "never"))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKeyPage(PageContext):
    """Where somebody says what a key is for and what it opens.

    Attributes:
        features: values and names of what it may open.
        roles: how much of it.
        days: values and names of when it may end.
        problem: why what was asked before was refused.
    """

    template: ClassVar[str] = "me_key_new.html"

    features: tuple[tuple[str, str], ...]
    roles: tuple[str, ...]
    days: tuple[tuple[str, str], ...] = _DAYS
    name: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKeyPage(PageContext):
    """The only page that ever shows a key."""

    template: ClassVar[str] = "me_key_made.html"

    key: ApiKey
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RevokeKeyPage(PageContext):
    """Asks before a key is taken back."""

    template: ClassVar[str] = "me_key_revoke.html"

    key: ApiKey


class NewKeyForm(BaseModel):
    """What somebody types who makes a key.

    Attributes:
        accounts: names, separated by commas; empty = all.
        days: when it ends; empty = never.
        payloads: `yes`, or empty.
    """

    name: _Typed = ""
    feature: _Typed = EVERY
    role: _Typed = Role.VIEWER.word
    accounts: _Typed = ""
    days: _Typed = ""
    payloads: _Typed = ""

    @property
    def grants(self) -> Grants:
        """What the key shall open.

        Raises:
            Invalid: it cannot be read.
        """
        named = [account.strip() for account in self.accounts.split(",") if account.strip()]
        body = {
            "feature": self.feature,
            "role": self.role,
            "accounts": named or EVERY,
            "payloads": bool(self.payloads),
        }
        return read_grants([body])

    @property
    def life(self) -> timedelta | None:
        """How long the key shall live; None = for ever.

        Raises:
            Invalid: it is no number of days.
        """
        if not self.days:
            return None
        if not (self.days.isascii() and self.days.isdecimal() and len(self.days) < 6):
            raise Invalid("Say in whole days when the key ends, or never.")
        return timedelta(days=int(self.days))


@router.get("/new", dependencies=[needs_login()])
def new_key_page(request: Request, visitor: CurrentVisitor) -> Response:
    """Ask what a key is for."""
    return render(request, _new_key_page(visitor))


@router.post("", dependencies=[needs_login()])
def make(request: Request, app: CurrentApp, visitor: CurrentVisitor, form: Annotated[NewKeyForm, Form()]) -> Response:
    """Make a key and show it."""
    try:
        made = _make(app, visitor, form)
    except (Conflict, Invalid) as error:
        return render(request, _new_key_page(visitor, name=form.name, problem=str(error)), status=status_of(error))
    return render(request, MadeKeyPage(key=made.key, text=made.text))


@router.get("/{key_id}/revoke", dependencies=[needs_login()])
def revoke_page(request: Request, key_id: _KeyId, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before a key is taken back."""
    with app.store.read() as tx:
        return render(request, RevokeKeyPage(key=_own_key(tx, visitor, key_id)))


@router.post("/{key_id}/revoke", dependencies=[needs_login()])
def revoke(
    key_id: _KeyId, app: CurrentApp, visitor: CurrentVisitor, reason: Annotated[str, Form(max_length=2000)] = ""
) -> Response:
    """Take a key back."""
    with app.store.write() as tx:
        revoke_key(tx, actor=visitor.actor, key=_own_key(tx, visitor, key_id), reason=reason)
    return RedirectResponse(with_query("/me", done="key-revoked"), status_code=303)


def _new_key_page(visitor: Visitor, *, name: str = "", problem: str = "") -> NewKeyPage:
    may = [feature for feature in Feature if visitor.may(feature)]
    return NewKeyPage(
        features=((EVERY, "all that you may do"), *((feature.value, feature.value) for feature in may)),
        roles=tuple(role.word for role in Role),
        name=name,
        problem=problem,
    )


def _make(app: App, visitor: Visitor, form: NewKeyForm) -> MadeKey:
    """Make a key that opens what was asked for, as far as the visitor may do it."""
    if visitor.came_by is not CameBy.SESSION:
        raise NeedsSession("Making an API key here")
    within, life = form.grants.within(visitor.grants), form.life
    if not within.grants:
        raise Invalid("You may do nothing of this yourself, so that the key would open nothing.")
    with app.store.write() as tx:
        return create_key(
            tx,
            actor=visitor.actor,
            login=tx.logins.require(visitor.login_id),
            name=form.name,
            grants=within,
            expires_at=None if life is None else tx.now + life,
        )


def _own_key(tx: Transaction, visitor: Visitor, key_id: int) -> ApiKey:
    key = tx.api_keys.get(key_id)
    if key.login_id != visitor.login_id:
        raise UnknownName("API key", key_id)
    return key
