"""`/api/v1/upcoming`: what comes next."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from duetime.core.access import Feature
from duetime.core.sanitising import history_text
from duetime.core.statuses import EventStatus
from duetime.scheduling.upcoming import Occurrence
from duetime.web.answers import answers
from duetime.web.api.event_bodies import ObstacleOut, seen_bots
from duetime.web.api_route import ApiRoute
from duetime.web.need import CurrentVisitor, needs
from duetime.web.paging import write_upcoming_place
from duetime.web.ports import CurrentApp
from duetime.web.reach import account_of
from duetime.web.upcoming_view import UpcomingFilter, upcoming_for

router = APIRouter(prefix="/api/v1/upcoming", tags=["events"], route_class=ApiRoute)


class OccurrenceOut(BaseModel):
    """One due time of an event, or all of one day (of UTC) when there are many."""

    event_id: int
    event_type: str
    event_status: EventStatus
    resource_id: str | None
    account: str | None
    bot_id: int | None
    bot: str | None = Field(description="The bot that asked for it; null when none did, or one that you may not see.")
    description: str
    schedule_in_words: str
    at: datetime = Field(description="When it starts at the earliest; in the past when it is owed.")
    due_at: datetime
    count: int = Field(description="How many due times this stands for.")
    last: datetime = Field(description="The last of them.")
    will_run: bool = Field(description="Whether nothing is known to stand against it.")
    obstacles: list[ObstacleOut] = Field(description="Why it will not run as things stand now.")

    @classmethod
    def of(cls, occurrence: Occurrence, names: Mapping[int, str]) -> "OccurrenceOut":
        """Return an occurrence as a visitor may see it, given the bots whose names they see."""
        event = occurrence.event
        return cls(
            event_id=event.event_id,
            event_type=event.event_type,
            event_status=event.status,
            resource_id=event.resource_id,
            account=account_of(event.resource_id),
            bot_id=event.bot_id,
            bot=names.get(event.bot_id or 0),
            description=history_text(event.description) or "",
            schedule_in_words=event.schedule.describe(),
            at=occurrence.at,
            due_at=occurrence.due_at,
            count=occurrence.count,
            last=occurrence.last,
            will_run=occurrence.will_run,
            obstacles=[ObstacleOut(kind=each.kind, why=each.why) for each in occurrence.obstacles],
        )


class UpcomingOut(BaseModel):
    """A page of occurrences, the earliest first."""

    items: list[OccurrenceOut]
    next: str | None = Field(description="The `cursor` of the following page; null when this is the last one.")
    as_of: datetime
    until: datetime
    complete_until: datetime = Field(description="Up to when nothing is missing.")
    truncated: bool = Field(description="Whether there are too many events to look at; a narrower filter shows all.")


@router.get("", dependencies=[needs(Feature.EVENTS)], responses=answers(404))
def list_upcoming(
    app: CurrentApp, visitor: CurrentVisitor, filters: Annotated[UpcomingFilter, Depends()]
) -> UpcomingOut:
    """List what comes next, recurring events occurrence by occurrence, and why some will not run."""
    with app.store.read() as tx:
        view = upcoming_for(tx, app, visitor, filters)
        names = seen_bots(tx, visitor, (each.event.bot_id for each in view.occurrences))
    return UpcomingOut(
        items=[OccurrenceOut.of(each, names) for each in view.occurrences],
        next=write_upcoming_place(view.next),
        as_of=view.as_of,
        until=view.until,
        complete_until=view.complete_until,
        truncated=view.is_truncated,
    )
