"""Filter predicates as SQL over the inventory; the same answers as evaluating them on one resource."""

from collections.abc import Sequence
from typing import assert_never

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, literal, not_, or_, select, true
from sqlalchemy.dialects.postgresql import JSONB

from duetime.core.predicates import (
    AccountIn,
    All,
    AnyOf,
    Not,
    Predicate,
    RegionIn,
    StateIn,
    TagIn,
    TagPresent,
    TypeIn,
)
from duetime.store.tables import resources


def compile_predicate(predicate: Predicate, *, dialect: str) -> ColumnElement[bool]:
    """Return the SQL condition for `predicate` on the `resources` table."""
    match predicate:
        case TagPresent(key):
            return _tag(key, dialect=dialect).is_not(None)
        case TagIn(key, values):
            return func.coalesce(_one_of(_tag(key, dialect=dialect), values), false())
        case StateIn(states):
            return _one_of(resources.c.state, states)
        case TypeIn(resource_types):
            return _one_of(resources.c.resource_type, resource_types)
        case AccountIn(accounts):
            return _one_of(resources.c.account, accounts)
        case RegionIn(regions):
            return _one_of(resources.c.region, regions)
        case Not(inner):
            return not_(compile_predicate(inner, dialect=dialect))
        case All(parts):
            return and_(true(), *(compile_predicate(part, dialect=dialect) for part in parts))
        case AnyOf(parts):
            return or_(false(), *(compile_predicate(part, dialect=dialect) for part in parts))
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(predicate)


def _one_of(column: ColumnElement[str], values: Sequence[str]) -> ColumnElement[bool]:
    return column.in_(list(values)) if values else false()


def _tag(key: str, *, dialect: str) -> ColumnElement[str]:
    """The value of a tag, or NULL. Keys are bound, never spelled into a JSON path: they may hold any character."""
    if dialect == "sqlite":
        each = func.json_each(resources.c.tags).table_valued("key", "value")
        return select(each.c.value).where(each.c.key == key).scalar_subquery()
    return cast(resources.c.tags, JSONB).op("->>", return_type=Text())(literal(key, Text()))
