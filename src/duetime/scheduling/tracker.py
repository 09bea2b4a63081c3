"""The block in which bot actions schedule and unschedule events: all of it is kept, or nothing."""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextvars import ContextVar, Token
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Protocol, Self

from duetime.core.errors import Invalid
from duetime.core.event_types import EventType
from duetime.core.events import OnExisting
from duetime.core.operations import CancelEvents, Operation, OperationReport, ScheduleEvent, UnscheduleEvents
from duetime.core.run_context import current_run
from duetime.core.sanitising import clean_text
from duetime.core.schedules import Schedule
from duetime.core.tracing import SpanKind, span, trace_parent
from duetime.scheduling.action_slot import Asking, current_asking
from duetime.scheduling.client import Client
from duetime.scheduling.current import current_client
from duetime.scheduling.keys import dedupe_key
from duetime.scheduling.preparation import Request, prepare


class BotLike(Protocol):
    """What a tracker reads of a bot."""

    @property
    def bot_id(self) -> int: ...
    @property
    def name(self) -> str: ...


class ResourceLike(Protocol):
    """What a tracker reads of a resource."""

    def get_resource_id(self) -> str: ...


_Asked = tuple[int, str, str, str]
"""Bot, action slot, resource and event type: what a wish is counted by."""


class _Buffer:
    """What the outermost block has collected so far."""

    def __init__(self, client: Client | None) -> None:
        self._given = client
        self._client: Client | None = None
        self._known: Mapping[str, EventType] | None = None
        self._now: datetime | None = None
        self.operations: list[Operation] = []
        self.asked: Counter[_Asked] = Counter()
        self.order_asked: list[_Asked] = []

    def note(self, asked: _Asked) -> None:
        """Count one wish of a bot's action for a resource."""
        self.asked[asked] += 1
        self.order_asked.append(asked)

    def drop_since(self, *, operations: int, asked: int) -> None:
        """Forget what was collected after the given counts."""
        del self.operations[operations:]
        self.asked.subtract(self.order_asked[asked:])
        del self.order_asked[asked:]

    @property
    def client(self) -> Client:
        if self._client is None:
            self._client = self._given or current_client("ScheduledEventTracker")
        return self._client

    @property
    def known(self) -> Mapping[str, EventType]:
        """The event types, read once per block and only when something is scheduled."""
        if self._known is None:
            self._known = self.client.event_types()
        return self._known

    @property
    def now(self) -> datetime:
        if self._now is None:
            self._now = self.client.now()
        return self._now


_outermost: ContextVar[_Buffer | None] = ContextVar("duetime_tracker", default=None)


class ScheduledEventTracker:
    """Collects what a bot's action asks for and writes it in one transaction when the block ends well.

    A block that raises keeps nothing. A block inside another joins it: it is written with the outer one, and when it
    raises only its own part is dropped. Inside a job the outermost block is written together with the end of the
    run, so that a run that lost its claim schedules nothing. A block in which nothing was asked for costs nothing.

    Attributes:
        report: what became of it, after the outermost block ended outside a run; else None.
    """

    def __init__(self, client: Client | None = None) -> None:
        self.report: OperationReport | None = None
        self._client = client
        self._buffer: _Buffer | None = None
        self._token: Token[_Buffer | None] | None = None
        self._joined_at = (0, 0)

    def __enter__(self) -> Self:
        outer = _outermost.get()
        if outer is None:
            self._buffer = _Buffer(self._client)
            self._token = _outermost.set(self._buffer)
        else:
            self._buffer = outer
            self._joined_at = (len(outer.operations), len(outer.order_asked))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        buffer, self._buffer = self._buffer, None
        if buffer is None:
            return
        if self._token is None:
            if error is not None:
                operations, asked = self._joined_at
                buffer.drop_since(operations=operations, asked=asked)
            return
        _outermost.reset(self._token)
        self._token = None
        if error is None and buffer.operations:
            self._write(buffer)

    def _write(self, buffer: _Buffer) -> None:
        run = current_run()
        with span("duetime.schedule", {"duetime.operation.count": len(buffer.operations)}, kind=SpanKind.PRODUCER):
            operations = _traced(buffer.operations)
            if run is not None:
                run.operations.extend(operations)
                return
            with buffer.client.store.write() as tx:
                self.report = tx.operations.apply(operations)

    def schedule_bot_event(  # noqa: PLR0913 - the signature that existing plugins call, and what we add to it
        self,
        *,
        bot: BotLike | None = None,
        resource: ResourceLike | str | None = None,
        description: str = "",
        event_type: str,
        schedule_data: Schedule | Mapping[str, Any] | str | datetime,
        action_data: str | Mapping[str, Any] | None = None,
        on_existing: OnExisting | str = OnExisting.KEEP,
        expires_after: timedelta | None = None,
        recheck: bool | None = None,
        cancel_when_compliant: bool | None = None,
        catch_up: str | None = None,
        allow_unknown: bool = False,
    ) -> None:
        """Schedule an event for a resource on behalf of a bot.

        Asking again while the event is live keeps it (`on_existing="keep"`), gives it the new schedule (`"replace"`) or
        adds another (`"add"`).

        Args:
            bot: on whose behalf; None = nobody's, which is never the same as another event.
            resource: for which resource, or its id.
            description: what for, in words.
            event_type: what to do.
            schedule_data: when.
            action_data: the job's arguments, an object or its JSON text.
            on_existing: what to do about a live event of this bot, action and resource.
            expires_after: how late a one-off may still start; None = the type's rule.
            recheck: whether the bot's filters are asked again before it starts; None = for destructive types.
            cancel_when_compliant: whether it is cancelled once its resource no longer matches the bot; None = what the
                bot says, else for destructive types.
            catch_up: what happens to missed times; None = the type's rule.
            allow_unknown: accept an event type that is not known yet.

        Raises:
            UnknownEventType: the event type is not known.
            Invalid: arguments, schedule or resource id are refused; see `prepare`.
            NotAllowed: the bot's owner may not have it done.
        """
        buffer = self._open()
        asking = current_asking()
        asking.permit(event_type)
        if not isinstance(on_existing, OnExisting):
            on_existing = OnExisting(on_existing)
        resource_id = _id_of(resource)
        asked: _Asked | None = None
        key: bytes | None = None
        if bot is not None and on_existing is not OnExisting.ADD:
            slot = asking.slot
            asked = (bot.bot_id, slot, resource_id or "", event_type)
            key = dedupe_key(
                bot_id=bot.bot_id,
                slot=slot,
                resource_id=resource_id or "",
                event_type=event_type,
                nth=buffer.asked[asked],
            )
        event = prepare(
            Request(
                event_type=event_type,
                schedule=schedule_data,
                resource_id=resource_id,
                args=action_data,
                description=description,
                bot_id=None if bot is None else bot.bot_id,
                on_existing=on_existing,
                expires_after=expires_after,
                recheck=False if recheck is None and resource_id in asking.beyond else recheck,
                cancel_when_compliant=_is_flagged(bot, resource_id, asking, asked=cancel_when_compliant),
                catch_up=catch_up,
                allow_unknown=allow_unknown,
                user_resource_id=getattr(bot, "owner", None),
                created_by="" if bot is None else f"bot:{bot.name}",
            ),
            known=buffer.known,
            now=buffer.now,
            key=key,
            most_bytes=buffer.client.max_argument_bytes,
            destinations=buffer.client.destinations,
        )
        if asked is not None:
            buffer.note(asked)
        buffer.operations.append(ScheduleEvent(event))

    def unschedule_bot_events(
        self,
        *,
        bot: BotLike | None,
        resource: ResourceLike | str | None,
        event_type: str | None = None,
        reason: str = "",
    ) -> None:
        """Cancel the live events of a bot for a resource: of one type, or of all types.

        Raises:
            Invalid: neither bot nor resource is named; that would be every event there is.
        """
        if bot is None and resource is None:
            message = "unschedule_bot_events needs a bot or a resource."
            raise Invalid(message)
        buffer = self._open()
        buffer.operations.append(
            UnscheduleEvents(
                reason=clean_text(reason) or "unscheduled",
                bot_id=None if bot is None else bot.bot_id,
                resource_id=_id_of(resource),
                event_type=event_type,
                actor="" if bot is None else f"bot:{bot.name}",
            )
        )

    def cancel_events(self, event_ids: Sequence[int], *, bot: BotLike | None = None, reason: str = "") -> None:
        """Cancel these events; those that have ended meanwhile stay as they are, and running ones end first."""
        buffer = self._open()
        if event_ids:
            actor = "" if bot is None else f"bot:{bot.name}"
            buffer.operations.append(CancelEvents(tuple(event_ids), clean_text(reason) or "unscheduled", actor))

    def _open(self) -> _Buffer:
        if self._buffer is None:
            message = "Use the tracker inside its own block: with ScheduledEventTracker() as context: ..."
            raise RuntimeError(message)
        # Raises here, where the action can see it, when no app is current.
        _ = self._buffer.client
        return self._buffer


def _traced(operations: Sequence[Operation]) -> Sequence[Operation]:
    """Return operations whose events name the present span: their runs continue its trace."""
    parent = trace_parent()
    if parent is None:
        return operations
    return [
        ScheduleEvent(operation.event._replace(trace_parent=parent))
        if isinstance(operation, ScheduleEvent)
        else operation
        for operation in operations
    ]


def _id_of(resource: ResourceLike | str | None) -> str | None:
    if resource is None or isinstance(resource, str):
        return resource
    return str(resource.get_resource_id())


def _is_flagged(bot: BotLike | None, resource_id: str | None, asking: Asking, *, asked: bool | None) -> bool | None:
    """Return whether an event goes once its resource complies: as asked, as the bot says; None = as its type says."""
    if resource_id is None or resource_id in asking.beyond:
        return bool(asked)
    if asked is not None:
        return asked
    of_bot: bool | None = getattr(getattr(bot, "definition", None), "cancel_when_compliant", None)
    return of_bot
