"""`/events/{id}/{verb}`: what a verb does is said first; nothing happens before the form is sent."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, ClassVar

from fastapi import APIRouter, Depends, Form, Request
from starlette.responses import RedirectResponse, Response

from duetime.core.access import Feature, Role
from duetime.core.errors import Conflict, Invalid
from duetime.core.events import Event
from duetime.scheduling.preparation import CATCH_UPS
from duetime.store.verbs import Resolution
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages import flash
from duetime.web.pages.event_offers import Offer, VerbPath, offer_at
from duetime.web.pages.paths import event_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import EventId, PlainText
from duetime.web.ports import CurrentApp
from duetime.web.problems import status_of
from duetime.web.reach import event_for
from duetime.web.steering import EventVerb, VerbArguments, steer_event
from duetime.web.wanted_time import WantedTime

router = APIRouter(include_in_schema=False)
_EDITOR = [needs(Feature.EVENTS, Role.EDITOR)]
_LONGEST = 1000
_LONGEST_SCHEDULE = 10_000


@dataclass(frozen=True, slots=True)
class VerbForm:
    """A dependency of handlers: what the forms of verbs send; each uses the fields that it has."""

    reason: Annotated[PlainText, Form(max_length=_LONGEST)] = ""
    delay: Annotated[PlainText, Form(alias="in", max_length=_LONGEST)] = ""
    at: Annotated[PlainText, Form(max_length=_LONGEST)] = ""
    schedule: Annotated[PlainText, Form(max_length=_LONGEST_SCHEDULE)] = ""
    catch_up: Annotated[PlainText, Form(max_length=_LONGEST)] = ""
    resolution: Annotated[PlainText, Form(max_length=_LONGEST)] = ""

    def arguments(self, verb: EventVerb, *, now: datetime) -> VerbArguments:
        """Return what a verb takes.

        Raises:
            Invalid: it is missing, or cannot be read.
        """
        match verb:
            case EventVerb.RESUME:
                return {"catch_up": self.catch_up or None}
            case EventVerb.RESOLVE:
                return {"resolution": self.resolution} if self.resolution else {}
            case EventVerb.RESCHEDULE:
                time = self.time
                return {"when": time.read(now=now), "may_end_recurrence": time.is_whole_schedule}
            case _:
                return {}

    @property
    def time(self) -> WantedTime:
        """When it shall be due, in whichever way it is said."""
        return WantedTime(
            delay=self.delay.strip() or None, at=self.at.strip() or None, schedule=self.schedule.strip() or None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class EventVerbPage(PageContext):
    """The question before something is done to an event.

    Attributes:
        is_allowed: whether the event's status allows it now.
        form: what was sent before and refused.
        error: why it was refused; empty when nothing was sent yet.
    """

    template: ClassVar[str] = "event_verb.html"

    event: Event
    offer: Offer
    is_allowed: bool
    schedule: str
    catch_ups: tuple[str, ...]
    resolutions: tuple[str, ...]
    form: VerbForm
    error: str
    now: datetime


@router.get("/events/{event_id}/{verb}", dependencies=_EDITOR)
def ask(request: Request, event_id: EventId, verb: VerbPath, app: CurrentApp, visitor: CurrentVisitor) -> Response:
    """Ask before something is done to an event."""
    with app.store.read() as tx:
        event = event_for(tx, visitor, event_id, Role.EDITOR)
        now = tx.now
    return render(request, _page(event, offer_at(verb), now=now))


@router.post("/events/{event_id}/{verb}", dependencies=_EDITOR)
def do(
    request: Request,
    event_id: EventId,
    verb: VerbPath,
    app: CurrentApp,
    visitor: CurrentVisitor,
    form: Annotated[VerbForm, Depends()],
) -> Response:
    """Do it, and go to the event that it was done to, or that will run."""
    offer = offer_at(verb)
    try:
        arguments = form.arguments(offer.verb, now=app.store.now())
        event = steer_event(app, visitor, event_id, offer.verb, reason=form.reason, **arguments)
    except (Invalid, Conflict) as error:
        with app.store.read() as tx:
            event = event_for(tx, visitor, event_id, Role.EDITOR)
            now = tx.now
        context = _page(event, offer, now=now, form=form, error=str(error))
        return render(request, context, status=status_of(error))
    return RedirectResponse(with_query(event_path(event.event_id), **{flash.PARAMETER: offer.done}), status_code=303)


def _page(event: Event, offer: Offer, *, now: datetime, form: VerbForm | None = None, error: str = "") -> EventVerbPage:
    return EventVerbPage(
        event=event,
        offer=offer,
        is_allowed=event.status in offer.statuses,
        schedule=event.schedule.describe(),
        catch_ups=CATCH_UPS,
        resolutions=tuple(Resolution),
        form=form or VerbForm(),
        error=error,
        now=now,
    )
