"""Who may log in."""

import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from duetime.core.errors import Conflict, Invalid, UnknownName, nearest
from duetime.core.logins import Login, LoginStatus
from duetime.core.sanitising import clean_text
from duetime.store.access_tables import logins
from duetime.store.page import Page
from duetime.store.upsert import insert_if_absent

_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,99}")
_LONGEST_TEXT = 200
_IDS_PER_QUERY = 500


def login_name(text: str) -> str:
    """Return the name of a login as it is kept: without spaces around it, in lower case.

    Raises:
        Invalid: no login could have this name.
    """
    name = text.strip().lower()
    if not _NAME.fullmatch(name):
        message = f"A login has up to 100 letters (a-z), digits and . _ @ + -, such as 'ann', not {text[:60]!r}."
        raise Invalid(message)
    return name


class LoginTable:
    """Logins by their number and by their name."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def is_any(self) -> bool:
        """Return whether there is any login, disabled ones too."""
        return self._connection.execute(select(logins.c.login_id).limit(1)).first() is not None

    def add(
        self,
        login: str,
        *,
        name: str = "",
        user_resource_id: str | None = None,
        password_hash: str | None = None,
        must_change: bool = False,
        oidc: tuple[str, str] | None = None,
    ) -> Login:
        """Add a login.

        Args:
            login: the name to log in with.
            name: what people call them.
            user_resource_id: the user that their events act for.
            password_hash: argon2id; None = no password fits.
            must_change: whether another password must be chosen first.
            oidc: the issuer and the subject that OpenID Connect knows them by.

        Raises:
            Conflict: there is one of this name, or of this issuer and subject.
            Invalid: the name is none that a login can have.
        """
        kept = login_name(login)
        row = {
            "login": kept,
            "name": _line(name),
            "user_resource_id": user_resource_id,
            "password_hash": password_hash,
            "must_change": must_change,
            "oidc_issuer": None if oidc is None else oidc[0],
            "oidc_subject": None if oidc is None else oidc[1],
            "created_at": self._now,
            "changed_at": self._now,
        }
        self._require_free(oidc)
        if not insert_if_absent(self._connection, logins, row):
            message = f"There is a login {kept} already. Choose another name, or change that one."
            raise Conflict(message)
        return self.get(kept)

    def change(self, login_id: int, **changes: Any) -> Login:
        """Change columns of a login: `name`, `user_resource_id`, `status`, `password_hash`, `must_change`.

        Raises:
            UnknownName: there is none with this number.
        """
        values = {key: value.value if isinstance(value, LoginStatus) else value for key, value in changes.items()}
        if "name" in values:
            values["name"] = _line(values["name"])
        self._connection.execute(
            update(logins).where(logins.c.login_id == login_id).values(**values, changed_at=self._now)
        )
        return self.require(login_id)

    def link(self, login_id: int, oidc: tuple[str, str] | None) -> Login:
        """Say by which issuer and subject OpenID Connect knows a login; None = by none.

        Raises:
            Conflict: another login has them.
            UnknownName: there is no login with this number.
        """
        self._require_free(oidc, but=login_id)
        issuer, subject = (None, None) if oidc is None else oidc
        return self.change(login_id, oidc_issuer=issuer, oidc_subject=subject)

    def note_seen(self, login_id: int) -> None:
        """Note that somebody has logged in now."""
        self._connection.execute(update(logins).where(logins.c.login_id == login_id).values(seen_at=self._now))

    def find(self, login: str) -> Login | None:
        """Return the login of this name, in any case of its letters, or None."""
        row = self._connection.execute(
            select(logins).where(logins.c.login == clean_text(login).strip().lower())
        ).one_or_none()
        return None if row is None else login_of(row)

    def get(self, login: str) -> Login:
        """Return the login of this name.

        Raises:
            UnknownName: there is none.
        """
        found = self.find(login)
        if found is None:
            known = self._connection.execute(select(logins.c.login).limit(1000)).scalars()
            raise UnknownName("login", login, near=nearest(login, known))
        return found

    def require(self, login_id: int) -> Login:
        """Return the login with this number.

        Raises:
            UnknownName: there is none.
        """
        found = self.by_ids([login_id]).get(login_id)
        if found is None:
            raise UnknownName("login", login_id)
        return found

    def by_ids(self, login_ids: Collection[int]) -> Mapping[int, Login]:
        """Return the logins with these numbers, by number; those that are not there are left out."""
        wanted = sorted(set(login_ids))
        found: dict[int, Login] = {}
        for first in range(0, len(wanted), _IDS_PER_QUERY):
            part = wanted[first : first + _IDS_PER_QUERY]
            rows = self._connection.execute(select(logins).where(logins.c.login_id.in_(part)))
            found |= {row.login_id: login_of(row) for row in rows}
        return found

    def by_oidc(self, issuer: str, subject: str) -> Login | None:
        """Return the login that OpenID Connect knows by an issuer and a subject, or None."""
        statement = select(logins).where(logins.c.oidc_issuer == issuer, logins.c.oidc_subject == subject)
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else login_of(row)

    def page(self, *, after: str | None = None, most: int = 100) -> Page[Login, str]:
        """Return logins by name, from the one that follows `after`."""
        statement = select(logins).order_by(logins.c.login).limit(most + 1)
        if after is not None:
            statement = statement.where(logins.c.login > clean_text(after))
        found = [login_of(row) for row in self._connection.execute(statement)]
        shown = tuple(found[:most])
        return Page(shown, next=shown[-1].login if len(found) > len(shown) else None)

    def _require_free(self, oidc: tuple[str, str] | None, *, but: int | None = None) -> None:
        taken = None if oidc is None else self.by_oidc(*oidc)
        if taken is not None and taken.login_id != but:
            message = f"Login {taken.login} is linked to this subject already. Unlink it there first."
            raise Conflict(message)


def _line(text: str) -> str:
    """Return a name for people: one line that every database takes."""
    return " ".join(clean_text(text).split())[:_LONGEST_TEXT]


def login_of(row: Row[Any]) -> Login:
    """Return the login in a row of `logins`."""
    return Login(
        login_id=row.login_id,
        login=row.login,
        name=row.name,
        user_resource_id=row.user_resource_id,
        status=LoginStatus(row.status),
        password_hash=row.password_hash,
        must_change=row.must_change,
        oidc_issuer=row.oidc_issuer,
        oidc_subject=row.oidc_subject,
        created_at=row.created_at,
        changed_at=row.changed_at,
        seen_at=row.seen_at,
    )
