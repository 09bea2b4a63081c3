"""Predicates asked of one resource in memory, with the same answers as their SQL form.

All comparisons are exact and case-sensitive, as the store's are.
"""

from typing import assert_never

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
from duetime.core.resources import Resource


def matches(predicate: Predicate, resource: Resource) -> bool:
    """Return whether `resource` fulfils `predicate`."""
    match predicate:
        case TagPresent(key):
            return key in resource.tags
        case TagIn(key, values):
            return key in resource.tags and resource.tags[key] in values
        case StateIn(states):
            return resource.state in states
        case TypeIn(resource_types):
            return resource.resource_type in resource_types
        case AccountIn(accounts):
            return resource.account in accounts
        case RegionIn(regions):
            return resource.region in regions
        case Not(inner):
            return not matches(inner, resource)
        case All(parts):
            return all(matches(part, resource) for part in parts)
        case AnyOf(parts):
            return any(matches(part, resource) for part in parts)
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(predicate)


def conjuncts(predicate: Predicate) -> tuple[Predicate, ...]:
    """Return the parts that must all hold, with nested `All` values opened."""
    if isinstance(predicate, All):
        return tuple(inner for part in predicate.parts for inner in conjuncts(part))
    return (predicate,)


def first_failure(predicate: Predicate, resource: Resource) -> Predicate | None:
    """Return the first part that `resource` does not fulfil, or None when it matches."""
    for part in conjuncts(predicate):
        if not matches(part, resource):
            return part
    return None
