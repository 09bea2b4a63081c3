"""The form of the catalogue's entries: what is known of a resource type, said as data.

Paths are JMESPath (see `paths`). What they start from:

- the columns and fields of a resource: what AWS says of it, with what the details added;
- the parameters of a call, and what an action keeps and reports: `id`, `part` (the id's parts between slashes), `ids`
  (of all that the call is for), `region`, `raw` (what AWS says of the resource), `arguments`, `pairs` (the arguments'
  tags as `Key` and `Value`), `keys` (of the tags that are to go), `former` and `merged` (see `tag_values`), `unique`
  (a name that nothing has), `each` (of `Call.each` and `ForEach`), `parent` and `item` (of a listing), `answer` (of
  the call, for `Action.data`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from duetime.core.cloud import Operation

NO_STATES: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class At:
    """Stands in a call's parameters for what is found at a path when the call is made; nothing there = left out."""

    path: str


@dataclass(frozen=True, slots=True)
class ForEach:
    """Stands in a call's parameters for a list: the template, filled once for each thing at the path as `each`."""

    path: str
    template: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call of the SDK.

    Attributes:
        method: the method of the SDK's client.
        parameters: what it is given; `At` and `ForEach` stand for what is filled in.
        when: a path; the call is made only when there is something true at it. Empty = always.
        each: a path of a list; the call is made once for each thing in it. Empty = once.
    """

    method: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    each: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """How everything is listed.

    Attributes:
        items: the path, in a page of the answer, of the resources or, when `listed_id` is set, of whatever names them.
        page_size: the call's largest page; None = it has no pages, or no say in their size.
        parents: the listing of what the call is made for, one after the other, such as clusters.
        listed_id: a path over `item` and `parent` that gives the provider id; the resources are then read by id.
    """

    method: str
    items: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    page_size: int | None = None
    parents: "Listing | None" = None
    listed_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How resources are read by id. What is found beside them is passed over.

    Attributes:
        items: the path of the resources in the answer; one that leads to a single resource may do so.
        most: how many ids one call takes.
        grouped: a path; one call takes ids only that agree in it, such as the cluster they are in.
        page_size: for calls whose answer has pages even so; None = the answer is one page.
        id_into: the key under which the id is added, for answers that do not say whom they are about.
    """

    method: str
    items: str
    parameters: Mapping[str, Any]
    id_into: str = ""
    most: int = 1
    grouped: str = ""
    page_size: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """A further call that completes resources which were listed or read.

    Attributes:
        into: the key under which its answer is added to what AWS says of the resource.
        result: the path, in the answer, of what is added; if the answer has pages, of a list.
        absent: errors that mean there is nothing to be added.
        may_fail: whether a resource is kept even if it does not let us read this. Its `Unreadable` then says so.
        most: how many resources one call takes.
        owner: with `most` above 1: the path, in each part of `result`, that says whose it is; the parameters start from
            `owners` alone.
        owned_by: likewise the path in the resource.
    """

    method: str
    parameters: Mapping[str, Any]
    into: str
    result: str
    absent: tuple[str, ...] = ()
    may_fail: bool = False
    most: int = 1
    owner: str = ""
    owned_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Where AWS says what the inventory has columns for. Without a path, the question has no answer."""

    name: str = ""
    state: str = ""
    tags: str = "Tags"
    created_at: str = ""
    last_used_at: str = ""
    size: str = ""
    attached: str = ""
    public: str = ""
    protected: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errors:
    """What the service's error codes mean, where they do not mean the same everywhere.

    Each is the beginning of a code; `Code: words` asks for words of the message too.

    Attributes:
        gone: the resource is not there.
        protected: a person has to lift a protection, or remove what uses it, before this can be done.
        not_now: it can be done later; try again.
        unclear: the resource may be gone or merely in a state that does not fit: it is read to find out.
    """

    gone: tuple[str, ...]
    protected: tuple[str, ...] = ()
    not_now: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Argument:
    """One argument of an action.

    Attributes:
        kinds: the types that its value may have.
        required: whether it has to be said; with `null` it may then be said to be nothing.
        null: whether it may be None.
    """

    kinds: tuple[type, ...]
    required: bool = False
    null: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One operation on resources of a type.

    Attributes:
        calls: what is called, in this order.
        batch: how many resources one call takes.
        reads: whether the resources are read first, because a path needs `raw`; those that are gone are then skipped.
        takes: the arguments by name.
        done: the path, in the last answer, of the resources that it was done to; empty = it does not say.
        data: paths of what the outcome says.
        undone_with: paths of the arguments of the inverse, over the resource as it was before.
        inverse, wanted, passing, destructive: see `core.cloud.Operation`.
    """

    calls: tuple[Call, ...]
    batch: int = 1
    reads: bool = False
    takes: Mapping[str, Argument] = field(default_factory=dict)
    done: str = ""
    data: Mapping[str, str] = field(default_factory=dict)
    undone_with: Mapping[str, str] = field(default_factory=dict)
    inverse: str | None = None
    wanted: frozenset[str] = NO_STATES
    passing: frozenset[str] = NO_STATES
    destructive: bool = False

    def operation(self, name: str) -> Operation:
        """Return what the rest of the product needs to know of it."""
        return Operation(
            name=name,
            batch=self.batch,
            inverse=self.inverse,
            wanted=self.wanted,
            passing=self.passing,
            destructive=self.destructive,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceKind:
    """One resource type: an entry of the catalogue.

    Attributes:
        title: what people call it.
        service: the SDK's name of the service.
        listing: how all are listed.
        reading: how some are read: a call is tried when the one before it was refused because one is missing.
        identity: the path of the provider id.
        columns: where AWS says what the inventory asks of every type.
        errors: what the service's errors mean.
        details: further calls that complete what was listed or read.
        fields: paths that are kept in the inventory as they are.
        gone: states in which a resource is still listed but serves no more.
        regional: False for types that an account has once; their region is `global`.
        actions: operations by name.
    """

    resource_type: str
    title: str
    service: str
    listing: Listing
    reading: tuple[Reading, ...]
    identity: str
    columns: Columns
    errors: Errors
    details: tuple[Detail, ...] = ()
    fields: tuple[str, ...] = ()
    gone: frozenset[str] = NO_STATES
    regional: bool = True
    actions: Mapping[str, Action] = field(default_factory=dict)
