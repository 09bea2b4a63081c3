"""Live events as the pages of resources and bots list them: when each comes next, and who asked for it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from duetime.core.access import Feature
from duetime.core.events import Event
from duetime.store.store import Transaction
from duetime.web.next_times import next_times
from duetime.web.reach import reaches_bot
from duetime.web.visitor import Visitor

_NEXT_TIMES = 3


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """A live event.

    Attributes:
        next_times: the due time that is owed, and some after it.
        bot: the name of the bot that asked for it; None when none did, or one that the visitor may not see.
        is_of_hidden_bot: whether a bot asked for it that the visitor may not see.
    """

    event: Event
    schedule: str
    next_times: tuple[datetime, ...]
    bot: str | None
    is_of_hidden_bot: bool


def planned_events(tx: Transaction, visitor: Visitor, events: Iterable[Event]) -> tuple[PlannedEvent, ...]:
    """Return live events as pages list them."""
    listed = list(events)
    names = bot_names(tx, visitor, {event.bot_id for event in listed if event.bot_id is not None})
    return tuple(
        PlannedEvent(
            event=event,
            schedule=event.schedule.describe(),
            next_times=tuple(each.due_at for each in next_times(event, now=tx.now, most=_NEXT_TIMES)),
            bot=names.get(event.bot_id or 0),
            is_of_hidden_bot=event.bot_id is not None and event.bot_id not in names,
        )
        for event in listed
    )


def bot_names(tx: Transaction, visitor: Visitor, bot_ids: Collection[int]) -> Mapping[int, str]:
    """Return the names of those of some bots that a visitor may see, by their numbers."""
    reach = visitor.reach(Feature.BOTS)
    return {bot_id: bot.name for bot_id, bot in tx.bots.by_ids(bot_ids).items() if reaches_bot(reach, bot)}
