"""`/api/v1/users`: for which users bots and events may act, and what may be done for them."""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from duetime.app.app import App
from duetime.core.access import Feature, Role
from duetime.core.users import EVERYTHING, User, UserStatus
from duetime.store.store import Transaction
from duetime.web.api.paths import API
from duetime.web.api_route import ApiRoute
from duetime.web.errors import Forbidden
from duetime.web.need import CurrentVisitor, needs
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.visitor import Visitor

router = APIRouter(prefix=f"{API}/users", tags=["users"], route_class=ApiRoute)
UserId = Annotated[PlainText, Path(max_length=200, description="The user's id, as bots name their owner: divvyuser:7.")]
_Pattern = Annotated[PlainText, Field(min_length=1, max_length=200, examples=["divvy.stop_*"])]
_Reason = Annotated[PlainText, Field(max_length=1000, description="Why; kept in the audit trail.")]


class UserOut(BaseModel):
    """A user that bots and events may act for."""

    user_resource_id: str
    name: str
    status: UserStatus
    event_types: list[str] = Field(description="What may be done for the user: event types, or patterns of them.")
    changed_at: datetime | None

    @classmethod
    def of(cls, user: User) -> "UserOut":
        """Return a user as the API shows it."""
        return cls(
            user_resource_id=user.user_resource_id,
            name=user.name,
            status=user.status,
            event_types=list(user.event_types),
            changed_at=user.changed_at,
        )


class UserIn(BaseModel):
    """A user who is registered."""

    model_config = ConfigDict(extra="forbid")
    user_resource_id: Annotated[PlainText, Field(min_length=1, max_length=200, examples=["divvyuser:7"])]
    name: Annotated[PlainText, Field(max_length=200)] = ""
    event_types: list[_Pattern] = Field(default_factory=lambda: [EVERYTHING], min_length=1, max_length=1000)


class UserChangeIn(BaseModel):
    """What is changed of a user; what is absent stays."""

    model_config = ConfigDict(extra="forbid")
    status: UserStatus | None = None
    event_types: list[_Pattern] | None = Field(default=None, min_length=1, max_length=1000)
    reason: _Reason = ""


@router.get("", dependencies=[needs(Feature.ACCESS)])
def list_users(app: CurrentApp, visitor: CurrentVisitor) -> list[UserOut]:
    """List the users that are registered."""
    _require_everywhere(visitor, Role.VIEWER)
    with app.store.read() as tx:
        return [UserOut.of(user) for user in tx.users.all()]


@router.get("/{user_id}", dependencies=[needs(Feature.ACCESS)])
def get_user(user_id: UserId, app: CurrentApp, visitor: CurrentVisitor) -> UserOut:
    """Get a user."""
    _require_everywhere(visitor, Role.VIEWER)
    with app.store.read() as tx:
        return UserOut.of(tx.users.get(user_id))


@router.post("", dependencies=[needs(Feature.ACCESS, Role.ADMIN)], status_code=201)
def add_user(body: UserIn, app: CurrentApp, visitor: CurrentVisitor) -> UserOut:
    """Register a user."""
    _require_everywhere(visitor, Role.ADMIN)
    with app.store.write() as tx:
        added = tx.users.add(body.user_resource_id, name=body.name, event_types=body.event_types)
        _note(tx, visitor, "user.add", added, after={"event_types": list(added.event_types)})
    return UserOut.of(added)


@router.patch("/{user_id}", dependencies=[needs(Feature.ACCESS, Role.ADMIN)])
def change_user(user_id: UserId, body: UserChangeIn, app: CurrentApp, visitor: CurrentVisitor) -> UserOut:
    """Enable or disable a user, or say what may be done for the user in place of what was said before."""
    _require_everywhere(visitor, Role.ADMIN)
    return UserOut.of(_changed(app, visitor, user_id, body))


def _changed(app: App, visitor: Visitor, user_id: str, body: UserChangeIn) -> User:
    with app.store.write() as tx:
        user = tx.users.get(user_id)

        def change(verb: str, act: Callable[[], User], before: Any, after: Callable[[User], Any]) -> User:
            changed = act()
            _note(tx, visitor, verb, changed, reason=body.reason, before=before, after=after(changed))
            return changed

        status, patterns = body.status, body.event_types
        if status is not None:
            verb = "user.disable" if status is UserStatus.DISABLED else "user.enable"
            user = change(
                verb,
                lambda: tx.users.set_status(user_id, status),
                {"status": user.status.value},
                lambda changed: {"status": changed.status.value},
            )
        if patterns is not None:
            user = change(
                "user.allow",
                lambda: tx.users.allow(user_id, patterns),
                {"event_types": list(user.event_types)},
                lambda changed: {"event_types": list(changed.event_types)},
            )
        return user


def _note(tx: Transaction, visitor: Visitor, verb: str, user: User, **more: Any) -> None:
    tx.audit.add(actor=visitor.actor, verb=verb, subject=f"user:{user.user_resource_id}", **more)


def _require_everywhere(visitor: Visitor, role: Role) -> None:
    if not visitor.reach(Feature.ACCESS, role).is_everywhere:
        raise Forbidden(Feature.ACCESS, role, "in all accounts")
