"""Applying, running, pausing and archiving bots, with what that means for their events."""

from dataclasses import dataclass, replace
from enum import StrEnum

from duetime.core.bots import Bot, BotDefinition, BotStatus
from duetime.core.errors import Conflict
from duetime.core.events import Event, OnExisting
from duetime.core.operations import ScheduleEvent, UnscheduleEvents
from duetime.core.schedules import Schedule
from duetime.core.statuses import EventStatus
from duetime.schedule.periodic import Periodic
from duetime.scheduling.client import Client
from duetime.scheduling.keys import dedupe_key
from duetime.scheduling.preparation import Request, prepare
from duetime.store.store import Transaction

RUN_BOT = "duetime.run_bot"
"""The event type of a bot run; a bot's schedule is one recurring event of it."""


class PendingEvents(StrEnum):
    """What applying a changed bot does to the events that it scheduled before."""

    KEEP = "keep"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a bot changed.

    Attributes:
        cancelled: how many pending events were cancelled, because that was asked for.
    """

    bot: Bot
    is_new: bool
    is_changed: bool
    cancelled: int = 0


def apply_bot(
    client: Client, definition: BotDefinition, *, pending: PendingEvents = PendingEvents.KEEP, actor: str = ""
) -> Applied:
    """Insert a bot or give it a new version, and bring its recurring run to its schedule.

    Raises:
        Conflict: the bot is archived, which is final.
        InvalidSchedule: its schedule never fires.
    """
    with client.store.write() as tx:
        bot, is_changed = tx.bots.save(definition)
        cancelled = 0
        if is_changed:
            if pending is PendingEvents.CANCEL and bot.version > 1:
                cancelled = tx.operations.apply(
                    [UnscheduleEvents(f"bot changed by {actor}", bot_id=bot.bot_id, resource_id=None, actor=actor)]
                ).cancelled
            _plant_schedule(tx, bot)
            tx.audit.add(
                actor=actor,
                verb="bot.apply",
                subject=f"bot:{bot.bot_id}",
                after={"name": bot.name, "version": bot.version},
            )
        return Applied(bot, is_new=is_changed and bot.version == 1, is_changed=is_changed, cancelled=cancelled)


def request_run(client: Client, name: str, *, actor: str = "") -> Event:
    """Schedule a run of a bot for now and return its event.

    Raises:
        UnknownName: there is no such bot.
        Conflict: it is paused or archived.
    """
    with client.store.write() as tx:
        bot = tx.bots.by_name(name)
        if bot.status is not BotStatus.RUNNING:
            remedy = "Resume it first." if bot.status is BotStatus.PAUSED else "That is final."
            message = f"Bot {name!r} is {bot.status.value.lower()} and does not run. {remedy}"
            raise Conflict(message)
        request = Request(
            event_type=RUN_BOT,
            schedule=tx.now,
            args={"bot": bot.name},
            description=f"Run bot {bot.name}",
            bot_id=bot.bot_id,
            on_existing=OnExisting.ADD,
            recheck=False,
            user_resource_id=bot.owner,
            created_by=actor,
        )
        known = tx.event_types.by_ids([RUN_BOT])
        event_id = tx.events.add(prepare(request, known=known, now=tx.now), now=tx.now)
        tx.audit.add(actor=actor, verb="bot.run", subject=f"bot:{bot.bot_id}", after={"event_id": event_id})
        return tx.events.get(event_id)


def pause_bot(client: Client, name: str, *, actor: str = "", reason: str = "") -> Bot:
    """Stop a bot's runs; the events that it scheduled still run."""
    return _move(client, name, BotStatus.PAUSED, actor=actor, reason=reason)


def resume_bot(client: Client, name: str, *, actor: str = "", reason: str = "") -> Bot:
    """Let a paused bot run again; runs missed meanwhile follow the catch-up rule."""
    return _move(client, name, BotStatus.RUNNING, actor=actor, reason=reason)


def archive_bot(client: Client, name: str, *, actor: str = "", reason: str = "") -> tuple[Bot, int]:
    """End a bot for good and cancel its pending events; return it and how many were cancelled."""
    with client.store.write() as tx:
        bot = tx.bots.by_name(name)
        if bot.status is BotStatus.ARCHIVED:
            return bot, 0
        tx.bots.set_status(bot.bot_id, BotStatus.ARCHIVED)
        cancelled = tx.operations.apply(
            [UnscheduleEvents(f"bot archived by {actor}", bot_id=bot.bot_id, resource_id=None, actor=actor)]
        ).cancelled
        tx.audit.add(
            actor=actor,
            verb="bot.archive",
            subject=f"bot:{bot.bot_id}",
            reason=reason,
            before={"status": bot.status.value},
            after={"status": BotStatus.ARCHIVED.value, "cancelled_events": cancelled},
        )
        return tx.bots.by_name(name), cancelled


def _move(client: Client, name: str, target: BotStatus, *, actor: str, reason: str) -> Bot:
    with client.store.write() as tx:
        bot = tx.bots.by_name(name)
        if bot.status is BotStatus.ARCHIVED:
            message = f"Bot {name!r} is archived, which is final."
            raise Conflict(message)
        if bot.status is target:
            return bot
        tx.bots.set_status(bot.bot_id, target)
        event = _planned_run(tx, bot)
        if event is not None:
            if target is BotStatus.PAUSED and event.status in (EventStatus.SCHEDULED, EventStatus.RUNNING):
                tx.verbs.pause(event.event_id, actor=actor, reason=f"bot paused: {reason}".rstrip(": "))
            elif target is BotStatus.RUNNING and event.status is EventStatus.PAUSED:
                tx.verbs.resume(event.event_id, actor=actor, reason=reason)
        tx.audit.add(
            actor=actor,
            verb="bot.pause" if target is BotStatus.PAUSED else "bot.resume",
            subject=f"bot:{bot.bot_id}",
            reason=reason,
            before={"status": bot.status.value},
            after={"status": target.value},
        )
        return tx.bots.by_name(name)


def _plant_schedule(tx: Transaction, bot: Bot) -> None:
    """Make the bot's recurring run what its definition says: there, moved, or gone."""
    present = _planned_run(tx, bot)
    schedule = bot.definition.schedule
    if schedule is None:
        if present is not None:
            tx.verbs.cancel(present.event_id, actor=f"bot:{bot.name}", reason="the bot has no schedule any more")
        return
    if present is not None and _is_same(present.schedule, schedule):
        return
    request = Request(
        event_type=RUN_BOT,
        schedule=schedule,
        args={"bot": bot.name},
        description=f"Run bot {bot.name}",
        bot_id=bot.bot_id,
        on_existing=OnExisting.REPLACE,
        recheck=False,
        user_resource_id=bot.owner,
        created_by=f"bot:{bot.name}",
    )
    wanted = prepare(request, known=tx.event_types.by_ids([RUN_BOT]), now=tx.now, key=_run_key(bot))
    tx.operations.apply([ScheduleEvent(wanted)])
    planned = _planned_run(tx, bot)
    if bot.status is BotStatus.PAUSED and planned is not None and planned.status is EventStatus.SCHEDULED:
        tx.verbs.pause(planned.event_id, actor=f"bot:{bot.name}", reason="bot paused")


def _is_same(present: Schedule, wanted: Schedule) -> bool:
    """Return whether a planned schedule is the wanted one; an interval got its anchor when it was planned."""
    if isinstance(present, Periodic) and isinstance(wanted, Periodic) and wanted.anchor is None:
        return replace(present, anchor=None) == wanted
    return present == wanted


def _run_key(bot: Bot) -> bytes:
    return dedupe_key(bot_id=bot.bot_id, slot="schedule", resource_id="", event_type=RUN_BOT, nth=0)


def _planned_run(tx: Transaction, bot: Bot) -> Event | None:
    """Return the live recurring run of a bot."""
    return tx.events.live_with_key(_run_key(bot))
