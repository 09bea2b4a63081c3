"""`/resources/{id}`: one resource, all that is planned for it, and all that happened to it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request
from starlette.responses import Response

from duetime.core.access import Feature, Role
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery
from duetime.store.store import Transaction
from duetime.web.event_conflicts import conflicts_on
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages.past_runs import PastRun, past_runs
from duetime.web.pages.paths import resource_path, with_query
from duetime.web.pages.planned_events import PlannedEvent, planned_events
from duetime.web.pages.rendering import PageContext, render
from duetime.web.paging import Cursor, read_run_place, write_run_place
from duetime.web.parameters import PlainText
from duetime.web.payloads import shown_mapping
from duetime.web.ports import CurrentApp
from duetime.web.reach import resource_for
from duetime.web.visitor import Visitor

router = APIRouter(include_in_schema=False)
_LIVE = tuple(status for status in EventStatus if not status.is_final)
_MOST_PLANNED = 100
ResourceName = Annotated[PlainText, Path(max_length=2000)]
_RUNS_PER_PAGE = 25


@dataclass(frozen=True, slots=True)
class Planned:
    """What is planned for a resource.

    Attributes:
        events: those that are due first at the beginning.
        more: whether there are more.
        conflicts: opposite wishes at nearly one time, each a sentence.
    """

    events: tuple[PlannedEvent, ...]
    more: bool
    conflicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Happened:
    """A page of what happened to a resource, newest first."""

    runs: tuple[PastRun, ...]
    next_path: str | None
    first_path: str | None


@dataclass(frozen=True, slots=True)
class ResourcePage(PageContext):
    """One resource.

    Attributes:
        groups: the resource groups that it is in.
        data: what the cloud said of it, without secrets; None = the visitor may not see it.
        planned: None = the visitor may not see events.
        happened: None = the visitor may not see history.
        events_path: all of its events.
        may_schedule: whether the visitor may schedule something for it.
    """

    template = "resource.html"
    resource: Resource
    groups: tuple[str, ...]
    data: Mapping[str, Any] | None
    planned: Planned | None
    happened: Happened | None
    events_path: str
    schedule_path: str | None
    now: datetime


@router.get("/resources/{resource_id:path}", dependencies=[needs(Feature.RESOURCES)])
def resource_page(
    request: Request, resource_id: ResourceName, app: CurrentApp, visitor: CurrentVisitor, cursor: Cursor = None
) -> Response:
    """Show one resource."""
    with app.store.read() as tx:
        resource = resource_for(tx, visitor, resource_id)
        account = resource.account
        edits = visitor.reach(Feature.EVENTS, Role.EDITOR).covers(account)
        context = ResourcePage(
            resource=resource,
            groups=tuple(sorted(tx.groups.of([resource_id]).get(resource_id, ()))),
            data=shown_mapping(resource.data, visitor=visitor, feature=Feature.RESOURCES, account=account),
            planned=_planned(tx, visitor, resource),
            happened=_happened(tx, visitor, resource, cursor),
            events_path=with_query("/events", resource=resource_id),
            schedule_path=with_query("/events/new", resource=resource_id) if edits else None,
            now=tx.now,
        )
    return render(request, context)


def _planned(tx: Transaction, visitor: Visitor, resource: Resource) -> Planned | None:
    if not visitor.reach(Feature.EVENTS).covers(resource.account):
        return None
    query = EventQuery(resource_id=resource.resource_id, statuses=_LIVE, most=_MOST_PLANNED)
    found = tx.events.page(query)
    events = sorted(found.rows, key=lambda event: (event.due_at, event.event_id))
    return Planned(
        events=planned_events(tx, visitor, events),
        more=found.next is not None,
        conflicts=conflicts_on(tx, visitor, resource.resource_id),
    )


def _happened(tx: Transaction, visitor: Visitor, resource: Resource, cursor: str | None) -> Happened | None:
    if not visitor.reach(Feature.HISTORY).covers(resource.account):
        return None
    found = tx.runs.of_resource(resource.resource_id, most=_RUNS_PER_PAGE, after=read_run_place(cursor))
    here = resource_path(resource.resource_id)
    return Happened(
        runs=past_runs(tx, visitor, found.rows),
        next_path=None if found.next is None else with_query(here, cursor=write_run_place(found.next)),
        first_path=None if cursor is None else here,
    )
