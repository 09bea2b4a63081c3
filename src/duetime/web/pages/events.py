"""`/events`: events as they stand, by whatever they are told apart by."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from duetime.core.access import Feature, Role
from duetime.core.statuses import EventStatus
from duetime.web.event_filter import DEFAULT_LIMIT, EventFilter
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages import paths
from duetime.web.pages.filter_options import FilterOptions, filter_options
from duetime.web.pages.planned_events import PlannedEvent, planned_events
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import write_number
from duetime.web.ports import CurrentApp

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsPage(PageContext):
    """A page of events, the newest first.

    Attributes:
        looked_back_to: up to which creation the search went when it stopped early.
    """

    template: ClassVar[str] = "events.html"

    events: tuple[PlannedEvent, ...]
    filters: EventFilter
    is_filtered: bool
    options: FilterOptions
    statuses: tuple[EventStatus, ...]
    next_path: str | None
    first_path: str | None
    looked_back_to: datetime | None
    may_schedule: bool
    now: datetime


@router.get(paths.EVENTS, dependencies=[needs(Feature.EVENTS)])
def events_page(
    request: Request, app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[EventFilter, Depends()]
) -> Response:
    """List events."""
    with app.store.read() as tx:
        page = tx.events.page(filters.query(tx, visitor))
        context = EventsPage(
            events=planned_events(tx, visitor, page.rows),
            filters=filters,
            is_filtered=replace(filters, cursor=None, limit=DEFAULT_LIMIT) != EventFilter(),
            options=filter_options(tx, visitor, Feature.EVENTS),
            statuses=tuple(EventStatus),
            next_path=None if page.next is None else _path(filters, write_number(page.next)),
            first_path=_path(filters, None) if filters.cursor else None,
            looked_back_to=page.looked_back_to,
            may_schedule=visitor.may(Feature.EVENTS, Role.EDITOR),
            now=tx.now,
        )
    return render(request, context)


def _path(filters: EventFilter, cursor: str | None) -> str:
    return paths.with_query(
        paths.EVENTS,
        type=filters.event_type,
        status=[str(status) for status in filters.status],
        account=filters.account,
        bot=filters.bot,
        resource=filters.resource,
        q=filters.q,
        due_after=filters.due_after,
        due_before=filters.due_before,
        limit=None if filters.limit == DEFAULT_LIMIT else filters.limit,
        cursor=cursor,
    )
