"""What a visitor may do to events: the same verbs for the API and the pages, with the same rules."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypedDict, Unpack

from duetime.app.app import App
from duetime.bots.owners import Permit
from duetime.bots.planned_run import RUN_BOT
from duetime.builtin.count_runs import COUNT_RUNS
from duetime.builtin.harvest import HARVEST
from duetime.builtin.prune import PRUNE
from duetime.core.access import Feature, Role
from duetime.core.errors import Invalid, UnknownName
from duetime.core.events import Event
from duetime.core.resources import ResourceId
from duetime.core.schedules import Schedule
from duetime.scheduling.client import Client
from duetime.scheduling.one_transaction import within
from duetime.store.store import Transaction
from duetime.store.verbs import Resolution
from duetime.web.errors import Forbidden
from duetime.web.reach import account_of, event_for
from duetime.web.visitor import Visitor

When = Schedule | Mapping[str, Any] | str | datetime
"""When an event shall be due: a schedule, its JSON form, or an aware instant."""
BEYOND_ITS_RESOURCE = frozenset({RUN_BOT, HARVEST, PRUNE, COUNT_RUNS})
"""Event types whose arguments, and not their resource, say what they act on: nobody with only some accounts may
schedule them, or the resource would be a pretext."""


class EventVerb(StrEnum):
    """What can be done to an event that there is."""

    CANCEL = "cancel"
    PAUSE = "pause"
    RESUME = "resume"
    RUN_NOW = "run_now"
    RESCHEDULE = "reschedule"
    RESOLVE = "resolve"


class VerbArguments(TypedDict, total=False):
    """What single verbs take.

    Attributes:
        when: the new time; `reschedule` needs it.
        may_end_recurrence: whether `reschedule` may turn a recurring event into a one-off.
        catch_up: what becomes of the times missed while it was paused; for `resume`, and from then on.
        resolution: how a held event is settled; `resolve` needs it.
        expect: called with the event as it stands before the verb, locked; what it raises refuses the verb.
    """

    when: When
    may_end_recurrence: bool
    catch_up: str | None
    resolution: Resolution | str
    expect: Callable[[Event], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedEvent:
    """An event that somebody asks for.

    Attributes:
        args: the job's arguments.
        expires_after: how late a one-off may still start; None = the type's rule.
        catch_up: what becomes of missed times; None = the type's rule.
        allow_unknown: accept a type that nobody has brought yet.
    """

    event_type: str
    when: When
    resource_id: str | None = None
    args: Mapping[str, Any] | None = None
    description: str = ""
    expires_after: timedelta | None = None
    catch_up: str | None = None
    allow_unknown: bool = False


def steer_event(
    app: App,
    visitor: Visitor,
    event_id: int,
    verb: EventVerb,
    *,
    reason: str = "",
    **arguments: Unpack[VerbArguments],
) -> Event:
    """Do something to an event in a transaction of its own, and return the event as it stands then.

    `run_now` may return another event: the one that will run.

    Raises:
        UnknownName: there is no such event in the visitor's accounts.
        Forbidden: the visitor may see it, but is no editor of its account.
        Conflict: the event's status does not allow it.
        Invalid: an argument is missing or refused.
    """
    with app.store.write() as tx:
        return steer_in(tx, app.client, visitor, event_id, verb, reason=reason, **arguments)


def steer_in(
    tx: Transaction,
    client: Client,
    visitor: Visitor,
    event_id: int,
    verb: EventVerb,
    *,
    reason: str = "",
    **arguments: Unpack[VerbArguments],
) -> Event:
    """Do something to an event in a transaction that is open; see `steer_event`. An error must end the transaction."""
    event_for(tx, visitor, event_id, Role.EDITOR)
    locked = tx.verbs.locked(event_id)
    expect = arguments.get("expect")
    if expect is not None:
        expect(locked)
    joined, actor = within(client, tx), visitor.actor
    match verb:
        case EventVerb.CANCEL:
            return joined.cancel(event_id, actor=actor, reason=reason)
        case EventVerb.PAUSE:
            return joined.pause(event_id, actor=actor, reason=reason)
        case EventVerb.RESUME:
            return joined.resume(event_id, actor=actor, reason=reason, catch_up=arguments.get("catch_up"))
        case EventVerb.RUN_NOW:
            return joined.run_now(event_id, actor=actor, reason=reason)
        case EventVerb.RESCHEDULE:
            when = arguments.get("when")
            if when is None:
                message = "Say when it shall be due."
                raise Invalid(message)
            ends = arguments.get("may_end_recurrence", False)
            return joined.reschedule(event_id, when, may_end_recurrence=ends, actor=actor, reason=reason)
        case EventVerb.RESOLVE:
            resolution = arguments.get("resolution") or ""  # none of the four: refused with their names
            return joined.resolve(event_id, resolution, reason=reason, actor=actor)


def schedule_event(app: App, visitor: Visitor, wanted: WantedEvent) -> Event:
    """Schedule an event in a transaction of its own. It acts for the user that the visitor's login stands for.

    Raises:
        Forbidden: the visitor is no editor where the event acts.
        UnknownName: a visitor with only some accounts names a resource that is in none of them.
        UnknownEventType: nobody has brought the type.
        NotAllowed: the login's user may not have this done.
        Invalid: arguments, schedule or resource id are refused.
    """
    with app.store.write() as tx:
        return schedule_in(tx, app.client, visitor, wanted)


def schedule_in(tx: Transaction, client: Client, visitor: Visitor, wanted: WantedEvent) -> Event:
    """Schedule an event in a transaction that is open; see `schedule_event`."""
    _require_place(tx, visitor, wanted)
    only_known = client.bot_policy.only_known_owners
    Permit(visitor.user_resource_id, tx.users.by_ids, only_known=only_known)(wanted.event_type)
    return within(client, tx).schedule(
        wanted.event_type,
        wanted.when,
        resource_id=wanted.resource_id,
        args=wanted.args,
        description=wanted.description,
        expires_after=wanted.expires_after,
        catch_up=wanted.catch_up,
        allow_unknown=wanted.allow_unknown,
        user_resource_id=visitor.user_resource_id,
        actor=visitor.actor,
    )


def _require_place(tx: Transaction, visitor: Visitor, wanted: WantedEvent) -> None:
    """Refuse an event that acts outside of the accounts in which the visitor is an editor."""
    edits = visitor.reach(Feature.EVENTS, Role.EDITOR)
    if edits.is_everywhere:
        return
    if edits.is_nowhere:
        raise Forbidden(Feature.EVENTS, Role.EDITOR)
    if wanted.resource_id is None:
        raise Forbidden(Feature.EVENTS, Role.EDITOR, "in all accounts, for an event without a resource")
    ResourceId.check(wanted.resource_id)
    account = account_of(wanted.resource_id)
    if not visitor.reach(Feature.EVENTS).covers(account):
        raise UnknownName("resource", wanted.resource_id)
    if not edits.covers(account):
        raise Forbidden(Feature.EVENTS, Role.EDITOR)
    if wanted.resource_id not in tx.resources.by_ids([wanted.resource_id]):
        raise UnknownName("resource", wanted.resource_id)
    if wanted.event_type in BEYOND_ITS_RESOURCE:
        raise Forbidden(
            Feature.EVENTS, Role.EDITOR, f"in all accounts: {wanted.event_type} acts on more than its resource"
        )
    if wanted.allow_unknown:
        raise Forbidden(Feature.EVENTS, Role.EDITOR, "in all accounts, for an event type that nobody has brought")
