"""Opposite wishes for one resource, as a visitor may see them: bots that the visitor may not see are not named."""

from collections.abc import Sequence
from dataclasses import replace

from duetime.bots.conflicts import Act, Conflict, acts_on, conflicts_among, conflicts_of
from duetime.core.access import Feature
from duetime.core.events import Event
from duetime.store.store import Transaction
from duetime.web.reach import reaches_bot
from duetime.web.visitor import Visitor


def conflicts_for(tx: Transaction, visitor: Visitor, event: Event) -> tuple[str, ...]:
    """Say which live events want the opposite for an event's resource at nearly the same time."""
    if event.status.is_final:
        return ()
    return _told(tx, visitor, conflicts_of(tx, event_id=event.event_id, resource_id=event.resource_id))


def conflicts_on(tx: Transaction, visitor: Visitor, resource_id: str) -> tuple[str, ...]:
    """Say which live events want opposite things for a resource at nearly the same time."""
    acts = acts_on(tx, [resource_id])
    kinds = tx.event_types.by_ids({act.event_type for act in acts})
    return _told(tx, visitor, conflicts_among(acts, kinds))


def _told(tx: Transaction, visitor: Visitor, conflicts: Sequence[Conflict]) -> tuple[str, ...]:
    if not conflicts:
        return ()
    reach = visitor.reach(Feature.BOTS)
    seen = {bot.name for bot in tx.bots.all() if reaches_bot(reach, bot)}

    def shown(act: Act) -> Act:
        return act if act.bot in seen else replace(act, bot="")

    return tuple(replace(each, first=shown(each.first), last=shown(each.last)).in_words() for each in conflicts)
