"""What comes next for a visitor: the same parameters and the same answer in the API and in the pages."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from fastapi import Query

from duetime.app.app import App
from duetime.core.access import Feature
from duetime.core.events import Event
from duetime.core.statuses import EventStatus
from duetime.scheduling.upcoming import Occurrence, UpcomingPlace, upcoming
from duetime.store.event_table import EventQuery
from duetime.store.store import Transaction
from duetime.web.event_filter import (
    AccountParameter,
    BotParameter,
    ResourceParameter,
    TextParameter,
    TypeParameter,
    accounts_of,
    bot_number,
)
from duetime.web.obstacles import surroundings_of
from duetime.web.paging import Cursor, Limit, read_upcoming_place
from duetime.web.visitor import Visitor

MOST_DAYS = 366
MOST_EVENTS = 5000
"""How many events are looked at; when there are more, what comes after the last of them is left out and said."""
MOST_STOPPED = 1000
"""How many that are running, paused or held."""
_MOST_PAGES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingFilter:
    """A dependency of handlers: `filters: Annotated[UpcomingFilter, Depends()]`."""

    days: Annotated[int, Query(ge=1, le=MOST_DAYS, description=f"How many days ahead, up to {MOST_DAYS}.")] = 7
    event_type: TypeParameter = None
    account: AccountParameter = None
    bot: BotParameter = None
    resource: ResourceParameter = None
    q: TextParameter = None
    limit: Limit = 100
    cursor: Cursor = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingView:
    """A page of occurrences.

    Attributes:
        as_of: from when on they are.
        until: up to when they were asked for.
        complete_until: up to when none is missing; before `until` when there are too many events to look at.
    """

    occurrences: tuple[Occurrence, ...]
    next: UpcomingPlace | None
    as_of: datetime
    until: datetime
    complete_until: datetime

    @property
    def is_truncated(self) -> bool:
        """Whether there may be more than all pages together show: a narrower filter shows them."""
        return self.complete_until < self.until


def upcoming_for(tx: Transaction, app: App, visitor: Visitor, filters: UpcomingFilter) -> UpcomingView:
    """Return what comes next in the accounts that a visitor reaches.

    Raises:
        Invalid: the cursor cannot be read.
        UnknownName: there is no such bot that the visitor may see.
    """
    after = read_upcoming_place(filters.cursor)
    as_of = tx.now if after is None else min(after.as_of, tx.now)
    until = _later(as_of, filters.days)
    reach = visitor.reach(Feature.EVENTS)
    query = EventQuery(
        event_type=filters.event_type,
        resource_id=filters.resource,
        bot_id=bot_number(tx, visitor, filters.bot),
        accounts=accounts_of(reach, filters.account),
        text=filters.q,
    )
    events, complete_until = _events(tx, query, until=until)
    around = surroundings_of(tx, events, policy=app.client.bot_policy)
    page = upcoming(events, around, until=complete_until, most=filters.limit, after=after)
    return UpcomingView(
        occurrences=page.occurrences, next=page.next, as_of=as_of, until=until, complete_until=complete_until
    )


def _later(moment: datetime, days: int) -> datetime:
    try:
        return moment + timedelta(days=days)
    except OverflowError:
        return datetime.max.replace(tzinfo=moment.tzinfo)


def _events(tx: Transaction, query: EventQuery, *, until: datetime) -> tuple[list[Event], datetime]:
    """Return the events that may come until then, and up to when none is missing."""
    found: list[Event] = []
    complete_until = until
    for statuses in ((EventStatus.RUNNING,), (EventStatus.PAUSED, EventStatus.HELD)):
        stopped = tx.events.find(replace(query, statuses=statuses, most=MOST_STOPPED + 1))
        found += stopped[:MOST_STOPPED]
        if len(stopped) > MOST_STOPPED:  # they come in no order of time, so nobody knows what is missing
            complete_until = tx.now
    wanted = replace(query, ready_before=until)
    for _ in range(_MOST_PAGES):
        page = tx.events.due_page(replace(wanted, most=MOST_EVENTS))
        found += page.rows
        if page.next is None:
            return found, complete_until
        wanted = replace(wanted, after_due=page.next)
        if len(page.rows) == MOST_EVENTS:
            break
    last = wanted.after_due
    return found, complete_until if last is None else min(complete_until, last.ready_at)
