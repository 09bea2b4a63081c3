"""Resource groups and who is in them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Row, Select, delete, func, select, update

from duetime.core.errors import Invalid, UnknownName, nearest
from duetime.core.resource_groups import LONGEST_NAME, ResourceGroup
from duetime.core.resources import ResourceId
from duetime.core.sanitising import clean_text
from duetime.store.cloud_tables import resource_group_members as members
from duetime.store.cloud_tables import resource_groups as groups
from duetime.store.cloud_tables import resources
from duetime.store.upsert import upsert

_IDS_PER_QUERY = 500


class ResourceGroupTable:
    """Resource groups by name.

    A resource may be in several groups. A member need not be in the inventory: it may be gone, or not yet harvested.
    """

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def save(self, name: str, *, description: str = "") -> None:
        """Make a group, or change its description.

        Raises:
            Invalid: the name is none that people could write down again.
        """
        if not name or name != name.strip() or not name.isprintable() or len(name) > LONGEST_NAME:
            wanted = f"1 to {LONGEST_NAME} printable characters without a space at either end"
            message = f"A resource group's name must be {wanted}, not {name[:60]!r}."
            raise Invalid(message)
        row = {"name": name, "description": clean_text(description), "changed_at": self._now}
        upsert(self._connection, groups, [row])

    def delete(self, name: str) -> None:
        """Take a group away. Its resources stay, and bots that ask for it are told that there is none.

        Raises:
            UnknownName: there is none with this name.
        """
        self._lock(name)
        self._connection.execute(delete(members).where(members.c.name == name))
        self._connection.execute(delete(groups).where(groups.c.name == name))

    def add(self, name: str, resource_ids: Iterable[str]) -> int:
        """Put resources into a group; return how many were not in it.

        Raises:
            UnknownName: there is no such group.
            InvalidResourceId: one of the texts is no resource id; none was added.
        """
        self._lock(name)
        wished = _checked(resource_ids)
        before = self._count(name)
        upsert(self._connection, members, [{"name": name, "resource_id": resource_id} for resource_id in wished])
        return self._changed(name, self._count(name) - before)

    def remove(self, name: str, resource_ids: Iterable[str]) -> int:
        """Take resources out of a group; return how many were in it.

        Raises:
            UnknownName: there is no such group.
            InvalidResourceId: one of the texts is no resource id; none was removed.
        """
        self._lock(name)
        removed = 0
        for part in _parts(_checked(resource_ids)):
            of_these = delete(members).where(members.c.name == name, members.c.resource_id.in_(part))
            removed += self._connection.execute(of_these).rowcount
        return self._changed(name, removed)

    def all(self, *, accounts: frozenset[str] | None = None) -> list[ResourceGroup]:
        """Return every group, by name.

        Args:
            accounts: only groups that hold a resource of the inventory in one of these accounts, and of their members
                only those count; None = every group, with all its members.
        """
        found = [_group_of(row) for row in self._connection.execute(_counted(accounts).order_by(groups.c.name))]
        return found if accounts is None else [group for group in found if group.members]

    def get(self, name: str) -> ResourceGroup:
        """Return one group.

        Raises:
            UnknownName: there is none with this name.
        """
        self.require([name])
        return _group_of(self._connection.execute(_counted(None).where(groups.c.name == name)).one())

    def find(self, name: str, *, accounts: frozenset[str] | None = None) -> ResourceGroup | None:
        """Return one group, or None; `accounts` as in `all`."""
        row = self._connection.execute(_counted(accounts).where(groups.c.name == name)).one_or_none()
        group = None if row is None else _group_of(row)
        return group if group is None or accounts is None or group.members else None

    def members(
        self, name: str, *, accounts: frozenset[str] | None = None, after: str = "", most: int | None = None
    ) -> list[str]:
        """Return the resource ids in a group, sorted.

        Args:
            name: the group.
            accounts: only resources of the inventory in these accounts; None = all that were put in.
            after: only ids beyond this one.
            most: how many at most; None = all.

        Raises:
            UnknownName: there is none with this name.
        """
        self.require([name])
        found = select(members.c.resource_id).where(members.c.name == name, members.c.resource_id > after)
        if accounts is not None:
            found = found.where(_lies_in(accounts))
        return list(self._connection.execute(found.order_by(members.c.resource_id).limit(most)).scalars())

    def of(self, resource_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """Return the names of the groups that each resource is in; one that is in none is left out."""
        found: dict[str, set[str]] = {}
        for part in _parts(resource_ids):
            rows = self._connection.execute(
                select(members.c.resource_id, members.c.name).where(members.c.resource_id.in_(part))
            )
            for resource_id, name in rows:
                found.setdefault(resource_id, set()).add(name)
        return {resource_id: frozenset(names) for resource_id, names in found.items()}

    def require(self, names: Iterable[str]) -> None:
        """See that these groups exist.

        Raises:
            UnknownName: one of them does not.
        """
        wanted = set(names)
        if not wanted:
            return
        known = set(self._connection.execute(select(groups.c.name)).scalars())
        for name in sorted(wanted - known):
            raise UnknownName("resource group", name, near=nearest(name, known))

    def _lock(self, name: str) -> None:
        """See that a group exists, and that nobody takes it away before this transaction ends."""
        locked = select(groups.c.name).where(groups.c.name == name).with_for_update()
        if self._connection.execute(locked).first() is None:
            self.require([name])

    def _count(self, name: str) -> int:
        counted = select(func.count()).select_from(members).where(members.c.name == name)
        return int(self._connection.execute(counted).scalar_one())

    def _changed(self, name: str, number: int) -> int:
        if number:
            self._connection.execute(update(groups).where(groups.c.name == name).values(changed_at=self._now))
        return number


def _counted(accounts: frozenset[str] | None) -> Select[tuple[str, str, datetime, int]]:
    counted = select(func.count()).select_from(members).where(members.c.name == groups.c.name)
    if accounts is not None:
        counted = counted.where(_lies_in(accounts))
    return select(groups, counted.scalar_subquery().label("members"))


def _lies_in(accounts: frozenset[str]) -> ColumnElement[bool]:
    """Return whether a member is a resource of the inventory in one of these accounts."""
    there = select(resources.c.resource_id).where(
        resources.c.resource_id == members.c.resource_id, resources.c.account.in_(sorted(accounts))
    )
    return there.exists()


def _group_of(row: Row[tuple[str, str, datetime, int]]) -> ResourceGroup:
    return ResourceGroup(row.name, description=row.description, members=row.members, changed_at=row.changed_at)


def _checked(resource_ids: Iterable[str]) -> list[str]:
    wished = list(dict.fromkeys(resource_ids))
    for resource_id in wished:
        ResourceId.check(resource_id)
    return wished


def _parts(resource_ids: Sequence[str]) -> Iterable[Sequence[str]]:
    return (resource_ids[first : first + _IDS_PER_QUERY] for first in range(0, len(resource_ids), _IDS_PER_QUERY))
