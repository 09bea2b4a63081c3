"""The inventory: resources as they were last harvested."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from duetime.core.json_types import canonical
from duetime.core.predicates import Predicate
from duetime.core.resources import Resource
from duetime.core.sanitising import clean_text
from duetime.store.predicates import compile_predicate
from duetime.store.rows import resource_of
from duetime.store.tables import resources
from duetime.store.upsert import upsert

_IDS_PER_QUERY = 500


class ResourceTable:
    """What the harvests found."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def save(self, found: Iterable[Resource]) -> int:
        """Insert or update resources as just read; return how many."""
        rows = [_row_of(resource, now=self._now) for resource in found]
        upsert(self._connection, resources, rows)
        return len(rows)

    def mark_gone(self, *, account: str, region: str, resource_type: str, not_seen_since: datetime) -> int:
        """Mark what a complete harvest begun at `not_seen_since` did not see; return how many."""
        statement = (
            update(resources)
            .where(
                resources.c.account == account,
                resources.c.region == region,
                resources.c.resource_type == resource_type,
                resources.c.harvested_at < not_seen_since,
                resources.c.gone_at.is_(None),
            )
            .values(gone_at=self._now)
        )
        return int(self._connection.execute(statement).rowcount)

    def by_ids(self, resource_ids: Sequence[str]) -> dict[str, Resource]:
        """Return the resources that the inventory knows, gone ones too, by id."""
        found: dict[str, Resource] = {}
        for first in range(0, len(resource_ids), _IDS_PER_QUERY):
            part = resource_ids[first : first + _IDS_PER_QUERY]
            rows = self._connection.execute(select(resources).where(resources.c.resource_id.in_(part)))
            found |= {row.resource_id: resource_of(row) for row in rows}
        return found

    def matching(self, predicate: Predicate, *, most: int | None = None) -> list[Resource]:
        """Return the resources that exist and that `predicate` holds for, by id."""
        statement = (
            select(resources)
            .where(resources.c.gone_at.is_(None), compile_predicate(predicate, dialect=self._connection.dialect.name))
            .order_by(resources.c.resource_id)
            .limit(most)
        )
        return [resource_of(row) for row in self._connection.execute(statement)]


def _row_of(resource: Resource, *, now: datetime) -> Mapping[str, Any]:
    return {
        "resource_id": resource.resource_id,
        "resource_type": resource.resource_type,
        "account": resource.account,
        "region": resource.region,
        "provider_id": resource.provider_id,
        "name": clean_text(resource.name),
        "state": clean_text(resource.state),
        "tags": _tags_text(resource.tags),
        "data": clean_text(canonical(resource.data)),
        "harvested_at": resource.harvested_at or now,
        "gone_at": None,
    }


def _tags_text(tags: Mapping[str, str]) -> str:
    """Return tags as JSON that every database can search: one that it cannot would fail the search for all others."""
    text = canonical(tags)
    if "\\u0000" not in text and text.isascii():
        return text
    return canonical({clean_text(key): clean_text(value) for key, value in tags.items()})
