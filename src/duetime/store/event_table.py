"""Reading events, and adding one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Integer, delete, func, insert, select

from duetime.core.errors import UnknownName
from duetime.core.events import Event, NewEvent
from duetime.core.statuses import EventStatus
from duetime.schedule.codec import encode
from duetime.store.page import Page
from duetime.store.places import account_is_one_of
from duetime.store.rows import event_of
from duetime.store.tables import events


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events to list; an absent part means all.

    Attributes:
        accounts: only events for resources in these; None = in all, and those for no resource.
        text: a part of the description, resource id or event type.
        after_id: only events with a smaller id: the last one of the page before.
    """

    statuses: Collection[EventStatus] = ()
    event_type: str | None = None
    resource_id: str | None = None
    bot_id: int | None = None
    accounts: frozenset[str] | None = None
    text: str | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    after_id: int | None = None
    most: int = 100


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many scheduled events of a type there are, and how late the oldest is."""

    event_type: str
    scheduled: int
    due: int
    oldest_ready_at: datetime | None


class EventTable:
    """Events as they stand."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, event_id: int) -> Event:
        """Return one event.

        Raises:
            UnknownName: there is none with this id.
        """
        row = self._connection.execute(select(events).where(events.c.event_id == event_id)).one_or_none()
        if row is None:
            raise UnknownName("event", event_id)
        return event_of(row)

    def add(self, event: NewEvent, *, now: datetime) -> int:
        """Insert one event and return its id.

        Raises:
            IntegrityError: its dedupe key is live; callers that may meet one use the operation writer instead.
        """
        statement = (
            insert(events)
            .values(
                event_type=event.event_type,
                resource_id=event.resource_id,
                bot_id=event.bot_id,
                description=event.description,
                args=event.args_text,
                schedule=encode(event.schedule),
                due_at=event.due_at,
                ready_at=event.ready_at or event.due_at,
                expires_at=event.expires_at,
                created_at=now,
                dedupe_key=event.dedupe_key,
                group_key=event.group_key,
                on_lost=event.on_lost.value,
                catch_up=event.catch_up,
                recheck=event.recheck,
                cancel_when_compliant=event.cancel_when_compliant,
                parent_id=event.parent_id,
                user_resource_id=event.user_resource_id,
                created_by=event.created_by,
            )
            .returning(events.c.event_id)
        )
        return int(self._connection.execute(statement).scalar_one())

    def live_with_key(self, dedupe_key: bytes) -> Event | None:
        """Return the live event of a dedupe key, if there is one."""
        row = self._connection.execute(select(events).where(events.c.dedupe_key == dedupe_key)).one_or_none()
        return None if row is None else event_of(row)

    def find(self, query: EventQuery) -> list[Event]:
        """Return events, newest first, at most `query.most`."""
        statement = (
            select(events).where(*self._clauses(query)).order_by(events.c.event_id.desc()).limit(max(1, query.most))
        )
        return [event_of(row) for row in self._connection.execute(statement)]

    def page(self, query: EventQuery) -> Page[Event, int]:
        """Return a page of events, newest first; what follows it has `query.after_id` = its `next`."""
        found = self.find(replace(query, most=query.most + 1))
        shown = tuple(found[: query.most])
        return Page(shown, next=shown[-1].event_id if len(found) > len(shown) else None)

    def next_due(self, query: EventQuery) -> Sequence[Event]:
        """Return scheduled events, the earliest ready first, at most `query.most`."""
        statement = (
            select(events)
            .where(events.c.status == EventStatus.SCHEDULED, *self._clauses(query))
            .order_by(events.c.ready_at, events.c.event_id)
            .limit(max(1, query.most))
        )
        return [event_of(row) for row in self._connection.execute(statement)]

    def counts_by_status(self) -> dict[EventStatus, int]:
        """Return how many events stand in each status."""
        statement = select(events.c.status, func.count()).group_by(events.c.status)
        return {EventStatus(status): count for status, count in self._connection.execute(statement)}

    def scheduled_by_type(self, *, now: datetime) -> list[TypeCount]:
        """Return, for every event type with scheduled events, how many there are and how many are due."""
        due = func.sum((events.c.ready_at <= now).cast(Integer))
        statement = (
            select(events.c.event_type, func.count(), due, func.min(events.c.ready_at))
            .where(events.c.status == EventStatus.SCHEDULED)
            .group_by(events.c.event_type)
            .order_by(events.c.event_type)
        )
        return [
            TypeCount(kind, n, int(late or 0), oldest) for kind, n, late, oldest in self._connection.execute(statement)
        ]

    def prune(self, *, before: datetime, most: int) -> int:
        """Delete events that ended before `before`, at most `most`; return how many."""
        oldest = select(events.c.event_id).where(events.c.finished_at < before).limit(most)
        return int(self._connection.execute(delete(events).where(events.c.event_id.in_(oldest))).rowcount)

    def _clauses(self, query: EventQuery) -> list[ColumnElement[bool]]:
        clauses: list[ColumnElement[bool]] = []
        if query.statuses:
            clauses.append(events.c.status.in_([str(status) for status in query.statuses]))
        if query.event_type is not None:
            clauses.append(events.c.event_type == query.event_type)
        if query.resource_id is not None:
            clauses.append(events.c.resource_id == query.resource_id)
        if query.bot_id is not None:
            clauses.append(events.c.bot_id == query.bot_id)
        if query.accounts is not None:
            clauses.append(account_is_one_of(events.c.resource_id, query.accounts, self._connection))
        if query.due_after is not None:
            clauses.append(events.c.due_at >= query.due_after)
        if query.due_before is not None:
            clauses.append(events.c.due_at <= query.due_before)
        if query.after_id is not None:
            clauses.append(events.c.event_id < query.after_id)
        if query.text:
            clauses.append(
                events.c.description.icontains(query.text, autoescape=True)
                | events.c.resource_id.icontains(query.text, autoescape=True)
                | events.c.event_type.icontains(query.text, autoescape=True)
            )
        return clauses
