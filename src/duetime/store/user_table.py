"""The users that bots act for."""

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from duetime.core.errors import Conflict, Invalid, UnknownName, nearest
from duetime.core.sanitising import clean_text
from duetime.core.users import EVERYTHING, User, UserStatus
from duetime.store.tables import users
from duetime.store.upsert import insert_if_absent

_LONGEST_ID = 200
_IDS_PER_QUERY = 500


class UserTable:
    """Users by their resource id."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def add(self, user_resource_id: str, *, name: str = "", event_types: Sequence[str] = (EVERYTHING,)) -> User:
        """Register a user.

        Raises:
            Conflict: there is one with this id already.
            Invalid: the id or a pattern is none that people could write down again.
        """
        _check(user_resource_id, "A user's id", "divvyuser:7")
        row = {
            "user_resource_id": user_resource_id,
            "name": clean_text(name),
            "event_types": _patterns_text(event_types),
            "changed_at": self._now,
        }
        if not insert_if_absent(self._connection, users, row):
            message = (
                f"User {user_resource_id} is registered already. Change what may be done for the user with "
                f"`duetime users allow {user_resource_id} PATTERN...`."
            )
            raise Conflict(message)
        return self.get(user_resource_id)

    def set_status(self, user_resource_id: str, status: UserStatus) -> User:
        """Enable or disable a user.

        Raises:
            UnknownName: there is none with this id.
        """
        return self._change(user_resource_id, status=status.value)

    def allow(self, user_resource_id: str, event_types: Sequence[str]) -> User:
        """Say what may be done for a user, in place of what was said before.

        Raises:
            UnknownName: there is none with this id.
            Invalid: a pattern is none that people could write down again.
        """
        return self._change(user_resource_id, event_types=_patterns_text(event_types))

    def get(self, user_resource_id: str) -> User:
        """Return one user.

        Raises:
            UnknownName: there is none with this id.
        """
        found = self.by_ids([user_resource_id]).get(user_resource_id)
        if found is None:
            known = [user.user_resource_id for user in self.all()]
            raise UnknownName("user", user_resource_id, near=nearest(user_resource_id, known))
        return found

    def by_ids(self, user_resource_ids: Collection[str]) -> Mapping[str, User]:
        """Return the users with these ids, by id; ids that nobody registered are left out."""
        wanted = sorted(user_resource_ids)
        found: dict[str, User] = {}
        for first in range(0, len(wanted), _IDS_PER_QUERY):
            part = wanted[first : first + _IDS_PER_QUERY]
            rows = self._connection.execute(select(users).where(users.c.user_resource_id.in_(part)))
            found |= {row.user_resource_id: _user_of(row) for row in rows}
        return found

    def is_any(self) -> bool:
        """Return whether any user is registered."""
        return self._connection.execute(select(users.c.user_resource_id).limit(1)).first() is not None

    def all(self) -> list[User]:
        """Return every user, by id."""
        return [_user_of(row) for row in self._connection.execute(select(users).order_by(users.c.user_resource_id))]

    def _change(self, user_resource_id: str, **changes: Any) -> User:
        before = self.get(user_resource_id)
        self._connection.execute(
            update(users)
            .where(users.c.user_resource_id == before.user_resource_id)
            .values(**changes, changed_at=self._now)
        )
        return self.get(user_resource_id)


def _patterns_text(event_types: Sequence[str]) -> str:
    if not event_types:
        message = "Name at least one event type or pattern, such as 'divvy.stop_*'; to allow nothing, disable the user."
        raise Invalid(message)
    for pattern in event_types:
        _check(pattern, "A pattern of event types", "divvy.stop_*")
    return json.dumps(list(dict.fromkeys(event_types)))


def _check(text: str, what: str, example: str) -> None:
    if not text or not text.isprintable() or " " in text or clean_text(text) != text or len(text) > _LONGEST_ID:
        wanted = f"1 to {_LONGEST_ID} printable characters without spaces, such as {example!r}"
        message = f"{what} must be {wanted}, not {text[:60]!r}."
        raise Invalid(message)


def _user_of(row: Row[Any]) -> User:
    return User(
        user_resource_id=row.user_resource_id,
        name=row.name,
        status=UserStatus(row.status),
        event_types=tuple(json.loads(row.event_types)),
        changed_at=row.changed_at,
    )
