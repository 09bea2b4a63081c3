"""What a filter asks of a resource, as a value.

The store compiles a predicate to SQL over the inventory and `bots` evaluates it on one fresh resource; a property test
holds the two to the same answer. A question about something unknown is answered with no, so that `Not` of it holds: two
answers and no third, in SQL too.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from duetime.core.cloud import Cloud
from duetime.core.resources import Resource


class TextField(StrEnum):
    """A text of a resource that a predicate may read; the names are those of `Resource`."""

    NAME = "name"
    PROVIDER_ID = "provider_id"
    STATE = "state"
    SIZE = "size"


class MomentField(StrEnum):
    """An instant of a resource that a predicate may read; unknown when the cloud does not say it."""

    CREATED_AT = "created_at"
    LAST_USED_AT = "last_used_at"


class FlagField(StrEnum):
    """A yes or no of a resource that a predicate may read; unknown when the cloud does not say it."""

    ATTACHED = "attached"
    PUBLIC = "public"
    PROTECTED = "protected"


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
class TagMatches:
    """The resource has the tag and a regular expression (RE2 syntax) is found in its value."""

    key: str
    pattern: str


@dataclass(frozen=True, slots=True)
class TextIn:
    """The text is one of these (exact, case-sensitive)."""

    field: TextField
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TextMatches:
    """A regular expression (RE2 syntax) is found in the text."""

    field: TextField
    pattern: str


@dataclass(frozen=True, slots=True)
class OlderThan:
    """The instant is known and lies more than `age` back."""

    field: MomentField
    age: timedelta

    def line(self, now: datetime) -> datetime | None:
        """Return the instant that it must lie before, or None when that is before all time and nothing does."""
        try:
            return now - self.age
        except OverflowError:
            return None


@dataclass(frozen=True, slots=True)
class Known:
    """The cloud says this of the resource, whatever it says."""

    field: MomentField | FlagField


@dataclass(frozen=True, slots=True)
class FlagIs:
    """The flag is known and is this."""

    field: FlagField
    value: bool


@dataclass(frozen=True, slots=True)
class InGroup:
    """The resource belongs to one of these resource groups.

    A group that does not exist is an error of whoever asks and no empty group: `Not` of a misspelt one would hold for
    everything.
    """

    groups: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class IdIn:
    """The resource id is one of these."""

    resource_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DataMatches:
    """A JMESPath expression over what the cloud said of the resource gives something that JMESPath holds true.

    There is no SQL for it: the inventory is asked without this part, and the answer is looked through in memory.
    """

    expression: str


Answer = Callable[[Sequence[Resource], Cloud], Collection[str]]
"""Says which of these resources something holds for, by resource id; it raises when it cannot say."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that only the filter itself can answer, of many resources at once; for bridges to other tools.

    It is asked before the rest of a predicate is evaluated; see `bots.asking`. Who cannot ask, such as the search for
    events to cancel while a harvest is written, presumes that it holds.

    Attributes:
        question: in words, which name it and its settings: equal words are the same question.
        answer: asks it, with fresh reads.
        holds_for: the resource ids of the answer; None before it was asked.
    """

    question: str
    answer: Answer = field(compare=False, repr=False)
    holds_for: frozenset[str] | None = field(default=None, compare=False, repr=False)


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


ANYTHING = All()
NOTHING = AnyOf()

Predicate = (
    TagPresent
    | TagIn
    | TagMatches
    | TextIn
    | TextMatches
    | OlderThan
    | Known
    | FlagIs
    | InGroup
    | IdIn
    | DataMatches
    | Asked
    | StateIn
    | TypeIn
    | AccountIn
    | RegionIn
    | Not
    | All
    | AnyOf
)


def fields_of(predicate: Predicate) -> frozenset[str]:
    """Return the resource fields that a predicate reads, such as `state` and `tags`."""
    match predicate:
        case TagPresent() | TagIn() | TagMatches():
            return frozenset({"tags"})
        case TextIn(name) | TextMatches(name) | OlderThan(name) | FlagIs(name) | Known(name):
            return frozenset({name.value})
        case DataMatches():
            return frozenset({"data"})
        case StateIn():
            return frozenset({"state"})
        case InGroup():
            return frozenset({"groups"})
        case TypeIn() | AccountIn() | RegionIn() | IdIn() | Asked():
            return frozenset()
        case Not(inner):
            return fields_of(inner)
        case All(parts) | AnyOf(parts):
            return frozenset().union(*(fields_of(part) for part in parts))


def leaves_of(predicate: Predicate) -> Iterator[Predicate]:
    """Yield the questions that a predicate is put together from, without the `Not`, `All` and `AnyOf` around them."""
    match predicate:
        case Not(inner):
            yield from leaves_of(inner)
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from leaves_of(part)
        case _:
            yield predicate


def groups_asked_for(predicate: Predicate) -> frozenset[str]:
    """Return the resource groups that a predicate names."""
    return frozenset(name for leaf in leaves_of(predicate) if isinstance(leaf, InGroup) for name in leaf.groups)


def is_sayable(predicate: Predicate) -> bool:
    """Return whether SQL can ask the whole of it.

    Regular expressions are not left to the databases: each has a dialect of its own, PostgreSQL's can be kept busy for
    hours by one expression, and SQLite has none.
    """
    return not any(isinstance(leaf, TagMatches | TextMatches | DataMatches | Asked) for leaf in leaves_of(predicate))
