"""Event types that wait for a handler, with how many events wait: only those that a visitor may see."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from duetime.core.access import Feature
from duetime.core.statuses import EventStatus
from duetime.scheduling.situation import beating_workers
from duetime.store.event_table import EventQuery
from duetime.store.live_counts import MOST_COUNTED
from duetime.store.store import Transaction
from duetime.web.visitor import Visitor

_MOST_OF_SOME = 200
"""How many events are counted for visitors of some accounts: theirs are picked out one by one."""


@dataclass(frozen=True, slots=True)
class WaitingType:
    """An event type and its scheduled events, as far as a visitor may see them.

    Attributes:
        plugin: who brought it last; None = nobody ever has.
        scheduled: how many there are, due or not.
        due: how many of them are due.
        since: since when the earliest of them has been due; None = none is.
        more: whether there are more of them than were counted.
    """

    event_type: str
    plugin: str | None
    scheduled: int
    due: int
    since: datetime | None
    more: bool


def waiting_for(tx: Transaction, visitor: Visitor, *, types: Collection[str] | None = None) -> tuple[WaitingType, ...]:
    """Return event types with scheduled events that the visitor may see.

    Args:
        tx: where they are.
        visitor: who looks.
        types: which; None = those that no worker that is alive could run.
    """
    reach = visitor.reach(Feature.EVENTS)
    if reach.is_nowhere:
        return ()
    if types is None:
        handled = {event_type for worker in beating_workers(tx) for event_type in worker.event_types}
        types = tx.live_counts.earliest_ready_at().keys() - handled
    found = _everywhere(tx, types) if reach.accounts is None else _of_some(tx, types, reach.accounts)
    plugins = {name: kind.plugin for name, kind in tx.event_types.by_ids(found.keys()).items()}
    return tuple(
        WaitingType(
            event_type=event_type,
            plugin=plugins.get(event_type),
            scheduled=count.scheduled,
            due=count.due,
            since=count.since,
            more=count.more,
        )
        for event_type, count in sorted(found.items())
        if count.scheduled
    )


@dataclass(frozen=True, slots=True)
class _Count:
    scheduled: int
    due: int
    since: datetime | None
    more: bool


def _everywhere(tx: Transaction, types: Collection[str]) -> dict[str, _Count]:
    if not types:
        return {}
    due = {count.event_type: count for count in tx.live_counts.due()}
    counts: dict[str, _Count] = {}
    for count in tx.live_counts.by_status():
        if count.event_type not in types or count.status is not EventStatus.SCHEDULED:
            continue
        late = due.get(count.event_type)
        is_due = late is not None and late.due > 0
        counts[count.event_type] = _Count(
            scheduled=count.events,
            due=late.due if late is not None else 0,
            since=late.earliest_ready_at if is_due and late is not None else None,
            more=count.events >= MOST_COUNTED,
        )
    return counts


def _of_some(tx: Transaction, types: Collection[str], accounts: frozenset[str]) -> dict[str, _Count]:
    counts: dict[str, _Count] = {}
    for event_type in sorted(types):
        query = EventQuery(event_type=event_type, accounts=accounts, most=_MOST_OF_SOME)
        found = tx.events.next_due(query)
        due = [event.ready_at for event in found if event.ready_at <= tx.now]
        counts[event_type] = _Count(len(found), len(due), min(due, default=None), len(found) >= _MOST_OF_SOME)
    return counts
