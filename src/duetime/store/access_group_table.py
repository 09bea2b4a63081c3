"""Access groups: what is open to whom."""

import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, text

from duetime.core.access import Grants
from duetime.core.errors import Invalid, UnknownName, nearest
from duetime.core.grant_documents import read_grants, write_grants
from duetime.core.logins import AccessGroup, Login
from duetime.core.sanitising import clean_text
from duetime.store.access_tables import access_group_members, access_groups, logins
from duetime.store.login_table import login_of
from duetime.store.upsert import insert_if_absent, upsert

_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9 ._@+-]{0,98}[A-Za-z0-9])?")
_LONGEST_DESCRIPTION = 500


class AccessGroupTable:
    """Access groups and their members."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def lock(self) -> None:
        """Make every other change of who may do what wait until this transaction ends: the first thing it does.

        Whoever counts the administrators that would be left must do so alone.
        """
        if self._connection.dialect.name == "postgresql":  # on SQLite a transaction that writes is alone anyway
            self._connection.execute(text("LOCK TABLE access_groups IN SHARE ROW EXCLUSIVE MODE"))

    def save(self, name: str, *, grants: Grants, description: str = "") -> AccessGroup:
        """Make a group, or put it in place of the one of this name; its members stay.

        Raises:
            Invalid: the name is none that a group can have.
        """
        if not _NAME.fullmatch(name):
            wanted = "up to 100 letters (a-z), digits, spaces and . _ @ + -, such as 'operators'"
            message = f"The name of an access group has {wanted}, not {name[:60]!r}."
            raise Invalid(message)
        row = {
            "name": name,
            "description": " ".join(clean_text(description).split())[:_LONGEST_DESCRIPTION],
            "grants": json.dumps(write_grants(grants), separators=(",", ":")),
            "changed_at": self._now,
        }
        upsert(self._connection, access_groups, [row])
        return self.get(name)

    def delete(self, name: str) -> None:
        """Delete a group; nothing is open by it any more.

        Raises:
            UnknownName: there is none of this name.
        """
        self.get(name)
        self._connection.execute(delete(access_group_members).where(access_group_members.c.name == name))
        self._connection.execute(delete(access_groups).where(access_groups.c.name == name))

    def find(self, name: str) -> AccessGroup | None:
        """Return the group of this name, or None."""
        statement = select(access_groups).where(access_groups.c.name == clean_text(name))
        row = self._connection.execute(statement).one_or_none()
        return None if row is None else _group_of(row)

    def get(self, name: str) -> AccessGroup:
        """Return the group of this name.

        Raises:
            UnknownName: there is none.
        """
        found = self.find(name)
        if found is None:
            raise UnknownName("access group", name, near=nearest(name, (group.name for group in self.all())))
        return found

    def all(self) -> list[AccessGroup]:
        """Return every group, by name."""
        return [
            _group_of(row) for row in self._connection.execute(select(access_groups).order_by(access_groups.c.name))
        ]

    def add_member(self, name: str, login_id: int) -> bool:
        """Put a login into a group; return whether it was not in it.

        Raises:
            UnknownName: there is no group of this name.
        """
        self.get(name)
        return insert_if_absent(self._connection, access_group_members, {"login_id": login_id, "name": name})

    def remove_member(self, name: str, login_id: int) -> bool:
        """Take a login out of a group; return whether it was in it.

        Raises:
            UnknownName: there is no group of this name.
        """
        self.get(name)
        members = access_group_members
        statement = delete(members).where(members.c.name == name, members.c.login_id == login_id)
        return self._connection.execute(statement).rowcount > 0

    def of(self, login_id: int) -> list[AccessGroup]:
        """Return the groups of a login, by name."""
        return self.of_logins([login_id]).get(login_id, [])

    def of_logins(self, login_ids: Collection[int]) -> Mapping[int, list[AccessGroup]]:
        """Return the groups of logins, by login; logins without any are left out."""
        members = access_group_members
        statement = (
            select(members.c.login_id, access_groups)
            .join_from(members, access_groups, members.c.name == access_groups.c.name)
            .where(members.c.login_id.in_(list(login_ids)))
            .order_by(access_groups.c.name)
        )
        found: dict[int, list[AccessGroup]] = {}
        for row in self._connection.execute(statement):
            found.setdefault(row.login_id, []).append(_group_of(row))
        return found

    def grants_of(self, login_id: int) -> Grants:
        """Return all that is granted to a login; several groups add up."""
        return Grants(tuple(grant for group in self.of(login_id) for grant in group.grants.grants))

    def everybody(self) -> list[tuple[Login, Grants]]:
        """Return every login that is in a group, with all that is granted to it."""
        statement = select(logins).where(logins.c.login_id.in_(select(access_group_members.c.login_id)))
        found = {row.login_id: login_of(row) for row in self._connection.execute(statement)}
        groups = self.of_logins(found)
        return [
            (login, Grants(tuple(grant for group in groups.get(login_id, []) for grant in group.grants.grants)))
            for login_id, login in found.items()
        ]

    def sizes(self) -> Mapping[str, int]:
        """Return how many members each group has, by its name; groups without any are left out."""
        name = access_group_members.c.name
        rows = self._connection.execute(select(name, func.count().label("members")).group_by(name))
        return {row.name: row.members for row in rows}

    def members(self, name: str) -> list[Login]:
        """Return the members of a group, by name."""
        statement = (
            select(logins)
            .join_from(logins, access_group_members, logins.c.login_id == access_group_members.c.login_id)
            .where(access_group_members.c.name == name)
            .order_by(logins.c.login)
        )
        return [login_of(row) for row in self._connection.execute(statement)]


def _group_of(row: Row[Any]) -> AccessGroup:
    return AccessGroup(
        name=row.name,
        description=row.description,
        grants=read_grants(json.loads(row.grants)),
        changed_at=row.changed_at,
    )
