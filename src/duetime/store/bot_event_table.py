"""Live events by bot and by resource: what is looked at again, paused and resumed together."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Row, func, select, update

from duetime.core.schedules import Schedule
from duetime.core.statuses import EventStatus
from duetime.store.rows import schedule_of
from duetime.store.tables import events

_IDS_PER_QUERY = 500
PAUSED_WITH_BOT = "paused with its bot"
"""How the status reason of an event begins that was paused together with its bot, and is resumed with it."""


class LiveEvent(NamedTuple):
    """As much of a live event as deciding about it needs: a bot may have 50,000 of them.

    Attributes:
        cancel_when_compliant: whether it is cancelled once its resource no longer matches its bot.
    """

    event_id: int
    event_type: str
    resource_id: str | None
    bot_id: int | None
    due_at: datetime
    status: EventStatus
    status_reason: str
    cancel_when_compliant: bool


class StandingEvent(NamedTuple):
    """What an action that keeps events in step needs to know of those that there are.

    Attributes:
        schedule: when it is due; equal stored texts are one and the same value.
        dedupe_key: tells which action asked for it; None = it is never the same as another.
    """

    event_id: int
    event_type: str
    resource_id: str
    schedule: Schedule
    dedupe_key: bytes | None


class KeyedEvent(NamedTuple):
    """A live event as whoever knows its key needs it: to leave it alone, or to take it back."""

    event_id: int
    due_at: datetime


_COLUMNS = tuple(events.c[name] for name in LiveEvent._fields)


class BotEventTable:
    """Live events by bot, and by resource."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_bot(self, bot_id: int, *, flagged: bool = False, besides: str | None = None) -> list[LiveEvent]:
        """Return the live events of a bot, by id.

        Args:
            bot_id: the bot.
            flagged: only those that are cancelled once their resource no longer matches.
            besides: leave out those of this event type.
        """
        # In these words the planners know the partial index on bots again.
        which = [events.c.bot_id == bot_id, events.c.finished_at.is_(None)]
        if besides is not None:
            which.append(events.c.event_type != besides)
        return self._find(which, flagged=flagged)

    def of_resources(self, resource_ids: Sequence[str], *, flagged: bool = False) -> list[LiveEvent]:
        """Return the live events that there are for these resources, whoever scheduled them, by id.

        Args:
            resource_ids: any number.
            flagged: only those that are cancelled once their resource no longer matches.
        """
        found: list[LiveEvent] = []
        for first in range(0, len(resource_ids), _IDS_PER_QUERY):
            part = resource_ids[first : first + _IDS_PER_QUERY]
            which = [events.c.resource_id.in_(part), events.c.finished_at.is_(None)]
            found += self._find(which, flagged=flagged)
        return sorted(found, key=lambda event: event.event_id)

    def standing(self, bot_id: int, event_types: Iterable[str]) -> list[StandingEvent]:
        """Return the live events of a bot that have a resource and one of these types, with their schedules, by id."""
        statement = (
            select(events.c.event_id, events.c.event_type, events.c.resource_id, events.c.schedule, events.c.dedupe_key)
            .where(events.c.bot_id == bot_id, events.c.finished_at.is_(None), events.c.resource_id.is_not(None))
            .where(events.c.event_type.in_(sorted(event_types)))
            .order_by(events.c.event_id)
        )
        # Thousands of resources follow a handful of schedules.
        read = lru_cache(maxsize=256)(schedule_of)
        return [
            StandingEvent(event_id, event_type, resource_id, read(schedule), None if key is None else bytes(key))
            for event_id, event_type, resource_id, schedule, key in self._connection.execute(statement)
        ]

    def by_key(self, bot_id: int) -> dict[bytes, KeyedEvent]:
        """Return a bot's live events by their dedupe keys; those without a key are left out."""
        statement = select(events.c.dedupe_key, events.c.event_id, events.c.due_at).where(
            events.c.bot_id == bot_id, events.c.finished_at.is_(None), events.c.dedupe_key.is_not(None)
        )
        return {bytes(key): KeyedEvent(*which) for key, *which in self._connection.execute(statement)}

    def described(self, bot_id: int, event_type: str, resource_ids: Sequence[str]) -> set[tuple[str, str]]:
        """Return resource and description of the bot's events of a type that succeeded or are still to come.

        No index serves ended events, so each 500 resources cost a look at every event there is: ask about few.
        """
        found: set[tuple[str, str]] = set()
        for first in range(0, len(resource_ids), _IDS_PER_QUERY):
            statement = select(events.c.resource_id, events.c.description).where(
                events.c.bot_id == bot_id,
                events.c.event_type == event_type,
                events.c.resource_id.in_(resource_ids[first : first + _IDS_PER_QUERY]),
                events.c.finished_at.is_(None) | (events.c.status == EventStatus.SUCCEEDED.value),
            )
            found |= {(resource_id, description) for resource_id, description in self._connection.execute(statement)}
        return found

    def count(self, bot_id: int, *, besides: str | None = None) -> int:
        """Return how many live events a bot has, those of one event type left out."""
        which = [events.c.bot_id == bot_id, events.c.finished_at.is_(None)]
        if besides is not None:
            which.append(events.c.event_type != besides)
        return int(self._connection.execute(select(func.count()).select_from(events).where(*which)).scalar_one())

    def pause(self, event_ids: Sequence[int], *, reason: str) -> int:
        """Pause those of the events that are scheduled; return how many. An attempt that runs is left alone.

        Args:
            event_ids: which.
            reason: why; it is kept after the words by which `resume` knows them again.
        """
        said = f"{PAUSED_WITH_BOT} {reason}".rstrip()
        return self._move(event_ids, EventStatus.SCHEDULED, EventStatus.PAUSED, reason=said)

    def resume(self, event_ids: Sequence[int]) -> int:
        """Let those of the events that are paused run again; return how many. Missed times follow their rule."""
        return self._move(event_ids, EventStatus.PAUSED, EventStatus.SCHEDULED, reason="was paused")

    def _move(self, event_ids: Sequence[int], source: EventStatus, target: EventStatus, *, reason: str) -> int:
        moved = 0
        for first in range(0, len(event_ids), _IDS_PER_QUERY):
            part = event_ids[first : first + _IDS_PER_QUERY]
            statement = (
                update(events)
                .where(events.c.event_id.in_(part), events.c.status == source.value)
                .values(status=target.value, status_reason=reason, claim_token=events.c.claim_token + 1)
            )
            moved += self._connection.execute(statement).rowcount
        return moved

    def _find(self, which: Iterable[ColumnElement[bool]], *, flagged: bool) -> list[LiveEvent]:
        statement = select(*_COLUMNS).where(*which).order_by(events.c.event_id)
        if flagged:
            statement = statement.where(events.c.cancel_when_compliant)
        return [_live_of(row) for row in self._connection.execute(statement)]


def _live_of(row: Row[tuple[object, ...]]) -> LiveEvent:
    live = LiveEvent._make(row)
    return live._replace(status=EventStatus(live.status), cancel_when_compliant=bool(live.cancel_when_compliant))
