"""`/api/v1/events`: reading."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from duetime.core.access import Feature
from duetime.scheduling.explain import explain
from duetime.scheduling.situation import situation_of
from duetime.scheduling.upcoming import obstacles_of
from duetime.web.answers import answers, not_modified
from duetime.web.api.event_bodies import (
    ChangeOut,
    EventOut,
    ExplanationOut,
    ObstacleOut,
    TimeOut,
    shown_event,
    shown_events,
)
from duetime.web.api.page_body import PageOut
from duetime.web.api_route import ApiRoute
from duetime.web.etags import IfNoneMatch, single
from duetime.web.event_conflicts import conflicts_for
from duetime.web.event_filter import EventFilter
from duetime.web.need import CurrentVisitor, needs
from duetime.web.next_times import next_times
from duetime.web.obstacles import surroundings_of
from duetime.web.paging import write_number
from duetime.web.parameters import EventId
from duetime.web.ports import CurrentApp
from duetime.web.reach import event_for

router = APIRouter(prefix="/api/v1/events", tags=["events"], route_class=ApiRoute)


@router.get("", dependencies=[needs(Feature.EVENTS)], responses=answers(404))
def list_events(
    app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[EventFilter, Depends()]
) -> PageOut[EventOut]:
    """List events, the newest first."""
    with app.store.read() as tx:
        page = tx.events.page(filters.query(tx, visitor))
        items = shown_events(tx, visitor, page.rows)
    return PageOut(items=items, next=write_number(page.next), looked_back_to=page.looked_back_to)


@router.get("/{event_id}", dependencies=[needs(Feature.EVENTS)], response_model=EventOut, responses=not_modified())
def get_event(
    event_id: EventId, app: CurrentApp, visitor: CurrentVisitor, if_none_match: IfNoneMatch = None
) -> Response:
    """Get an event as it stands, with its ETag."""
    with app.store.read() as tx:
        body = shown_event(tx, visitor, event_for(tx, visitor, event_id))
    return single(body, if_none_match=if_none_match)


@router.get("/{event_id}/explanation", dependencies=[needs(Feature.EVENTS)])
def explain_event(event_id: EventId, app: CurrentApp, visitor: CurrentVisitor) -> ExplanationOut:
    """Say why an event did or did not run, and what stands against it now."""
    with app.store.read() as tx:
        event = event_for(tx, visitor, event_id)
        sentences = explain(situation_of(tx, event_id))
        conflicts = conflicts_for(tx, visitor, event)
        around = surroundings_of(tx, [event], policy=app.client.bot_policy)
    obstacles = () if event.status.is_final else obstacles_of(event, around)
    return ExplanationOut(
        event_id=event_id,
        status=event.status,
        sentences=list(sentences),
        conflicts=list(conflicts),
        obstacles=[ObstacleOut(kind=each.kind, why=each.why) for each in obstacles],
    )


@router.get("/{event_id}/times", dependencies=[needs(Feature.EVENTS)])
def list_event_times(
    event_id: EventId,
    app: CurrentApp,
    visitor: CurrentVisitor,
    limit: Annotated[int, Query(ge=1, le=100, description="How many.")] = 10,
) -> list[TimeOut]:
    """List the next due times of an event, each with the UTC offset of its schedule's own zone."""
    with app.store.read() as tx:
        event = event_for(tx, visitor, event_id)
        now = tx.now
    return [TimeOut.of(each) for each in next_times(event, now=now, most=limit)]


@router.get("/{event_id}/changes", dependencies=[needs(Feature.EVENTS)])
def list_event_changes(
    event_id: EventId,
    app: CurrentApp,
    visitor: CurrentVisitor,
    limit: Annotated[int, Query(ge=1, le=500, description="How many.")] = 100,
) -> list[ChangeOut]:
    """List what was changed of an event, by whom and why, the last change first."""
    with app.store.read() as tx:
        event_for(tx, visitor, event_id)
        return [ChangeOut.of(entry) for entry in tx.audit.about(f"event:{event_id}", most=limit)]
