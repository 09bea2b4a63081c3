"""Predicates asked of one resource in memory, with the same answers as their SQL form.

All comparisons are exact and case-sensitive, as the store's are. A text is compared as the inventory keeps it, so that
a fresh read that holds a character which no database takes is not answered in another way than its harvest.
"""

from datetime import datetime
from typing import assert_never

from duetime.bots.data_expressions import holds
from duetime.bots.patterns import is_found
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
from duetime.core.resources import Resource
from duetime.core.sanitising import clean_text

_REPLACEMENTS = frozenset("?\N{REPLACEMENT CHARACTER}")
"""What the inventory writes in place of a character that it cannot keep."""


def matches(predicate: Predicate, resource: Resource, *, now: datetime) -> bool:  # noqa: C901 - one case per predicate
    """Return whether `resource` fulfils `predicate`.

    Args:
        predicate: what is asked.
        resource: of whom; its `groups` must be filled when the predicate asks for groups.
        now: from when ages are counted, aware.

    Raises:
        InvalidPattern: a regular expression does not compile.
        InvalidExpression: a JMESPath expression does not compile.
        RunawayExpression: a JMESPath expression took too many steps, or made too much.
    """
    match predicate:
        case TagPresent(key):
            return tag_of(resource, key) is not None
        case TagIn(key, values):
            return tag_of(resource, key) in values
        case TagMatches(key, pattern):
            value = tag_of(resource, key)
            return value is not None and is_found(pattern, value)
        case TextIn(name, values):
            return clean_text(getattr(resource, name)) in values
        case TextMatches(name, pattern):
            return is_found(pattern, getattr(resource, name))
        case StateIn(states):
            return clean_text(resource.state) in states
        case TypeIn(resource_types):
            return resource.resource_type in resource_types
        case AccountIn(accounts):
            return resource.account in accounts
        case RegionIn(regions):
            return resource.region in regions
        case IdIn(resource_ids):
            return resource.resource_id in resource_ids
        case InGroup(groups):
            return not resource.groups.isdisjoint(groups)
        case OlderThan(name):
            return _lies_before(getattr(resource, name), predicate.line(now))
        case FlagIs(name, value):
            return getattr(resource, name) is value
        case Known(name):
            return getattr(resource, name) is not None
        case DataMatches(expression):
            return holds(expression, resource.data)
        case Asked(question):
            if predicate.holds_for is not None:
                return resource.resource_id in predicate.holds_for
            message = f"{question} must be answered before a resource is matched; see bots.asking"
            raise TypeError(message)
        case Not(inner):
            return not matches(inner, resource, now=now)
        case All(parts):
            return all(matches(part, resource, now=now) for part in parts)
        case AnyOf(parts):
            return any(matches(part, resource, now=now) for part in parts)
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(predicate)


def tag_of(resource: Resource, key: str) -> str | None:
    """Return the value of a tag as the inventory keeps it, or None."""
    if _REPLACEMENTS.isdisjoint(key):
        value = resource.tags.get(key) if clean_text(key) == key else None
        return None if value is None else clean_text(value)
    return {clean_text(present): clean_text(value) for present, value in resource.tags.items()}.get(key)


def conjuncts(predicate: Predicate) -> tuple[Predicate, ...]:
    """Return the parts that must all hold, with nested `All` values opened."""
    if isinstance(predicate, All):
        return tuple(inner for part in predicate.parts for inner in conjuncts(part))
    return (predicate,)


def first_failure(predicate: Predicate, resource: Resource, *, now: datetime) -> Predicate | None:
    """Return the first part that `resource` does not fulfil, or None when it matches.

    Raises:
        Invalid: as `matches`.
    """
    for part in conjuncts(predicate):
        if not matches(part, resource, now=now):
            return part
    return None


def _lies_before(moment: datetime | None, line: datetime | None) -> bool:
    return moment is not None and line is not None and moment < line
