"""The inventory: resources as they were last harvested."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, delete, select, update

from duetime.core.harvests import Merged, PartId
from duetime.core.predicates import Predicate, groups_asked_for
from duetime.core.resources import Resource
from duetime.store.cloud_tables import resources
from duetime.store.page import Page
from duetime.store.predicates import compile_predicate
from duetime.store.resource_group_table import ResourceGroupTable
from duetime.store.resource_merge import merge
from duetime.store.resource_query import ResourceQuery
from duetime.store.resource_rows import row_of
from duetime.store.rows import resource_of
from duetime.store.upsert import upsert
from duetime.store.window import Window

_IDS_PER_QUERY = 500
_ROWS_PER_PAGE = 500
"""How many rows are held beside the resources that were made of them."""


class ResourceTable:
    """What the harvests found.

    Attributes:
        now: the database's time, from which ages are counted.
    """

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now
        self.now = now

    def save(self, found: Iterable[Resource]) -> int:
        """Insert or update resources as just read; return how many."""
        rows = [row_of(resource, now=self._now) for resource in found]
        upsert(self._connection, resources, rows)
        return len(rows)

    def merge(self, found: Iterable[Resource]) -> Merged:
        """Insert or update resources as just read, and return what is otherwise than before.

        Of a resource that is as it was, only `harvested_at` moves. Whoever merges must keep others from merging the
        same resources meanwhile, or both will see the change; harvests do so by `HarvestTable.hold`.
        """
        return merge(self._connection, found, now=self._now)

    def mark_gone(self, part: PartId, *, not_seen_since: datetime, most: int | None = None) -> list[Resource]:
        """Mark what a complete harvest begun at `not_seen_since` did not see; return it, by id.

        Args:
            part: what was harvested.
            not_seen_since: when.
            most: how many at most; None = all. When there are fewer, nothing is left to be marked.
        """
        missed = (
            select(resources)
            .where(
                resources.c.account == part.account,
                resources.c.region == part.region,
                resources.c.resource_type == part.resource_type,
                resources.c.harvested_at < not_seen_since,
                resources.c.gone_at.is_(None),
            )
            .order_by(resources.c.resource_id)
            .limit(most)
        )
        found = [replace(resource_of(row), gone_at=self._now) for row in self._connection.execute(missed)]
        for first in range(0, len(found), _IDS_PER_QUERY):
            ids = [resource.resource_id for resource in found[first : first + _IDS_PER_QUERY]]
            gone = update(resources).where(resources.c.resource_id.in_(ids)).values(gone_at=self._now)
            self._connection.execute(gone)
        return found

    def of_account(self, account: str, *, after: str = "", most: int) -> list[str]:
        """Return the ids of up to `most` resources of an account that follow `after`, gone ones too, by id."""
        mine = select(resources.c.resource_id).where(resources.c.account == account, resources.c.resource_id > after)
        return list(self._connection.scalars(mine.order_by(resources.c.resource_id).limit(most)))

    def forget(self, resource_ids: Sequence[str]) -> None:
        """Delete resources from the inventory, as though they had never been read."""
        for first in range(0, len(resource_ids), _IDS_PER_QUERY):
            part = resource_ids[first : first + _IDS_PER_QUERY]
            self._connection.execute(delete(resources).where(resources.c.resource_id.in_(part)))

    def regions_and_types(self) -> tuple[frozenset[str], frozenset[str]]:
        """Return the regions and the resource types that harvests have found anything in or of."""
        place = resources.c.region, resources.c.resource_type
        rows = self._connection.execute(select(*place).distinct()).all()
        return frozenset(row.region for row in rows), frozenset(row.resource_type for row in rows)

    def by_ids(self, resource_ids: Sequence[str]) -> dict[str, Resource]:
        """Return the resources that the inventory knows, gone ones too, by id."""
        found: dict[str, Resource] = {}
        for first in range(0, len(resource_ids), _IDS_PER_QUERY):
            part = resource_ids[first : first + _IDS_PER_QUERY]
            rows = self._connection.execute(select(resources).where(resources.c.resource_id.in_(part)))
            found |= {row.resource_id: resource_of(row) for row in rows}
        return found

    def page(self, query: ResourceQuery) -> Page[Resource, str]:
        """Return a page of the inventory, by id; what follows it has `query.after_id` = its `next`.

        It looks through at most `page.MOST_LOOKED_AT` rows and may therefore be short, or empty, before the list ends.
        """
        most = max(1, query.most)
        among, filters = query.bounds(), query.filters()
        key = [resources.c.resource_id]
        window = Window.of(self._connection, key, among=among, descending=False) if filters else Window.open()
        statement = select(resources).where(*among, *filters, window.condition).order_by(*key).limit(most + 1)
        found = [resource_of(row) for row in self._connection.execute(statement)]
        shown = tuple(found[:most])
        if len(found) > most:
            return Page(shown, next=shown[-1].resource_id)
        return Page(shown, next=None if window.end is None else window.end[0])

    def matching(self, predicate: Predicate, *, most: int | None = None) -> list[Resource]:
        """Return the resources that exist and that `predicate` holds for, by id.

        Args:
            predicate: what is asked; it must be sayable in SQL.
            most: how many at most; None = all.

        Raises:
            Invalid: it holds a regular expression or a JMESPath expression: see `duetime.bots.pushdown`.
            UnknownName: it names a resource group that does not exist.
        """
        return list(self.each(predicate, most=most))

    def each(
        self, predicate: Predicate, *, groups: frozenset[str] = frozenset(), most: int | None = None
    ) -> Iterator[Resource]:
        """Yield the resources that exist and that `predicate` holds for, by id, without holding them.

        Their `groups` are filled when any group is asked about.

        Args:
            predicate: what is asked; it must be sayable in SQL.
            groups: further resource groups that the caller will ask the resources about.
            most: how many at most; None = all.

        Raises:
            Invalid: it holds a regular expression or a JMESPath expression.
            UnknownName: there is no such resource group.
        """
        condition = compile_predicate(predicate, dialect=self._connection.dialect.name, now=self.now)
        of_groups = ResourceGroupTable(self._connection, now=self.now)
        asked_for = groups | groups_asked_for(predicate)
        of_groups.require(asked_for)
        statement = (
            select(resources)
            .where(resources.c.gone_at.is_(None), condition)
            .order_by(resources.c.resource_id)
            .limit(most)
            .execution_options(yield_per=_ROWS_PER_PAGE)
        )
        return self._pages(statement, of_groups if asked_for else None)

    def _pages(self, statement: Select[tuple[Any, ...]], of_groups: ResourceGroupTable | None) -> Iterator[Resource]:
        with self._connection.execute(statement) as result:
            for page in result.partitions():
                found = [resource_of(row) for row in page]
                if of_groups is not None:
                    names = of_groups.of([resource.resource_id for resource in found])
                    found = [replace(each, groups=names.get(each.resource_id, frozenset())) for each in found]
                yield from found
