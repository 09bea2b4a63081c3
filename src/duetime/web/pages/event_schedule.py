"""`/events/new`: scheduling an event by hand."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, ClassVar

from fastapi import APIRouter, Depends, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from duetime.core.access import Feature, Role
from duetime.core.errors import Conflict, Invalid, NotFound
from duetime.store.store import Transaction
from duetime.web.need import CurrentVisitor, needs
from duetime.web.pages import flash
from duetime.web.pages.filter_options import filter_options
from duetime.web.pages.paths import event_path, with_query
from duetime.web.pages.rendering import PageContext, render
from duetime.web.parameters import PlainText
from duetime.web.ports import CurrentApp
from duetime.web.problems import status_of
from duetime.web.steering import WantedEvent, schedule_event
from duetime.web.visitor import Visitor
from duetime.web.wanted_time import WantedTime

router = APIRouter(include_in_schema=False)
_EDITOR = [needs(Feature.EVENTS, Role.EDITOR)]


@dataclass(frozen=True, slots=True)
class ScheduleForm:
    """A dependency of handlers: what the form sends."""

    event_type: Annotated[PlainText, Form(max_length=200)] = ""
    resource: Annotated[PlainText, Form(max_length=2000)] = ""
    delay: Annotated[PlainText, Form(alias="in", max_length=200)] = ""
    at: Annotated[PlainText, Form(max_length=200)] = ""
    schedule: Annotated[PlainText, Form(max_length=10_000)] = ""
    args: Annotated[PlainText, Form(max_length=100_000)] = ""
    description: Annotated[PlainText, Form(max_length=1000)] = ""

    def wanted(self, *, now: datetime) -> WantedEvent:
        """Return the event that is asked for.

        Raises:
            Invalid: something is missing, or cannot be read.
        """
        if not self.event_type.strip():
            message = "Choose an event type."
            raise Invalid(message)
        time = WantedTime(
            delay=self.delay.strip() or None, at=self.at.strip() or None, schedule=self.schedule.strip() or None
        )
        return WantedEvent(
            event_type=self.event_type.strip(),
            when=time.read(now=now),
            resource_id=self.resource.strip() or None,
            args=_arguments(self.args),
            description=self.description,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleEventPage(PageContext):
    """The form.

    Attributes:
        types: the event types to choose from.
        error: why the form was refused; empty when nothing was sent yet.
    """

    template: ClassVar[str] = "event_schedule.html"

    form: ScheduleForm
    types: tuple[str, ...]
    error: str


@router.get("/events/new", dependencies=_EDITOR)
def ask(
    request: Request,
    app: CurrentApp,
    visitor: CurrentVisitor,
    resource: Annotated[PlainText, Query(max_length=2000)] = "",
) -> Response:
    """Show the form."""
    with app.store.read() as tx:
        return render(request, _page(tx, visitor, ScheduleForm(resource=resource)))


@router.post("/events/new", dependencies=_EDITOR)
def schedule(
    request: Request, app: CurrentApp, visitor: CurrentVisitor, form: Annotated[ScheduleForm, Depends()]
) -> Response:
    """Schedule the event, and go there."""
    try:
        event = schedule_event(app, visitor, form.wanted(now=app.store.now()))
    except (Invalid, Conflict, NotFound) as error:
        with app.store.read() as tx:
            return render(request, _page(tx, visitor, form, error=str(error)), status=status_of(error))
    return RedirectResponse(with_query(event_path(event.event_id), **{flash.PARAMETER: "event-scheduled"}), 303)


def _page(tx: Transaction, visitor: Visitor, form: ScheduleForm, *, error: str = "") -> ScheduleEventPage:
    return ScheduleEventPage(form=form, types=filter_options(tx, visitor, Feature.EVENTS).types, error=error)


def _arguments(text: str) -> Mapping[str, Any] | None:
    if not text.strip():
        return None
    try:
        read = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"The arguments are no JSON: {error}."
        raise Invalid(message) from None
    if not isinstance(read, dict):
        message = 'The arguments must be a JSON object, such as {"reason": "maintenance"}.'
        raise Invalid(message)
    return read
