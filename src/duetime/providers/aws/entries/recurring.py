"""What recurs in many entries: operations of one call, tags, and EC2's two ways of reading."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from duetime.providers.aws.entry import Action, Argument, At, Call, ForEach, Reading

FORMER_TAGS = MappingProxyType({"tags": "former.tags", "absent": "former.absent"})
NO_FINAL_SNAPSHOT = MappingProxyType({"final_snapshot": Argument(kinds=(), null=True)})
"""Says of a deletion that no last snapshot can be taken; that none shall be may be said all the same."""
FINAL_SNAPSHOT = MappingProxyType({"final_snapshot": Argument(kinds=(str,), required=True, null=True)})
"""A database is not deleted unless somebody says whether a last snapshot is taken, and under which name."""
SNAPSHOT = MappingProxyType({"name": Argument(kinds=(str,)), "tags": Argument(kinds=(dict,))})
_TAGS = Argument(kinds=(dict,), required=True)
_KEYS = Argument(kinds=(list,), required=True)


def tagging(tag: Call, untag: Call, *, batch: int = 1, reads: bool = False) -> dict[str, Action]:
    """Return the three operations on tags, for services that set some tags and leave the others.

    Args:
        tag: the call that sets `pairs`, or the arguments' `tags`.
        untag: the call that takes off `keys`.
        batch: see `Action`.
        reads: see `Action`.
    """
    return _three((tag,), (untag,), (replace(tag, when="pairs"), replace(untag, when="keys")), batch, reads=reads)


def whole_tagging(put: Call, delete: Call) -> dict[str, Action]:
    """Return the three operations on tags, for services that know only all of a resource's tags at once.

    Whoever changes tags between our read and our call loses the change; the service offers nothing better.

    Args:
        put: the call that makes `merged` the tags.
        delete: the call that takes all tags off.
    """
    both = (replace(put, when="merged"), replace(delete, when="!merged"))
    return _three(both, both, both, 1, reads=True)


def one_call(method: str, parameters: Mapping[str, Any], **facts: Any) -> Action:
    """Return an operation that is one call; `facts` are the rest of an `Action`."""
    return Action(calls=(Call(method=method, parameters=parameters),), **facts)


def deletion(method: str, parameters: Mapping[str, Any], **facts: Any) -> Action:
    """Return the deletion of one resource by one call."""
    return one_call(method, parameters, takes=NO_FINAL_SNAPSHOT, destructive=True, **facts)


def ec2_reading(
    method: str, items: str, *, ids: str, by_filter: str, page_size: int | None = 1000, filters: str = "Filters"
) -> tuple[Reading, ...]:
    """Return EC2's two ways of reading.

    By ids first: that is fastest and takes a thousand. EC2 refuses the whole call when one is missing; only then by
    filter, which passes over missing ones and takes two hundred. It also refuses a page size beside ids.
    """
    named = [{"Name": by_filter, "Values": At("ids")}]
    return (
        Reading(method=method, items=items, parameters={ids: At("ids")}, most=1000),
        Reading(method=method, items=items, parameters={filters: named}, most=200, page_size=page_size),
    )


def ec2_tagging() -> dict[str, Action]:
    """Return the operations on tags that all of EC2 shares."""
    keys = ForEach("keys", {"Key": At("each")})
    return tagging(
        Call(method="create_tags", parameters={"Resources": At("ids"), "Tags": At("pairs")}),
        Call(method="delete_tags", parameters={"Resources": At("ids"), "Tags": keys}),
        batch=100,
    )


def _three(
    tag: tuple[Call, ...], untag: tuple[Call, ...], restore: tuple[Call, ...], batch: int, *, reads: bool
) -> dict[str, Action]:
    def action(calls: tuple[Call, ...], **takes: Argument) -> Action:
        return Action(
            calls=calls, batch=batch, reads=reads, takes=takes, inverse="restore_tags", undone_with=FORMER_TAGS
        )

    return {
        "tag": action(tag, tags=_TAGS),
        "untag": action(untag, keys=_KEYS),
        "restore_tags": action(restore, tags=Argument(kinds=(dict,)), absent=Argument(kinds=(list,))),
    }
