"""What a filter asks of a resource, as a value.

The store compiles a predicate to SQL over the inventory and `bots` evaluates it on one fresh resource; a property test
holds the two to the same answer.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TagPresent:
    """The resource has a tag with this key (exact, case-sensitive)."""

    key: str


@dataclass(frozen=True, slots=True)
class TagIn:
    """The tag's value is one of these (exact, case-sensitive)."""

    key: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateIn:
    """The resource's state is one of these."""

    states: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TypeIn:
    """The resource is of one of these types."""

    resource_types: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AccountIn:
    """The resource lives in one of these accounts."""

    accounts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RegionIn:
    """The resource lives in one of these regions."""

    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The inner predicate does not hold."""

    inner: "Predicate"


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds; an empty one holds."""

    parts: tuple["Predicate", ...] = ()


@dataclass(frozen=True, slots=True)
class AnyOf:
    """At least one part holds; an empty one does not."""

    parts: tuple["Predicate", ...] = ()


Predicate = TagPresent | TagIn | StateIn | TypeIn | AccountIn | RegionIn | Not | All | AnyOf


def fields_of(predicate: Predicate) -> frozenset[str]:
    """Return the resource fields that a predicate reads, such as `state` and `tags`."""
    match predicate:
        case TagPresent() | TagIn():
            return frozenset({"tags"})
        case StateIn():
            return frozenset({"state"})
        case TypeIn() | AccountIn() | RegionIn():
            return frozenset()
        case Not(inner):
            return fields_of(inner)
        case All(parts) | AnyOf(parts):
            return frozenset().union(*(fields_of(part) for part in parts))
