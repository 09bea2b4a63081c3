"""The verbs by which people and programs steer events."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from duetime.core.bot_policy import BotPolicy
from duetime.core.destinations import Destinations
from duetime.core.errors import Conflict, IllegalTransition, Invalid
from duetime.core.event_types import EventType
from duetime.core.events import Event, OnExisting
from duetime.core.json_types import canonical
from duetime.core.registration import Registries
from duetime.core.schedules import Schedule
from duetime.core.statuses import EventStatus
from duetime.core.tracing import SpanKind, span, trace_parent
from duetime.jobs.arguments import MAX_BYTES
from duetime.schedule.once import Once
from duetime.scheduling.preparation import CATCH_UPS, Request, expiry, plan, prepare
from duetime.store.store import Store, Transaction
from duetime.store.verbs import Resolution

_HELD = "Resolve it: duetime events resolve ID --as retry|succeeded|failed|cancelled --reason ..."


class Client:
    """Schedules events and steers them. Each verb is one transaction and leaves an audit entry.

    Attributes:
        store: the database.
        registries: what this process has registered; empty in processes that only steer.
        max_argument_bytes: the largest argument text of one event.
        bot_policy: what holds for all bots.
        destinations: where messages go; None = this process does not know, and leaves it to the workers.
    """

    def __init__(
        self,
        store: Store,
        *,
        registries: Registries | None = None,
        max_argument_bytes: int = MAX_BYTES,
        bot_policy: BotPolicy = BotPolicy(),  # noqa: B008 - frozen
        destinations: Destinations | None = None,
    ) -> None:
        self.store = store
        self.destinations = destinations
        self.bot_policy = bot_policy
        self.registries = registries or Registries()
        self.max_argument_bytes = max_argument_bytes

    def now(self) -> datetime:
        """Return the database's time."""
        return self.store.now()

    def event_types(self) -> Mapping[str, EventType]:
        """Return every event type that has ever been published, by id."""
        with self.store.read() as tx:
            return {kind.event_type: kind for kind in tx.event_types.all()}

    def schedule(  # noqa: PLR0913 - one keyword per thing that may be said of an event
        self,
        event_type: str,
        schedule: Schedule | Mapping[str, Any] | str | datetime,
        *,
        resource_id: str | None = None,
        args: str | Mapping[str, Any] | None = None,
        description: str = "",
        expires_after: timedelta | None = None,
        catch_up: str | None = None,
        allow_unknown: bool = False,
        user_resource_id: str | None = None,
        actor: str = "",
    ) -> Event:
        """Schedule one event by hand.

        Args:
            event_type: what to do.
            schedule: when: a schedule, its JSON form, or an aware instant. A time in the past is due now.
            resource_id: for which resource.
            args: the job's arguments.
            description: what for, in words.
            expires_after: how late a one-off may still start; None = the type's rule.
            catch_up: what happens to missed times; None = the type's rule.
            allow_unknown: accept an event type that is not known yet.
            user_resource_id: the user that it acts for; None = nobody in particular.
            actor: who asks.

        Raises:
            UnknownEventType: the event type is not known.
            Invalid: arguments, schedule or resource id are refused.
        """
        request = Request(
            event_type=event_type,
            schedule=schedule,
            resource_id=resource_id,
            args=args,
            description=description,
            on_existing=OnExisting.ADD,
            expires_after=expires_after,
            catch_up=catch_up,
            allow_unknown=allow_unknown,
            user_resource_id=user_resource_id,
            created_by=actor,
        )
        known = self.event_types()
        with self.store.write() as tx:
            return self._add(tx, request, known=known, actor=actor)

    def get(self, event_id: int) -> Event:
        """Return an event as it stands.

        Raises:
            UnknownName: there is none with this id.
        """
        with self.store.read() as tx:
            return tx.events.get(event_id)

    def reschedule(
        self,
        event_id: int,
        schedule: Schedule | Mapping[str, Any] | str | datetime,
        *,
        may_end_recurrence: bool = False,
        actor: str = "",
        reason: str = "",
    ) -> Event:
        """Give a scheduled or paused event another schedule.

        Raises:
            Conflict: a recurring event would become a one-off, and `may_end_recurrence` does not say that it may.
        """
        known = self.event_types()
        with self.store.write() as tx:
            value, due_at = plan(schedule, now=tx.now)
            event = tx.events.get(event_id)
            if event.recurring and not value.recurring and not may_end_recurrence:
                message = (
                    f"Event {event_id} recurs ({event.schedule.describe()}); one single time would end that. "
                    f"For an extra run use `duetime events run {event_id}`; for another rhythm, or to end it, "
                    "give the whole schedule: --schedule JSON."
                )
                raise Conflict(message)
            return tx.verbs.reschedule(
                event_id,
                schedule=value,
                due_at=due_at,
                expires_at=_moved_expiry(event, value, due_at, known=known),
                actor=actor,
                reason=reason,
            )

    def cancel(self, event_id: int, *, actor: str = "", reason: str = "") -> Event:
        """Take an event back; a running one ends with its true outcome first."""
        with self.store.write() as tx:
            return tx.verbs.cancel(event_id, actor=actor, reason=reason)

    def pause(self, event_id: int, *, actor: str = "", reason: str = "") -> Event:
        """Keep an event from running until it is resumed."""
        with self.store.write() as tx:
            return tx.verbs.pause(event_id, actor=actor, reason=reason)

    def resume(self, event_id: int, *, actor: str = "", reason: str = "", catch_up: str | None = None) -> Event:
        """Let a paused event run again; times missed meanwhile follow `catch_up`, or the event's rule when None.

        A `catch_up` becomes the event's rule for good: it holds for all times that are missed later too.
        """
        if catch_up is not None and catch_up not in CATCH_UPS:
            message = f"catch_up must be one of {', '.join(CATCH_UPS)}, not {catch_up!r}."
            raise Invalid(message)
        with self.store.write() as tx:
            return tx.verbs.resume(event_id, actor=actor, reason=reason, catch_up=catch_up)

    def run_now(self, event_id: int, *, actor: str = "", reason: str = "") -> Event:
        """Run an event now, and return the event that will run.

        A one-off that is still to come is moved to now. For a recurring event, or one that has ended, a child is
        added; the parent and its due times stay as they are. While that child lives, no second one is added: the one
        there is is returned, and moved to now if it waits for later or is paused.

        Raises:
            IllegalTransition: it is running, or held.
        """
        known = self.event_types()
        with self.store.write() as tx:
            event = tx.verbs.locked(event_id)  # or two at once would each add a child
            if event.status in (EventStatus.RUNNING, EventStatus.HELD):
                remedy = _HELD if event.status is EventStatus.HELD else "It is running already."
                raise IllegalTransition(event_id, verb="run now", status=event.status, remedy=remedy)
            if not event.recurring and not event.status.is_final:
                return _move_to_now(tx, event, known=known, actor=actor, reason=reason)
            key = _run_key(event_id)
            child = tx.events.live_with_key(key)
            if child is not None:
                waits = child.status is EventStatus.SCHEDULED and child.due_at > tx.now
                if not child.recurring and (waits or child.status is EventStatus.PAUSED):
                    return _move_to_now(tx, child, known=known, actor=actor, reason=reason)
                return child
            request = Request(
                event_type=event.event_type,
                schedule=tx.now,
                resource_id=event.resource_id,
                args=canonical(event.args),
                description=event.description,
                bot_id=event.bot_id,
                on_existing=OnExisting.ADD,
                recheck=event.recheck,
                allow_unknown=True,
                parent_id=event.event_id,
                user_resource_id=event.user_resource_id,
                created_by=actor,
            )
            return self._add(tx, request, known=known, actor=actor, key=key)

    def resolve(self, event_id: int, resolution: Resolution | str, *, reason: str, actor: str = "") -> Event:
        """Settle a held event: `retry`, `succeeded`, `failed` or `cancelled`.

        Raises:
            IllegalTransition: it is not held.
            Invalid: no reason is given, or the resolution is none of the four.
        """
        try:
            resolution = Resolution(resolution)
        except ValueError:
            message = f"A held event is resolved as {', '.join(Resolution)}; not as {resolution!r}."
            raise Invalid(message) from None
        with self.store.write() as tx:
            event = tx.events.get(event_id)
            next_due = event.schedule.next_after(event.due_at) if event.recurring else None
            return tx.verbs.resolve(event_id, resolution, next_due=next_due, actor=actor, reason=reason)

    def _add(
        self,
        tx: Transaction,
        request: Request,
        *,
        known: Mapping[str, EventType],
        actor: str,
        key: bytes | None = None,
    ) -> Event:
        prepared = prepare(
            request,
            known=known,
            now=tx.now,
            key=key,
            most_bytes=self.max_argument_bytes,
            destinations=self.destinations,
        )
        with span("duetime.schedule", {"duetime.event.type": request.event_type}, kind=SpanKind.PRODUCER) as asking:
            event_id = tx.events.add(prepared._replace(trace_parent=trace_parent()), now=tx.now)
            asking.note({"duetime.event.id": event_id})
        event = tx.events.get(event_id)
        tx.audit.add(
            actor=actor,
            verb="event.schedule",
            subject=f"event:{event_id}",
            after={
                "event_type": event.event_type,
                "resource_id": event.resource_id,
                "due_at": event.due_at.isoformat(),
                "parent_id": event.parent_id,
            },
        )
        return event


def _run_key(parent_id: int) -> bytes:
    """Return the dedupe key of the child that runs an event now; no key of a bot's wish is made of two parts."""
    return blake2b(f"run\x1f{parent_id}".encode(), digest_size=16).digest()


def _move_to_now(tx: Transaction, event: Event, *, known: Mapping[str, EventType], actor: str, reason: str) -> Event:
    """Make a one-off that is scheduled or paused due now."""
    once = Once(when=tx.now)
    moved = tx.verbs.reschedule(
        event.event_id,
        schedule=once,
        due_at=tx.now,
        expires_at=_moved_expiry(event, once, tx.now, known=known),
        actor=actor,
        reason=reason or "run now",
    )
    if moved.status is EventStatus.PAUSED:
        moved = tx.verbs.resume(event.event_id, actor=actor, reason=reason or "run now")
    return moved


def _moved_expiry(
    event: Event, schedule: Schedule, due_at: datetime, *, known: Mapping[str, EventType]
) -> datetime | None:
    """Return the expiry at another due time: as late as the event might have been, else as its type may be."""
    allowed = None if event.expires_at is None else event.expires_at - event.due_at
    return expiry(schedule, due_at, kind=known.get(event.event_type), expires_after=allowed)
