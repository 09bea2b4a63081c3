"""The runs of a bot as events: the recurring one that its schedule asks for, and those that are asked for by hand."""

from dataclasses import replace

from duetime.bots.require import Require, anybody
from duetime.core.bots import Bot, BotStatus
from duetime.core.errors import Conflict
from duetime.core.events import Event, OnExisting
from duetime.core.operations import ScheduleEvent
from duetime.core.schedules import Schedule
from duetime.core.statuses import EventStatus
from duetime.schedule.periodic import Periodic
from duetime.scheduling.client import Client
from duetime.scheduling.keys import dedupe_key
from duetime.scheduling.preparation import Request, prepare
from duetime.store.store import Transaction

RUN_BOT = "duetime.run_bot"
"""The event type of a bot run; a bot's schedule is one recurring event of it."""


def request_run(client: Client, name: str, *, actor: str = "", require: Require = anybody) -> Event:
    """Schedule a run of a bot for now and return its event.

    Args:
        client: where.
        name: which.
        actor: who asks.
        require: may refuse.

    Raises:
        UnknownName: there is no such bot.
        Conflict: it is paused or archived.
    """
    with client.store.write() as tx:
        require(tx.bots.locked(name))
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


def plant_schedule(tx: Transaction, bot: Bot) -> None:
    """Make the bot's recurring run what its definition says: there, moved, or gone."""
    present = planned_run(tx, bot)
    schedule = bot.definition.schedule
    if schedule is None:
        if present is not None:
            tx.verbs.cancel(present.event_id, actor=f"bot:{bot.name}", reason="the bot has no schedule any more")
        return
    if present is not None and _is_same(present.schedule, schedule) and present.user_resource_id == bot.owner:
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
    planned = planned_run(tx, bot)
    if bot.status is BotStatus.PAUSED and planned is not None and planned.status is EventStatus.SCHEDULED:
        tx.verbs.pause(planned.event_id, actor=f"bot:{bot.name}", reason="bot paused")


def _is_same(present: Schedule, wanted: Schedule) -> bool:
    """Return whether a planned schedule is the wanted one; an interval got its anchor when it was planned."""
    if isinstance(present, Periodic) and isinstance(wanted, Periodic) and wanted.anchor is None:
        return replace(present, anchor=None) == wanted
    return present == wanted


def _run_key(bot: Bot) -> bytes:
    return dedupe_key(bot_id=bot.bot_id, slot="schedule", resource_id="", event_type=RUN_BOT, nth=0)


def planned_run(tx: Transaction, bot: Bot) -> Event | None:
    """Return the live recurring run of a bot."""
    return tx.events.live_with_key(_run_key(bot))
