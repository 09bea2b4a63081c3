"""Applying, running, pausing and archiving bots, with what that means for their events."""

from dataclasses import asdict, dataclass, field, replace

from duetime.bots.pending import Decision, PendingEvents, PendingNumbers, decide_pending, decide_resumed
from duetime.bots.planned_run import RUN_BOT, planned_run, plant_schedule
from duetime.bots.require import Require, anybody
from duetime.core.bots import Bot, BotDefinition, BotStatus
from duetime.core.errors import Conflict
from duetime.core.operations import UnscheduleEvents
from duetime.core.statuses import EventStatus
from duetime.scheduling.client import Client
from duetime.store.rows import definition_text
from duetime.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Applied:
    """What applying a bot changes.

    Attributes:
        pending: what becomes of its pending events.
    """

    bot: Bot
    is_new: bool
    is_changed: bool
    pending: PendingNumbers = field(default_factory=PendingNumbers)

    @property
    def cancelled(self) -> int:
        """How many pending events are cancelled."""
        return self.pending.cancelled


@dataclass(frozen=True, slots=True)
class Moved:
    """What pausing or resuming a bot changed.

    Attributes:
        pending: what became of its pending events.
    """

    bot: Bot
    pending: PendingNumbers = field(default_factory=PendingNumbers)


def apply_bot(
    client: Client,
    definition: BotDefinition,
    *,
    pending: PendingEvents = PendingEvents.KEEP,
    actor: str = "",
    activates: int | None = None,
    require: Require = anybody,
) -> Applied:
    """Insert a bot or give it a new version, and bring its recurring run to its schedule.

    Args:
        client: where.
        definition: what it is to be.
        pending: what becomes of the events that it has scheduled before.
        actor: who asks.
        activates: the earlier version whose definition this is, for the audit trail; None = it is a new one.
        require: may refuse.

    Raises:
        Conflict: the bot is archived, which is final.
        InvalidSchedule: its schedule never fires.
    """
    with client.store.write() as tx:
        require(tx.bots.locked(definition.name))
        bot, is_changed = tx.bots.save(definition, created_by=actor)
        if not is_changed:
            return Applied(bot, is_new=False, is_changed=False)
        numbers = _decided(tx, client, bot, pending, actor=actor).carry_out(tx)
        plant_schedule(tx, bot)
        tx.audit.add(
            actor=actor,
            verb="bot.apply" if activates is None else "bot.activate",
            subject=f"bot:{bot.bot_id}",
            after={
                "name": bot.name,
                "version": bot.version,
                "pending": asdict(numbers),
                **({} if activates is None else {"activates": activates}),
            },
        )
        return Applied(bot, is_new=bot.version == 1, is_changed=True, pending=numbers)


def preview_apply(
    client: Client, definition: BotDefinition, *, pending: PendingEvents = PendingEvents.KEEP
) -> Applied | None:
    """Return what `apply_bot` would change in a bot that exists, without changing it; None for a new bot."""
    with client.store.read() as tx:
        present = tx.bots.find(definition.name)
        if present is None:
            return None
        if definition_text(present.definition) == definition_text(definition):
            return Applied(present, is_new=False, is_changed=False)
        bot = replace(present, definition=definition, version=present.version + 1)
        numbers = _decided(tx, client, bot, pending, actor="").numbers
        return Applied(bot, is_new=False, is_changed=True, pending=numbers)


def _decided(tx: Transaction, client: Client, bot: Bot, pending: PendingEvents, *, actor: str) -> Decision:
    return decide_pending(tx, client, bot, pending, reason=f"bot changed by {actor}", actor=actor)


def pause_bot(
    client: Client,
    name: str,
    *,
    pending: PendingEvents = PendingEvents.KEEP,
    actor: str = "",
    reason: str = "",
    require: Require = anybody,
) -> Moved:
    """Stop a bot's runs, and do with the events that it scheduled what is asked for.

    Raises:
        UnknownName: there is no such bot.
        Conflict: it is archived.
    """
    with client.store.write() as tx:
        bot = _require_live(tx, name, require)
        was = _move(tx, bot, BotStatus.PAUSED, actor=actor, reason=reason)
        decision = decide_pending(tx, client, bot, pending, reason=f"bot paused by {actor}", actor=actor)
        numbers = decision.carry_out(tx, reason=_by(actor, reason))
        if was is not BotStatus.PAUSED or numbers.paused or numbers.cancelled:
            _note(tx, bot, "bot.pause", actor=actor, reason=reason, was=was, now=BotStatus.PAUSED, numbers=numbers)
        return Moved(tx.bots.by_name(name), numbers)


def resume_bot(client: Client, name: str, *, actor: str = "", reason: str = "", require: Require = anybody) -> Moved:
    """Let a paused bot run again, and with it the events that were paused with it and are still wanted.

    Runs and events missed meanwhile follow their catch-up rule.

    Raises:
        UnknownName: there is no such bot.
        Conflict: it is archived.
    """
    with client.store.write() as tx:
        bot = _require_live(tx, name, require)
        was = _move(tx, bot, BotStatus.RUNNING, actor=actor, reason=reason)
        if was is BotStatus.RUNNING:
            return Moved(bot)
        numbers = decide_resumed(tx, client, bot, actor=actor).carry_out(tx)
        _note(tx, bot, "bot.resume", actor=actor, reason=reason, was=was, now=BotStatus.RUNNING, numbers=numbers)
        return Moved(tx.bots.by_name(name), numbers)


def preview_pause(client: Client, name: str, *, pending: PendingEvents) -> PendingNumbers:
    """Return what pausing a bot would do to its pending events."""
    with client.store.read() as tx:
        bot = tx.bots.by_name(name)
        return decide_pending(tx, client, bot, pending, reason="", actor="").numbers


def preview_resume(client: Client, name: str) -> PendingNumbers:
    """Return what resuming a bot would do to the events that were paused with it."""
    with client.store.read() as tx:
        bot = tx.bots.by_name(name)
        return decide_resumed(tx, client, bot, actor="").numbers


def preview_archive(client: Client, name: str) -> PendingNumbers:
    """Return what archiving a bot would do to its pending events, its own next runs left out."""
    with client.store.read() as tx:
        bot = tx.bots.by_name(name)
        if bot.status is BotStatus.ARCHIVED:
            return PendingNumbers()
        return PendingNumbers(cancelled=tx.bot_events.count(bot.bot_id, besides=RUN_BOT))


def archive_bot(
    client: Client, name: str, *, actor: str = "", reason: str = "", require: Require = anybody
) -> tuple[Bot, int]:
    """End a bot for good and cancel its pending events; return it and how many were cancelled."""
    with client.store.write() as tx:
        require(tx.bots.locked(name))
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


def _require_live(tx: Transaction, name: str, require: Require) -> Bot:
    require(tx.bots.locked(name))
    bot = tx.bots.by_name(name)
    if bot.status is BotStatus.ARCHIVED:
        message = f"Bot {name!r} is archived, which is final."
        raise Conflict(message)
    return bot


def _move(tx: Transaction, bot: Bot, target: BotStatus, *, actor: str, reason: str) -> BotStatus:
    """Move a bot, and pause or resume its recurring run with it; return where it stood. The bot's row is locked."""
    if bot.status is target:
        return target
    tx.bots.set_status(bot.bot_id, target)
    event = planned_run(tx, bot)
    if event is not None:
        if target is BotStatus.PAUSED and event.status in (EventStatus.SCHEDULED, EventStatus.RUNNING):
            tx.verbs.pause(event.event_id, actor=actor, reason=f"bot paused: {reason}".rstrip(": "))
        elif target is BotStatus.RUNNING and event.status is EventStatus.PAUSED:
            tx.verbs.resume(event.event_id, actor=actor, reason=reason)
    return bot.status


def _note(
    tx: Transaction,
    bot: Bot,
    verb: str,
    *,
    actor: str,
    reason: str,
    was: BotStatus,
    now: BotStatus,
    numbers: PendingNumbers,
) -> None:
    tx.audit.add(
        actor=actor,
        verb=verb,
        subject=f"bot:{bot.bot_id}",
        reason=reason,
        before={"status": was.value},
        after={"status": now.value, "pending": asdict(numbers)},
    )


def _by(actor: str, reason: str) -> str:
    said = f"by {actor or 'somebody'}"
    return f"{said}: {reason}" if reason else said
