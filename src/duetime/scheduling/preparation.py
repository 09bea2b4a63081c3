"""From what somebody asks for to an event that can be stored: everything that may be refused is refused here."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from duetime.core.destinations import Destinations
from duetime.core.errors import (
    Invalid,
    InvalidInstant,
    InvalidSchedule,
    UnknownEventType,
    nearest,
)
from duetime.core.event_types import EventType
from duetime.core.events import NewEvent, OnExisting
from duetime.core.resources import ResourceId
from duetime.core.sanitising import clean_text
from duetime.core.schedules import Schedule
from duetime.core.statuses import OnLost
from duetime.jobs.arguments import MAX_BYTES, argument_text, check_arguments, named_destinations
from duetime.schedule.codec import EXAMPLES, decode, from_json
from duetime.schedule.once import Once
from duetime.schedule.periodic import Periodic
from duetime.schedule.value import ScheduleValue
from duetime.scheduling.keys import group_key

_LONGEST_DESCRIPTION = 1000
CATCH_UPS = ("latest", "all", "skip")


class Request(NamedTuple):
    """What somebody asks for, not yet checked.

    Attributes:
        args: an object or its JSON text.
        expires_after: how late a one-off may start; None = the type's rule.
        recheck: whether the bot's filters are asked again before it starts; None = yes for destructive types.
        cancel_when_compliant: whether it is cancelled once its resource no longer matches its bot; None = yes for
            destructive types.
        allow_unknown: accept a type that nobody has registered yet; its events wait.
    """

    event_type: str
    schedule: Schedule | Mapping[str, Any] | str | datetime
    resource_id: str | None = None
    args: str | Mapping[str, Any] | None = None
    description: str = ""
    bot_id: int | None = None
    on_existing: OnExisting = OnExisting.KEEP
    expires_after: timedelta | None = None
    recheck: bool | None = None
    cancel_when_compliant: bool | None = None
    catch_up: str | None = None
    allow_unknown: bool = False
    parent_id: int | None = None
    user_resource_id: str | None = None
    created_by: str = ""


def prepare(
    request: Request,
    *,
    known: Mapping[str, EventType],
    now: datetime,
    key: bytes | None = None,
    most_bytes: int = MAX_BYTES,
    destinations: Destinations | None = None,
) -> NewEvent:
    """Return the event to store.

    Args:
        request: what is asked for.
        known: the event types that are known.
        now: the database's time.
        key: its dedupe key.
        most_bytes: the largest argument text.
        destinations: those that there are; None = nobody knows, and the job will see.

    Raises:
        UnknownEventType: nobody has registered the type.
        UnknownDestination: the arguments name one that there is not.
        InvalidArguments: the arguments are no JSON object, too large, or do not fit the job.
        InvalidSchedule: the schedule cannot be read or never fires.
        InvalidResourceId: the resource id is none.
    """
    kind = known.get(request.event_type)
    if kind is None and not request.allow_unknown:
        raise UnknownEventType(request.event_type, near=nearest(request.event_type, known))
    if kind is None and clean_text(request.event_type) != request.event_type:
        message = f"{request.event_type!r} cannot be an event type: it holds a character that databases refuse."
        raise Invalid(message)
    args_text = argument_text(request.event_type, request.args, most=most_bytes) if request.args is not None else "{}"
    if kind is not None and (args_text != "{}" or kind.arguments.get("required")):
        arguments = json.loads(args_text)
        check_arguments(request.event_type, arguments, kind.arguments)
        if destinations is not None:
            for name in named_destinations(arguments, kind.arguments):
                destinations.get(name)
    schedule, due_at = plan(request.schedule, now=now)
    if request.catch_up is not None and request.catch_up not in CATCH_UPS:
        message = f"catch_up must be one of {', '.join(CATCH_UPS)}, not {request.catch_up!r}."
        raise Invalid(message)
    key_of_group: int | None = None
    if request.resource_id is not None:
        ResourceId.check(request.resource_id)
        if kind is not None and kind.max_group > 1:
            place = ResourceId.from_string(request.resource_id)
            key_of_group = group_key(account=place.account, region=place.region, args_text=args_text)
    takes_away = kind is not None and kind.destructive and request.bot_id is not None
    recheck = takes_away if request.recheck is None else request.recheck
    cancel_when_compliant = takes_away if request.cancel_when_compliant is None else request.cancel_when_compliant
    return NewEvent(
        event_type=request.event_type,
        schedule=schedule,
        due_at=due_at,
        resource_id=request.resource_id,
        bot_id=request.bot_id,
        description=clean_text(request.description[:_LONGEST_DESCRIPTION]),
        args_text=args_text,
        expires_at=expiry(schedule, due_at, kind=kind, expires_after=request.expires_after),
        dedupe_key=key,
        group_key=key_of_group,
        on_lost=kind.on_lost if kind is not None else OnLost.HOLD,
        catch_up=request.catch_up,
        recheck=recheck,
        cancel_when_compliant=cancel_when_compliant,
        on_existing=request.on_existing,
        parent_id=request.parent_id,
        user_resource_id=None if request.user_resource_id is None else clean_text(request.user_resource_id),
        created_by=clean_text(request.created_by),
    )


def plan(wanted: Schedule | Mapping[str, Any] | str | datetime, *, now: datetime) -> tuple[Schedule, datetime]:
    """Return a schedule value and its first due time.

    Args:
        wanted: a schedule, its JSON object or text, or an aware instant.
        now: the database's time.

    Raises:
        InvalidSchedule: it cannot be read, or never fires.
        InvalidInstant: a naive instant.
    """
    if isinstance(wanted, Once):  # nearly every event of a bot; its own rule, without the detour
        return wanted, max(wanted.instant, now)
    schedule: Schedule
    if isinstance(wanted, datetime):
        if wanted.tzinfo is None:
            raise InvalidInstant("The due time", wanted)
        schedule = Once(when=wanted)
    elif isinstance(wanted, str):
        schedule = decode(wanted)
    elif isinstance(wanted, Mapping):
        schedule = from_json(wanted)
    elif isinstance(wanted, ScheduleValue):
        schedule = wanted
    else:
        raise InvalidSchedule(f"A schedule is needed, not {wanted!r:.60}", examples=EXAMPLES)
    if isinstance(schedule, Periodic):
        schedule = schedule.anchored(now)
    due_at = schedule.first_due(now)
    if due_at is None:
        raise InvalidSchedule(f"The schedule '{schedule.describe()}' never fires after {now:%Y-%m-%d %H:%M:%S} UTC")
    return schedule, due_at


def expiry(
    schedule: Schedule, due_at: datetime, *, kind: EventType | None, expires_after: timedelta | None
) -> datetime | None:
    """Return when a one-off can no longer start; recurring events follow their catch-up rule instead.

    Raises:
        Invalid: it could never start.
    """
    if expires_after is not None and expires_after <= timedelta(0):
        message = f"expires_after must be longer than nothing, not {expires_after}."
        raise Invalid(message)
    if schedule.recurring:
        return None
    span = expires_after if expires_after is not None else (kind.expires_after if kind is not None else None)
    try:
        return None if span is None else due_at + span
    except OverflowError:  # past the end of the calendar
        return None
