"""Predicates in words, for the reasons that people read in history."""

from collections.abc import Sequence
from datetime import datetime
from typing import assert_never

from duetime.bots.evaluate import first_failure, tag_of
from duetime.core.predicates import (
    AccountIn,
    All,
    AnyOf,
    Asked,
    DataMatches,
    FlagField,
    FlagIs,
    IdIn,
    InGroup,
    Known,
    MomentField,
    Not,
    OlderThan,
    Predicate,
    RegionIn,
    StateIn,
    TagIn,
    TagMatches,
    TagPresent,
    TextField,
    TextIn,
    TextMatches,
    TypeIn,
)
from duetime.core.resources import Resource
from duetime.core.sanitising import clean_text
from duetime.core.wording import write_span

_LONGEST = 200

_TEXTS = {
    TextField.NAME: "name",
    TextField.PROVIDER_ID: "provider id",
    TextField.STATE: "state",
    TextField.SIZE: "size",
}
_MOMENTS = {MomentField.CREATED_AT: "created", MomentField.LAST_USED_AT: "last used"}
_FLAGS = {
    FlagField.ATTACHED: ("attached", "not attached"),
    FlagField.PUBLIC: ("public", "not public"),
    FlagField.PROTECTED: ("protected", "not protected"),
}


def explain_mismatch(predicate: Predicate, resource: Resource, *, now: datetime) -> str | None:
    """Say which part does not hold and what is there instead, or return None when the resource matches.

    Example: `wants tag env = dev, but it is prod`.

    Raises:
        Invalid: as `evaluate.matches`.
    """
    failing = first_failure(predicate, resource, now=now)
    if failing is None:
        return None
    return clean_text(f"wants {in_words(failing)}{_but(failing, resource, now=now)}")[:_LONGEST]


def in_words(predicate: Predicate) -> str:  # noqa: C901 - one case per predicate
    """Say what a predicate asks."""
    match predicate:
        case TagPresent(key):
            return f"tag {key}"
        case TagIn(key, values):
            return f"tag {key} = {_one_of(values)}"
        case TagMatches(key, pattern):
            return f"tag {key} like /{pattern}/"
        case TextIn(name, values):
            return f"{_TEXTS[name]} {_one_of(values)}"
        case TextMatches(name, pattern):
            return f"{_TEXTS[name]} like /{pattern}/"
        case StateIn(states):
            return f"state {_one_of(states)}"
        case TypeIn(resource_types):
            return f"type {_one_of(resource_types)}"
        case AccountIn(accounts):
            return f"account {_one_of(accounts)}"
        case RegionIn(regions):
            return f"region {_one_of(regions)}"
        case IdIn(resource_ids):
            return f"resource {_one_of(resource_ids)}"
        case InGroup(groups):
            return f"group {_one_of(groups)}"
        case OlderThan(name, age):
            return f"{_MOMENTS[name]} more than {write_span(age)} ago"
        case FlagIs(name, value):
            return _FLAGS[name][not value]
        case Known(name):
            return f"known whether {_FLAGS[name][0]}" if isinstance(name, FlagField) else f"known when {_MOMENTS[name]}"
        case Asked(question):
            return question
        case DataMatches(expression):
            return f"data like {expression}"
        case Not(inner):
            return f"not ({in_words(inner)})"
        case All(parts):
            return " and ".join(map(_part_in_words, parts)) or "anything"
        case AnyOf(parts):
            return " or ".join(map(_part_in_words, parts)) or "nothing"
        case _:  # pragma: no cover - mypy proves that nothing is left
            assert_never(predicate)


def _part_in_words(part: Predicate) -> str:
    """Say what a part asks, in parentheses where `and` and `or` would run into each other."""
    words = in_words(part)
    return f"({words})" if isinstance(part, All | AnyOf) and len(part.parts) > 1 else words


def _one_of(values: Sequence[str]) -> str:
    return " or ".join(values) or "nothing"


def _but(failing: Predicate, resource: Resource, *, now: datetime) -> str:
    """Say what is there instead, or nothing when what was asked for says it already."""
    asked = failing.inner if isinstance(failing, Not) else failing
    match asked:
        case TagPresent(key) | TagIn(key) | TagMatches(key):
            value = tag_of(resource, key)
            return ", but it has no such tag" if value is None else _but_it_is(value)
        case StateIn():
            return _but_it_is(resource.state)
        case TextIn(name) | TextMatches(name):
            return _but_it_is(getattr(resource, name))
        case TypeIn():
            return _but_it_is(resource.resource_type)
        case AccountIn():
            return _but_it_is(resource.account)
        case RegionIn():
            return _but_it_is(resource.region)
        case InGroup():
            return f", but it is in {' and '.join(sorted(resource.groups)) or 'none'}"
        case OlderThan(name) | Known(name) if isinstance(name, MomentField):
            moment = getattr(resource, name)
            return ", but nobody knows when" if moment is None else f", but it was {write_span(now - moment)} ago"
        case FlagIs(name) | Known(name) if isinstance(name, FlagField):
            answer = getattr(resource, name)
            return ", but nobody knows" if answer is None else f", but it is {_FLAGS[name][not answer]}"
        case _:
            return ""


def _but_it_is(text: str) -> str:
    return f", but it is {text}" if text else ", but it is empty"
