"""Putting a page of a harvest into the inventory: what is as it was is only confirmed, in bulk."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection, Row, bindparam, select, update

from duetime.core.harvests import Merged, ResourceChange, what_happened
from duetime.core.resources import Resource
from duetime.store.cloud_tables import resources
from duetime.store.resource_rows import row_of
from duetime.store.rows import resource_of
from duetime.store.upsert import upsert

_IDS_PER_QUERY = 500
_NEVER_CHANGE = frozenset({"resource_id", "resource_type", "account", "region", "provider_id", "harvested_at"})
_COMPARED = tuple(column.name for column in resources.columns if column.name not in _NEVER_CHANGE)
"""Everything else: the id says the first five, and the last is what a harvest moves in any case."""


def merge(connection: Connection, found: Iterable[Resource], *, now: datetime) -> Merged:
    """Insert what is new, update what is otherwise, and confirm the rest; see `ResourceTable.merge`."""
    # By id, so that two writers lock rows in one order; of a resource that a page names twice, the last word counts.
    rows = {row["resource_id"]: row for row in (row_of(resource, now=now) for resource in found)}
    rows = dict(sorted(rows.items()))
    present = _present(connection, list(rows))
    confirmed: list[str] = []
    written: list[dict[str, Any]] = []
    changes: list[ResourceChange] = []
    for resource_id, row in rows.items():
        old = present.get(resource_id)
        if old is not None and _is_same(old, row):
            confirmed.append(resource_id)
            continue
        written.append(row)
        changes += _change(old, row)
    upsert(connection, resources, written)
    _confirm(connection, confirmed, rows)
    return Merged(len(rows), tuple(changes))


def _present(connection: Connection, resource_ids: Sequence[str]) -> dict[str, Row[Any]]:
    present: dict[str, Row[Any]] = {}
    for first in range(0, len(resource_ids), _IDS_PER_QUERY):
        part = resource_ids[first : first + _IDS_PER_QUERY]
        rows = connection.execute(select(resources).where(resources.c.resource_id.in_(part)))
        present |= {row.resource_id: row for row in rows}
    return present


def _is_same(old: Row[Any], row: Mapping[str, Any]) -> bool:
    """Compare texts, not what they say: JSON is kept in one form only, and nothing need be parsed."""
    return all(getattr(old, name) == row[name] for name in _COMPARED)


def _change(old: Row[Any] | None, row: Mapping[str, Any]) -> Iterable[ResourceChange]:
    before = None if old is None or old.gone_at is not None else resource_of(old)
    after = resource_of(cast("Row[Any]", SimpleNamespace(**row)))  # as the database will give it back
    hookpoints = what_happened(before, after)
    if hookpoints:
        yield ResourceChange(after, hookpoints, before=before)


def _confirm(connection: Connection, resource_ids: Sequence[str], rows: Mapping[str, Mapping[str, Any]]) -> None:
    moments: dict[datetime, list[str]] = {}
    for resource_id in resource_ids:
        moments.setdefault(rows[resource_id]["harvested_at"], []).append(resource_id)
    statement = (
        update(resources)
        .where(resources.c.resource_id.in_(bindparam("ids", expanding=True)))
        .values(harvested_at=bindparam("moment"))
    )
    for moment, ids in moments.items():
        for first in range(0, len(ids), _IDS_PER_QUERY):
            connection.execute(statement, {"ids": ids[first : first + _IDS_PER_QUERY], "moment": moment})
