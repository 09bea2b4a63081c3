"""Opposite wishes for one resource at nearly one time: shown, with the order in which they are started."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.core.event_types import EventType
from duetime.core.wording import write_instant, write_span
from duetime.store.store import Transaction

CLOSE = timedelta(minutes=10)
"""Opposite events within this of each other leave a resource in a state that one of the two did not want."""
_NOT_YET = 2**63


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that is to be done to a resource.

    Attributes:
        event_id: None for an event that is not scheduled yet.
        bot: the name of the bot that wants it; empty when it was scheduled by hand.
    """

    resource_id: str
    event_type: str
    due_at: datetime
    event_id: int | None = None
    bot: str = ""

    def in_words(self) -> str:
        """Return it as `divvy.stop_resource at 2026-01-31 19:00:00Z (event 12 of bot nightly)`."""
        which = "an event that is not scheduled yet" if self.event_id is None else f"event {self.event_id}"
        whose = f" of bot {self.bot}" if self.bot else ""
        return f"{self.event_type} at {write_instant(self.due_at)} ({which}{whose})"


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two opposite acts, in the order in which they are started: by due time, then by event id."""

    first: Act
    last: Act

    def in_words(self) -> str:
        """Say both, their order, and which of them decides how the resource ends up."""
        apart = self.last.due_at - self.first.due_at
        when = f"{write_span(apart)} apart" if apart else "at one time"
        return (
            f"Opposite wishes for {self.first.resource_id} {when}: first {self.first.in_words()}, "
            f"then {self.last.in_words()}. They are started in the order of due time, then event id, so the resource "
            f"ends up as {self.last.event_type} leaves it."
        )


def conflicts_among(acts: Iterable[Act], kinds: Mapping[str, EventType]) -> list[Conflict]:
    """Return the pairs of acts that undo each other within `CLOSE`.

    Args:
        acts: any number, for any resources.
        kinds: what is known of their event types; types of which nothing is known have no opposite.
    """
    by_resource: defaultdict[str, list[Act]] = defaultdict(list)
    for act in acts:
        by_resource[act.resource_id].append(act)
    found: list[Conflict] = []
    for together in by_resource.values():
        together.sort(key=_order)
        for index, first in enumerate(together):
            for last in together[index + 1 :]:
                if last.due_at - first.due_at > CLOSE:
                    break
                if _are_opposite(first, last, kinds):
                    found.append(Conflict(first, last))
    return found


def acts_on(tx: Transaction, resource_ids: Sequence[str]) -> list[Act]:
    """Return what is already scheduled for these resources."""
    events = tx.bot_events.of_resources(resource_ids)
    bots = tx.bots.by_ids({event.bot_id for event in events if event.bot_id is not None})
    names = {bot_id: bot.name for bot_id, bot in bots.items()}
    return [
        Act(event.resource_id, event.event_type, event.due_at, event.event_id, names.get(event.bot_id or 0, ""))
        for event in events
        if event.resource_id is not None
    ]


def conflicts_of(tx: Transaction, *, event_id: int, resource_id: str | None) -> list[Conflict]:
    """Return the conflicts that a live event has with others for its resource."""
    if resource_id is None:
        return []
    acts = acts_on(tx, [resource_id])
    kinds = tx.event_types.by_ids({act.event_type for act in acts})
    return [each for each in conflicts_among(acts, kinds) if event_id in (each.first.event_id, each.last.event_id)]


def _order(act: Act) -> tuple[datetime, int]:
    return act.due_at, _NOT_YET if act.event_id is None else act.event_id


def _are_opposite(one: Act, other: Act, kinds: Mapping[str, EventType]) -> bool:
    def undoes(undoing: Act, undone: Act) -> bool:
        kind = kinds.get(undone.event_type)
        return kind is not None and kind.inverse == undoing.event_type

    return one.event_type != other.event_type and (undoes(one, other) or undoes(other, one))
