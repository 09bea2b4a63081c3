"""Predicates in words, for the reasons that people read in history."""

from collections.abc import Sequence
from typing import assert_never

from duetime.bots.evaluate import first_failure
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

_LONGEST = 200


def explain_mismatch(predicate: Predicate, resource: Resource) -> str | None:
    """Say which part does not hold and what is there instead, or return None when the resource matches.

    Example: `wants tag env = dev, but it is prod`.
    """
    failing = first_failure(predicate, resource)
    if failing is None:
        return None
    return f"wants {in_words(failing)}{_but(failing, resource)}"[:_LONGEST]


def in_words(predicate: Predicate) -> str:
    """Say what a predicate asks."""
    match predicate:
        case TagPresent(key):
            return f"tag {key}"
        case TagIn(key, values):
            return f"tag {key} = {_one_of(values)}"
        case StateIn(states):
            return f"state {_one_of(states)}"
        case TypeIn(resource_types):
            return f"type {_one_of(resource_types)}"
        case AccountIn(accounts):
            return f"account {_one_of(accounts)}"
        case RegionIn(regions):
            return f"region {_one_of(regions)}"
        case Not(inner):
            return f"not ({in_words(inner)})"
        case All(parts):
            return " and ".join(in_words(part) for part in parts) or "anything"
        case AnyOf(parts):
            return " or ".join(in_words(part) for part in parts) or "nothing"
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(predicate)


def _one_of(values: Sequence[str]) -> str:
    return " or ".join(values) or "nothing"


def _but(failing: Predicate, resource: Resource) -> str:
    match failing:
        case TagIn(key) if key in resource.tags:
            return f", but it is {resource.tags[key]}"
        case TagIn() | TagPresent():
            return ", but it has no such tag"
        case StateIn():
            return f", but it is {resource.state}"
        case _:
            return ""
