"""What a visitor may do with bots, and does: the API and the pages alike steer bots by this.

Who may do it is asked in the transaction that does it, so that a bot which is given other accounts at the same moment
is not changed by somebody who does not reach them.
"""

from collections.abc import Sequence

from duetime.app.app import App
from duetime.bots.definition import WrittenBot
from duetime.bots.lifecycle import Applied, Moved, apply_bot, archive_bot, pause_bot, resume_bot
from duetime.bots.pending import PendingEvents, PendingNumbers
from duetime.bots.planned_run import request_run
from duetime.bots.require import Require
from duetime.bots.versions import activate_version
from duetime.core.access import Role
from duetime.core.events import Event
from duetime.core.statuses import EventStatus
from duetime.web.bot_reach import bot_to_change, editing, require_definition, require_pending, version_for
from duetime.web.visitor import Visitor

ON_CHANGE = (PendingEvents.KEEP, PendingEvents.RE_EVALUATE, PendingEvents.CANCEL)
"""What may become of pending events when a bot is changed."""
ON_PAUSE = (PendingEvents.KEEP, PendingEvents.PAUSE, PendingEvents.CANCEL)
"""What may become of pending events when a bot is paused."""


def apply_bots(
    app: App,
    visitor: Visitor,
    bots: Sequence[WrittenBot],
    *,
    pending: PendingEvents = PendingEvents.KEEP,
    also: Require | None = None,
) -> list[Applied]:
    """Make bots what was written, each in a transaction of its own; those before one that is refused stay applied.

    Args:
        app: where.
        visitor: who asks.
        bots: flawless ones, of `check_bots`.
        pending: what becomes of the events that they have scheduled before.
        also: what else may refuse, such as that a bot has changed since it was read.

    Raises:
        Forbidden: one looks beyond the visitor's accounts, or uses an action that is for administrators.
        NameTaken: one has the name of a bot that the visitor does not reach.
        Conflict: one is archived, which is final.
    """
    for bot in bots:  # nothing is applied when any of them is refused for what it says itself
        require_definition(app, visitor, bot.definition)
        with app.store.read() as tx:  # who may not know of a bot is not told of its events
            editing(visitor, bot.definition.name, may_be_new=True)(tx.bots.find(bot.definition.name))
        require_pending(app, visitor, bot.definition.name, pending)
    return [
        apply_bot(
            app.client,
            bot.definition,
            pending=pending,
            actor=visitor.actor,
            require=editing(visitor, bot.definition.name, also=also, may_be_new=True),
        )
        for bot in bots
    ]


def pause(app: App, visitor: Visitor, name: str, *, pending: PendingEvents, reason: str = "") -> Moved:
    """Stop a bot's runs; its scheduled events stand, are paused or are cancelled.

    Raises:
        UnknownName: there is no such bot that the visitor reaches.
        Forbidden: the visitor may not change it.
        Conflict: it is archived.
    """
    bot_to_change(app, visitor, name)
    require_pending(app, visitor, name, pending)
    require = editing(visitor, name)
    return pause_bot(app.client, name, pending=pending, actor=visitor.actor, reason=reason, require=require)


def resume(app: App, visitor: Visitor, name: str, *, reason: str = "") -> Moved:
    """Let a paused bot run again; raises as `pause`."""
    bot_to_change(app, visitor, name)
    require_pending(app, visitor, name, PendingEvents.RE_EVALUATE, statuses=(EventStatus.PAUSED,))
    return resume_bot(app.client, name, actor=visitor.actor, reason=reason, require=editing(visitor, name))


def archive(app: App, visitor: Visitor, name: str, *, reason: str = "") -> Moved:
    """End a bot for good and cancel its pending events.

    Raises:
        UnknownName: there is no such bot that the visitor reaches.
        Forbidden: the visitor is no administrator of it: it cannot be taken back.
    """
    bot_to_change(app, visitor, name, role=Role.ADMIN)
    require_pending(app, visitor, name, PendingEvents.CANCEL)
    require = editing(visitor, name, role=Role.ADMIN)
    bot, cancelled = archive_bot(app.client, name, actor=visitor.actor, reason=reason, require=require)
    return Moved(bot, PendingNumbers(cancelled=cancelled))


def run(app: App, visitor: Visitor, name: str) -> Event:
    """Schedule a run of a bot for now, and return its event.

    Raises:
        UnknownName: there is no such bot that the visitor reaches.
        Forbidden: the visitor may not run it.
        Conflict: it is paused or archived.
    """
    return request_run(app.client, name, actor=visitor.actor, require=editing(visitor, name))


def activate(
    app: App, visitor: Visitor, name: str, version: int, *, pending: PendingEvents = PendingEvents.KEEP
) -> Applied:
    """Make an earlier version of a bot the active one again, as a new version.

    Raises:
        UnknownName: there is no such bot, or no such version, that the visitor reaches.
        Forbidden: the visitor may not change it, or not to what that version says.
        Conflict: it is archived.
    """
    with app.store.read() as tx:
        found = version_for(tx, visitor, name, version)
    bot_to_change(app, visitor, name)
    require_definition(app, visitor, found.definition)
    require_pending(app, visitor, name, pending)
    require = editing(visitor, name)
    return activate_version(app.client, name, version, pending=pending, actor=visitor.actor, require=require)
