"""`/api/v1/events`: scheduling and steering."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.responses import Response

from duetime.app.app import App
from duetime.core.access import Feature, Role
from duetime.core.errors import UnknownName
from duetime.core.events import Event
from duetime.store.store import Transaction
from duetime.web.answers import answers
from duetime.web.api.event_bodies import (
    BulkIn,
    EventOut,
    ReasonIn,
    RescheduleIn,
    ResolveIn,
    ResumeIn,
    ScheduleIn,
    shown_event,
)
from duetime.web.api_route import ApiRoute
from duetime.web.bulk import BulkAnswer, each_for_itself
from duetime.web.etags import IfMatch, etag_of, require_match
from duetime.web.idempotency import CurrentAnswer
from duetime.web.need import CurrentVisitor, needs
from duetime.web.parameters import LARGEST_ID, EventId
from duetime.web.ports import CurrentApp
from duetime.web.steering import EventVerb, VerbArguments, schedule_in, steer_in
from duetime.web.visitor import Visitor

router = APIRouter(prefix="/api/v1/events", tags=["events"], route_class=ApiRoute)
_EDITOR = [needs(Feature.EVENTS, Role.EDITOR)]


@dataclass(frozen=True, slots=True)
class Steering:
    """A dependency of handlers: steers one event and answers within the transaction."""

    app: CurrentApp
    visitor: CurrentVisitor
    answer: CurrentAnswer
    if_match: IfMatch = None

    def steer(
        self, event_id: int, verb: EventVerb, *, reason: str = "", arguments: VerbArguments | None = None
    ) -> Response:
        """Do it, and return the answer."""
        with self.app.store.write() as tx:

            def expect(event: Event) -> None:
                if self.if_match is not None:
                    require_match(self.if_match, shown_event(tx, self.visitor, event), what=f"Event {event_id}")

            given: VerbArguments = {**(arguments or {}), "expect": expect}
            event = steer_in(tx, self.app.client, self.visitor, event_id, verb, reason=reason, **given)
            return _answered(tx, self.visitor, self.answer, event)


CurrentSteering = Annotated[Steering, Depends()]


def _answered(tx: Transaction, visitor: Visitor, answer: CurrentAnswer, event: Event, *, status: int = 200) -> Response:
    body = shown_event(tx, visitor, event)
    headers = {"ETag": etag_of(body)} | ({"Location": f"/api/v1/events/{event.event_id}"} if status == 201 else {})
    return answer.within(tx, body, status=status, headers=headers)


@router.post("", dependencies=_EDITOR, response_model=EventOut, status_code=201)
def schedule_event(body: ScheduleIn, app: CurrentApp, visitor: CurrentVisitor, answer: CurrentAnswer) -> Response:
    """Schedule an event. It acts for the user that your login stands for."""
    with app.store.write() as tx:
        event = schedule_in(tx, app.client, visitor, body.wanted(now=tx.now))
        return _answered(tx, visitor, answer, event, status=201)


@router.post("/bulk", dependencies=_EDITOR)
def steer_events(body: BulkIn, app: CurrentApp, visitor: CurrentVisitor) -> BulkAnswer[int, EventOut]:
    """Do one verb to up to 1,000 events. Each is authorised, done and answered for itself; none stops the others."""
    items, done = each_for_itself(body.ids, lambda event_id: _one(app, visitor, event_id, body))
    return BulkAnswer[int, EventOut].model_validate({"done": done, "refused": len(items) - done, "items": items})


def _one(app: App, visitor: Visitor, event_id: int, body: BulkIn) -> EventOut:
    if not 1 <= event_id <= LARGEST_ID:
        raise UnknownName("event", event_id)
    with app.store.write() as tx:
        arguments: VerbArguments = {"catch_up": body.catch_up}
        if body.resolution is not None:
            arguments["resolution"] = body.resolution
        time = body.wanted_time()
        if body.verb is EventVerb.RESCHEDULE:
            arguments |= {"when": time.read(now=tx.now), "may_end_recurrence": time.is_whole_schedule}
        event = steer_in(tx, app.client, visitor, event_id, body.verb, reason=body.reason, **arguments)
        return shown_event(tx, visitor, event)


@router.post("/{event_id}/cancel", dependencies=_EDITOR, response_model=EventOut, responses=answers(412))
def cancel_event(event_id: EventId, steering: CurrentSteering, body: ReasonIn | None = None) -> Response:
    """Take an event back for good. One that runs ends first, with its true outcome."""
    return steering.steer(event_id, EventVerb.CANCEL, reason=body.reason if body else "")


@router.post("/{event_id}/pause", dependencies=_EDITOR, response_model=EventOut, responses=answers(412))
def pause_event(event_id: EventId, steering: CurrentSteering, body: ReasonIn | None = None) -> Response:
    """Keep an event from running until it is resumed."""
    return steering.steer(event_id, EventVerb.PAUSE, reason=body.reason if body else "")


@router.post("/{event_id}/resume", dependencies=_EDITOR, response_model=EventOut, responses=answers(412))
def resume_event(event_id: EventId, steering: CurrentSteering, body: ResumeIn | None = None) -> Response:
    """Let a paused event run again."""
    wanted = body or ResumeIn()
    return steering.steer(event_id, EventVerb.RESUME, reason=wanted.reason, arguments={"catch_up": wanted.catch_up})


@router.post("/{event_id}/run", dependencies=_EDITOR, response_model=EventOut, responses=answers(412))
def run_event(event_id: EventId, steering: CurrentSteering, body: ReasonIn | None = None) -> Response:
    """Run an event now, and get the event that will run.

    A one-off that is still to come is moved to now. For a recurring event, or one that has ended, another event is
    added; the event itself keeps its times.
    """
    return steering.steer(event_id, EventVerb.RUN_NOW, reason=body.reason if body else "")


@router.post("/{event_id}/reschedule", dependencies=_EDITOR, response_model=EventOut, responses=answers(412))
def reschedule_event(event_id: EventId, steering: CurrentSteering, body: RescheduleIn) -> Response:
    """Give a scheduled or paused event another time."""
    time = body.wanted_time()
    arguments: VerbArguments = {
        "when": time.read(now=steering.app.store.now()),
        "may_end_recurrence": time.is_whole_schedule,
    }
    return steering.steer(event_id, EventVerb.RESCHEDULE, reason=body.reason, arguments=arguments)


@router.post("/{event_id}/resolve", dependencies=_EDITOR, response_model=EventOut, responses=answers(412))
def resolve_event(event_id: EventId, steering: CurrentSteering, body: ResolveIn) -> Response:
    """Settle a held event: say what really happened, or that it shall be tried again."""
    arguments: VerbArguments = {"resolution": body.resolution}
    return steering.steer(event_id, EventVerb.RESOLVE, reason=body.reason, arguments=arguments)
