"""What operations would do if they were applied now, without doing it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, select

from duetime.core.bots import BotStatus
from duetime.core.events import NewEvent, OnExisting
from duetime.core.operations import CancelEvents, Operation, ScheduleEvent, UnscheduleEvents
from duetime.store.tables import bots, events

_IDS_PER_QUERY = 500


class Effect(StrEnum):
    """What an operation would do to one event."""

    SCHEDULE = "schedule"
    """A new event."""
    KEEP = "keep"
    """The live one stands."""
    REPLACE = "replace"
    """The live one takes the new schedule and arguments."""
    CANCEL = "cancel"
    """The live one ends."""
    DROP = "drop"
    """Nothing: the bot is archived."""


class Foreseen(NamedTuple):
    """One event that operations are about.

    Attributes:
        event_id: the live event that is kept, replaced or cancelled; None for one that does not exist yet.
        due_at: when the event is due afterwards; of a cancelled one, when it was to be.
        reason: why it is cancelled.
    """

    effect: Effect
    event_type: str
    resource_id: str | None
    bot_id: int | None
    due_at: datetime
    event_id: int | None = None
    reason: str = ""


@dataclass(slots=True)
class _Live:
    event_id: int | None
    event_type: str
    resource_id: str | None
    bot_id: int | None
    due_at: datetime
    dedupe_key: bytes | None


_COLUMNS = (
    events.c.event_id,
    events.c.event_type,
    events.c.resource_id,
    events.c.bot_id,
    events.c.due_at,
    events.c.dedupe_key,
)


class OperationPreview:
    """Follows operations in their order over the live events of the bots that they name, in memory."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def foresee(self, operations: Sequence[Operation]) -> list[Foreseen]:
        """Return what would become of each event; the order is that of the operations."""
        world = _World(self._live(operations))
        archived = self._archived(operations)
        foreseen: list[Foreseen] = []
        for operation in operations:
            if isinstance(operation, ScheduleEvent):
                event = operation.event
                foreseen.append(
                    _seen(Effect.DROP, event) if event.bot_id in archived else world.schedule(operation.event)
                )
            else:
                foreseen += world.cancel(operation)
        return foreseen

    def _live(self, operations: Iterable[Operation]) -> Iterator[_Live]:
        """Yield the live events that the operations could meet, each once."""
        bot_ids: set[int] = set()
        resource_ids: set[str] = set()
        event_ids: set[int] = set()
        for operation in operations:
            match operation:
                case ScheduleEvent(event):
                    if event.bot_id is not None and event.dedupe_key is not None:
                        bot_ids.add(event.bot_id)
                case UnscheduleEvents(bot_id=None, resource_id=str(resource_id)):
                    resource_ids.add(resource_id)
                case UnscheduleEvents(bot_id=int(bot_id)):
                    bot_ids.add(bot_id)
                case CancelEvents(of_these):
                    event_ids |= set(of_these)
        seen: set[int] = set()
        for column, values in (
            (events.c.bot_id, sorted(bot_ids)),
            (events.c.resource_id, sorted(resource_ids)),
            (events.c.event_id, sorted(event_ids)),
        ):
            for first in range(0, len(values), _IDS_PER_QUERY):
                for live in self._find(column.in_(values[first : first + _IDS_PER_QUERY])):
                    if live.event_id is not None and live.event_id not in seen:
                        seen.add(live.event_id)
                        yield live

    def _find(self, which: ColumnElement[bool]) -> Iterator[_Live]:
        statement = select(*_COLUMNS).where(which, events.c.finished_at.is_(None)).order_by(events.c.event_id)
        for row in self._connection.execute(statement):
            yield _Live(*row)

    def _archived(self, operations: Iterable[Operation]) -> frozenset[int]:
        bot_ids = {each.event.bot_id for each in operations if isinstance(each, ScheduleEvent)} - {None}
        if not bot_ids:
            return frozenset()
        statement = select(bots.c.bot_id).where(
            bots.c.bot_id.in_(list(bot_ids)), bots.c.status == BotStatus.ARCHIVED.value
        )
        return frozenset(self._connection.execute(statement).scalars())


class _World:
    """The live events as they would stand."""

    def __init__(self, live: Iterable[_Live]) -> None:
        self._by_key: dict[bytes, _Live] = {}
        self._by_id: dict[int, _Live] = {}
        self._by_resource: defaultdict[str | None, list[_Live]] = defaultdict(list)
        for each in live:
            self._add(each)

    def schedule(self, event: NewEvent) -> Foreseen:
        key = event.dedupe_key
        present = None if key is None else self._by_key.get(bytes(key))
        if present is None:
            new = _Live(None, event.event_type, event.resource_id, event.bot_id, event.due_at, key)
            self._add(new)
            return _seen(Effect.SCHEDULE, event)
        if event.on_existing is OnExisting.REPLACE:
            present.due_at = event.due_at
            return _of(Effect.REPLACE, present)
        return _of(Effect.KEEP, present)

    def cancel(self, operation: UnscheduleEvents | CancelEvents) -> list[Foreseen]:
        if isinstance(operation, CancelEvents):
            ending = [self._by_id[event_id] for event_id in operation.event_ids if event_id in self._by_id]
        else:
            candidates = (
                list(self._by_resource.get(operation.resource_id, ()))
                if operation.resource_id is not None
                else [live for group in self._by_resource.values() for live in group]
            )
            ending = [
                live
                for live in candidates
                if operation.bot_id in (None, live.bot_id) and operation.event_type in (None, live.event_type)
            ]
        for live in ending:
            self._remove(live)
        return [_of(Effect.CANCEL, live, reason=operation.reason) for live in ending]

    def _add(self, live: _Live) -> None:
        self._by_resource[live.resource_id].append(live)
        if live.dedupe_key is not None:
            self._by_key[bytes(live.dedupe_key)] = live
        if live.event_id is not None:
            self._by_id[live.event_id] = live

    def _remove(self, live: _Live) -> None:
        self._by_resource[live.resource_id].remove(live)
        if live.dedupe_key is not None:
            self._by_key.pop(bytes(live.dedupe_key), None)
        if live.event_id is not None:
            del self._by_id[live.event_id]


def _seen(effect: Effect, event: NewEvent) -> Foreseen:
    return Foreseen(effect, event.event_type, event.resource_id, event.bot_id, event.due_at)


def _of(effect: Effect, live: _Live, *, reason: str = "") -> Foreseen:
    return Foreseen(effect, live.event_type, live.resource_id, live.bot_id, live.due_at, live.event_id, reason)
