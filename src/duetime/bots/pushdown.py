"""Asking the inventory in SQL for as much as SQL can say, and looking through the answer for the rest.

A part that SQL cannot say is replaced by one that holds for at least as many resources, so the inventory answers with
too many and never with too few. Under `Not` the part must hold for at most as many; hence the two functions.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

from duetime.bots.asking import answered, questions_in
from duetime.bots.evaluate import conjuncts, matches
from duetime.core.predicates import (
    ANYTHING,
    NOTHING,
    All,
    AnyOf,
    Asked,
    DataMatches,
    Not,
    Predicate,
    TagMatches,
    TagPresent,
    TextMatches,
    groups_asked_for,
    is_sayable,
)
from duetime.core.resources import Resource


class Inventory(Protocol):
    """Finds resources; `store.ResourceTable` is one."""

    @property
    def now(self) -> datetime:
        """From when ages are counted."""

    def each(self, predicate: Predicate, *, groups: frozenset[str] = frozenset()) -> Iterator[Resource]:
        """Yield the resources that exist and fulfil a predicate that is sayable in SQL, by id.

        Args:
            predicate: what is asked.
            groups: further resource groups that the caller will ask the resources about.

        Raises:
            UnknownName: there is no such resource group.
        """


def find(predicate: Predicate, inventory: Inventory) -> Iterator[Resource]:
    """Yield the resources that exist and fulfil `predicate`, by id.

    No more of them are held than a page, unless a filter asks somebody else: then all that come into question are.

    Raises:
        UnknownName: there is no such resource group.
        Invalid: a pattern or an expression does not compile, or an expression ran away.
        Exception: whatever a filter raises that asks somebody else and gets no answer.
    """
    candidates = inventory.each(widened(predicate), groups=groups_asked_for(predicate))
    rest: Predicate = All(tuple(part for part in conjuncts(predicate) if not is_sayable(part)))
    if rest == ANYTHING:
        return candidates
    now = inventory.now
    if questions_in(rest):
        held = tuple(candidates)  # a question is asked once, of all of them
        rest = answered(rest, held)
        candidates = iter(held)
    return (resource for resource in candidates if matches(rest, resource, now=now))


def widened(predicate: Predicate) -> Predicate:
    """Return what SQL can say that holds for every resource that `predicate` holds for, and perhaps for more."""
    match predicate:
        case TagMatches(key):
            return TagPresent(key)
        case TextMatches() | DataMatches() | Asked():
            return ANYTHING
        case Not(inner):
            return Not(narrowed(inner))
        case All(parts):
            return All(tuple(widened(part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(widened(part) for part in parts))
        case _:
            return predicate


def narrowed(predicate: Predicate) -> Predicate:
    """Return what SQL can say that holds for no resource that `predicate` does not hold for, and perhaps for fewer."""
    match predicate:
        case TagMatches() | TextMatches() | DataMatches() | Asked():
            return NOTHING
        case Not(inner):
            return Not(widened(inner))
        case All(parts):
            return All(tuple(narrowed(part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(narrowed(part) for part in parts))
        case _:
            return predicate
