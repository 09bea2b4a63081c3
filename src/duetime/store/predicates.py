"""Filter predicates as SQL over the inventory; the same answers as evaluating them on one resource.

Every condition is true or false and never NULL, or `NOT` of something unknown would be unknown and find nothing.
"""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    any_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from duetime.core.errors import Invalid
from duetime.core.json_types import canonical
from duetime.core.predicates import (
    AccountIn,
    All,
    AnyOf,
    Asked,
    DataMatches,
    FlagIs,
    IdIn,
    InGroup,
    Known,
    Not,
    OlderThan,
    Predicate,
    RegionIn,
    StateIn,
    TagIn,
    TagMatches,
    TagPresent,
    TextIn,
    TextMatches,
    TypeIn,
)
from duetime.core.sanitising import clean_text
from duetime.store.cloud_tables import resource_group_members, resources

Condition = ColumnElement[bool]

_FEW = 4
"""Up to so many values of a tag are looked for as texts first; more searches would cost more than they save."""

_MOST_PARAMETERS = 100
"""Longer lists are bound as one value: SQLite takes 32,766 parameters in a statement, and PostgreSQL 65,535."""


def compile_predicate(predicate: Predicate, *, dialect: str, now: datetime) -> Condition:
    """Return the SQL condition for `predicate` on the `resources` table.

    Args:
        predicate: what is asked; see `core.predicates.is_sayable`.
        dialect: `sqlite` or `postgresql`.
        now: from when ages are counted, aware.

    Raises:
        Invalid: it holds a regular expression or a JMESPath expression, which SQL cannot say.
    """
    return _Compiler(dialect, now).condition(predicate)


class _Compiler:
    def __init__(self, dialect: str, now: datetime) -> None:
        self._dialect = dialect
        self._now = now

    def condition(self, predicate: Predicate) -> Condition:  # noqa: C901 - one case per predicate
        match predicate:
            case TagPresent(key):
                return and_(self._may_have_tag(key), self._tag(key).is_not(None)) if _is_kept(key) else false()
            case TagIn(key, values):
                return self._tag_in(key, values)
            case TextIn(name, values):
                return self._one_of(resources.c[name.value], values)
            case StateIn(states):
                return self._one_of(resources.c.state, states)
            case TypeIn(resource_types):
                return self._one_of(resources.c.resource_type, resource_types)
            case AccountIn(accounts):
                return self._one_of(resources.c.account, accounts)
            case RegionIn(regions):
                return self._one_of(resources.c.region, regions)
            case IdIn(resource_ids):
                return self._one_of(resources.c.resource_id, resource_ids)
            case InGroup(groups):
                return self._in_group(groups)
            case OlderThan(name):
                line = predicate.line(self._now)
                column = resources.c[name.value]
                return false() if line is None else and_(column.is_not(None), column < line)
            case FlagIs(name, value):
                column = resources.c[name.value]
                return and_(column.is_not(None), column if value else not_(column))
            case Known(name):
                return resources.c[name.value].is_not(None)
            case Not(inner):
                return not_(self.condition(inner))
            case All(parts):
                return and_(true(), *map(self.condition, parts))
            case AnyOf(parts):
                return or_(false(), *map(self.condition, parts))
            case TagMatches() | TextMatches() | DataMatches() | Asked():
                message = f"{type(predicate).__name__} has no SQL form. Ask through duetime.bots.pushdown.find."
                raise Invalid(message)
            case _:  # pragma: no cover - mypy proves that nothing is left
                assert_never(predicate)

    def _one_of(self, column: ColumnElement[str], values: Sequence[str]) -> Condition:
        # The inventory keeps no text with NUL or half a surrogate pair, and drivers refuse to ask for one.
        kept = [value for value in values if _is_kept(value)]
        if not kept:
            return false()
        if len(kept) <= _MOST_PARAMETERS:
            return column.in_(kept)
        if self._dialect == "sqlite":
            each = func.json_each(json.dumps(kept, ensure_ascii=False)).table_valued("value")
            return column.in_(select(each.c.value))
        return column == any_(bindparam(None, kept, ARRAY(Text())))

    def _tag_in(self, key: str, values: Sequence[str]) -> Condition:
        if not _is_kept(key):
            return false()
        few = values if len(values) <= _FEW else ()
        return and_(self._may_have_tag(key, few), func.coalesce(self._one_of(self._tag(key), values), false()))

    def _may_have_tag(self, key: str, values: Sequence[str] = ()) -> Condition:
        """Hold for every resource with the tag, or with one of these values for it, and for few others.

        Tags are kept as JSON in its one shortest form, in which key and value stand as this very text. Looking for a
        text is faster than taking JSON apart, and most resources need not be asked any further.
        """
        find = func.instr if self._dialect == "sqlite" else func.strpos
        written = [canonical({key: value})[1:-1] for value in values] or [canonical({key: ""})[1:-3]]
        return or_(*(find(resources.c.tags, literal(clean_text(text), Text())) > 0 for text in written))

    def _tag(self, key: str) -> ColumnElement[str]:
        """The value of a tag, or NULL. Keys are bound, never spelled into a JSON path: they may hold any character."""
        if self._dialect == "sqlite":
            each = func.json_each(resources.c.tags).table_valued("key", "value")
            return select(each.c.value).where(each.c.key == key).scalar_subquery()
        return cast(resources.c.tags, JSONB).op("->>", return_type=Text())(literal(key, Text()))

    def _in_group(self, groups: Sequence[str]) -> Condition:
        members = resource_group_members
        return exists().where(members.c.resource_id == resources.c.resource_id, self._one_of(members.c.name, groups))


def _is_kept(text: str) -> bool:
    return clean_text(text) == text
