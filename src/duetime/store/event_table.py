"""Reading events, and adding one."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Integer,
    Select,
    TextClause,
    delete,
    func,
    insert,
    or_,
    select,
)

from duetime.core.errors import UnknownName
from duetime.core.events import Event, NewEvent
from duetime.core.statuses import FINAL, EventStatus
from duetime.schedule.codec import encode
from duetime.store.due_list import DueList
from duetime.store.event_list import EventList
from duetime.store.page import DuePlace, Page
from duetime.store.places import account_is_one_of
from duetime.store.rows import event_of
from duetime.store.tables import IS_RUNNING, IS_SCHEDULED, IS_STOPPED, events

Condition = ColumnElement[bool] | TextClause


@dataclass(frozen=True, slots=True, kw_only=True)
class EventQuery:
    """Which events to list; an absent part means all.

    Attributes:
        accounts: only events for resources in these; None = in all, and those for no resource.
        text: a part of the description, resource id or event type.
        due_after, due_before: bounds of the due time, both included.
        ready_after, ready_before: bounds of the time from which they may be claimed, both included.
        after_id: only events with a smaller id: the last one of the page before.
        after_due: only events that come later, for a page of what comes next.
    """

    statuses: Collection[EventStatus] = ()
    event_type: str | None = None
    resource_id: str | None = None
    bot_id: int | None = None
    accounts: frozenset[str] | None = None
    text: str | None = None
    due_before: datetime | None = None
    due_after: datetime | None = None
    ready_before: datetime | None = None
    ready_after: datetime | None = None
    after_id: int | None = None
    after_due: DuePlace | None = None
    most: int = 100


@dataclass(frozen=True, slots=True)
class TypeCount:
    """How many scheduled events of a type there are, and how late the oldest is."""

    event_type: str
    scheduled: int
    due: int
    oldest_ready_at: datetime | None


_SCHEDULED = frozenset({EventStatus.SCHEDULED})
_SET_APART = (
    (frozenset({EventStatus.RUNNING}), IS_RUNNING),
    (frozenset({EventStatus.PAUSED, EventStatus.HELD}), IS_STOPPED),
)
"""Statuses that few events have at a time: an index of their own leads to these, when asked in its very words."""


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

    def by_ids(self, event_ids: Collection[int]) -> dict[int, Event]:
        """Return the events with these ids, by id; those that are not there are left out."""
        found = self._connection.execute(select(events).where(events.c.event_id.in_(sorted(event_ids))))
        return {row.event_id: event_of(row) for row in found}

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
                trace_parent=event.trace_parent,
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
        clauses = [*self._among(query), *self._filters(query)]
        return self._events(select(events).where(*clauses).order_by(events.c.event_id.desc()), most=max(1, query.most))

    def page(self, query: EventQuery) -> Page[Event, int]:
        """Return a page of events, newest first; what follows it has `query.after_id` = its `next`.

        It looks through at most `page.MOST_LOOKED_AT` rows and may therefore be short, or empty, before the list ends.
        """
        return EventList(self._connection).page(
            apart=_apart(query, frozenset(query.statuses)),
            among=self._among(query),
            filters=self._filters(query),
            most=max(1, query.most),
        )

    def of_resource(self, resource_id: str, *, most: int = 100) -> list[Event]:
        """Return the events of a resource: those that live, then those that ended, the newest first of each."""
        return EventList(self._connection).of_resource(resource_id, most=most)

    def due_page(self, query: EventQuery) -> Page[Event, DuePlace]:
        """Return a page of scheduled events, the earliest ready first; what follows has `query.after_due` = its `next`.

        It looks through about `page.MOST_LOOKED_AT` rows at most and may therefore be short, or empty, before the list
        ends.
        """
        if query.statuses and EventStatus.SCHEDULED not in query.statuses:
            return Page((), next=None)
        most, after, few = max(1, query.most), query.after_due, EventList(self._connection)
        apart = _apart(query, _SCHEDULED)
        if few.are_few(apart):
            return few.due_page(
                apart=apart, after=after, filters=[IS_SCHEDULED, *self._filters(query, statuses=())], most=most
            )
        return DueList(self._connection).page(
            self._further(query), event_type=query.event_type, among=self._ready(query), after=after, most=most
        )

    def count_up_to(self, query: EventQuery, *, most: int = 10_000) -> int:
        """Return how many events there are, but no more than `most` + 1, which stands for "more than `most`".

        It is fast where an index leads to the events: those that are running, paused or held, those that are scheduled
        and ready within bounds, what a bot has planned, and those of one resource.
        """
        apart = _apart(query, frozenset(query.statuses))
        if frozenset(query.statuses) == _SCHEDULED and not apart:
            among = [*self._among(query), *self._ready(query)]
            filters = self._further(query)
            return DueList(self._connection).count(filters, event_type=query.event_type, among=among, most=most)
        clauses = [*apart, *self._among(query), *self._filters(query)]
        return EventList(self._connection).count(clauses, most=most)

    def next_due(self, query: EventQuery) -> Sequence[Event]:
        """Return scheduled events, the earliest ready first, at most `query.most`."""
        statement = (
            select(events)
            .where(events.c.status == EventStatus.SCHEDULED, *self._among(query), *self._filters(query))
            .order_by(events.c.ready_at, events.c.event_id)
        )
        return self._events(statement, most=max(1, query.most))

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

    def _events(self, statement: Select[Any], *, most: int) -> list[Event]:
        return [event_of(row) for row in self._connection.execute(statement.limit(most))]

    @staticmethod
    def _among(query: EventQuery) -> list[ColumnElement[bool]]:
        """Return where the list begins."""
        return [] if query.after_id is None else [events.c.event_id < query.after_id]

    @staticmethod
    def _ready(query: EventQuery) -> list[ColumnElement[bool]]:
        clauses: list[ColumnElement[bool]] = []
        if query.ready_after is not None:
            clauses.append(events.c.ready_at >= query.ready_after)
        if query.ready_before is not None:
            clauses.append(events.c.ready_at <= query.ready_before)
        return clauses

    def _filters(
        self, query: EventQuery, *, statuses: Collection[EventStatus] | None = None
    ) -> list[ColumnElement[bool]]:
        """Return what is asked of each event, whichever the list; with other statuses if they are given."""
        clauses: list[ColumnElement[bool]] = []
        wanted = query.statuses if statuses is None else statuses
        if wanted:
            clauses.append(events.c.status.in_([str(status) for status in wanted]))
        if query.event_type is not None:
            clauses.append(events.c.event_type == query.event_type)
        return [*clauses, *self._ready(query), *self._further(query)]

    def _further(self, query: EventQuery) -> list[ColumnElement[bool]]:
        """Return what no index of the claim answers."""
        clauses: list[ColumnElement[bool]] = []
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
        if query.text:
            columns = (events.c.description, events.c.resource_id, events.c.event_type)
            clauses.append(or_(*(column.icontains(query.text, autoescape=True) for column in columns)))
        return clauses


def _apart(query: EventQuery, statuses: frozenset[EventStatus]) -> list[Condition]:
    """Return what an index of its own answers, when a query asks for nothing else; the smallest part first."""
    if query.resource_id is not None:
        return [events.c.resource_id == query.resource_id]
    for few, condition in _SET_APART:
        if statuses and statuses <= few:
            return [condition]
    if query.bot_id is not None and statuses and not statuses & FINAL:
        return [events.c.bot_id == query.bot_id, events.c.finished_at.is_(None)]
    return []
