"""The versions of a bot: what one changed, and how an earlier one becomes the active one again."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher, unified_diff
from typing import Any

from duetime.bots.definition import to_document
from duetime.bots.lifecycle import Applied, apply_bot
from duetime.bots.pending import PendingEvents
from duetime.bots.require import Require, anybody
from duetime.bots.yaml_writing import write_yaml
from duetime.core.bots import BotDefinition
from duetime.core.json_types import JsonValue
from duetime.scheduling.client import Client


@dataclass(frozen=True, slots=True)
class Difference:
    """One part of a document that is not the same in two versions.

    Attributes:
        path: where, such as `filters[0].settings.values`.
        before: what stood there; None = nothing.
        after: what stands there; None = nothing.
    """

    path: str
    before: JsonValue
    after: JsonValue


def compare(before: BotDefinition, after: BotDefinition) -> tuple[Difference, ...]:
    """Return what differs between two definitions, key by key, in the order of the document.

    Filters and actions are matched up by their uids, so that one that was put in between does not make the ones after
    it different. A path into a list counts the members of the later version, or of the earlier one for what is gone.
    """
    return tuple(_differences("", to_document(before), to_document(after)))


def compare_text(before: BotDefinition, after: BotDefinition, *, names: tuple[str, str]) -> str:
    """Return the difference of two definitions as a unified diff of their YAML texts; empty when they are equal."""
    old, new = (write_yaml([to_document(each)]).splitlines(keepends=True) for each in (before, after))
    return "".join(unified_diff(old, new, *names))


def activate_version(
    client: Client,
    name: str,
    version: int,
    *,
    pending: PendingEvents = PendingEvents.KEEP,
    actor: str = "",
    require: Require = anybody,
) -> Applied:
    """Make the definition of an earlier version a bot's active one again.

    That is a change like any other: it gets a version of its own, the bot's recurring run follows its schedule, and the
    audit trail says which version was activated.

    Raises:
        UnknownName: there is no such bot, or it has no such version.
        Conflict: the bot is archived, which is final.
    """
    with client.store.read() as tx:
        found = tx.bots.version(name, version)
    return apply_bot(client, found.definition, pending=pending, actor=actor, activates=version, require=require)


def _differences(path: str, before: JsonValue, after: JsonValue) -> Iterator[Difference]:
    if json.dumps(before, sort_keys=True) == json.dumps(after, sort_keys=True):  # for Python, 1 equals true
        return
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in (*before, *(key for key in after if key not in before)):
            yield from _differences(f"{path}.{key}" if path else key, before.get(key), after.get(key))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _of_lists(path, before, after)
    else:
        yield Difference(path, before, after)


def _of_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    matcher = SequenceMatcher(a=[_name(member) for member in before], b=[_name(member) for member in after])
    for _, low, high, new_low, new_high in matcher.get_opcodes():
        old, new = range(low, high), range(new_low, new_high)
        for index, new_index in zip(old, new, strict=False):
            yield from _differences(f"{path}[{new_index}]", before[index], after[new_index])
        for index in old[len(new) :]:
            yield Difference(f"{path}[{index}]", before[index], None)
        for new_index in new[len(old) :]:
            yield Difference(f"{path}[{new_index}]", None, after[new_index])


def _name(member: Any) -> str:
    """Return what a member of a list is matched up by."""
    return str(member["uid"]) if isinstance(member, Mapping) and "uid" in member else repr(member)
