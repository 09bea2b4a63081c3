"""What a change of a bot would do to the events that it has pending, without doing it."""

from collections.abc import Sequence

from duetime.app.app import App
from duetime.bots.definition import WrittenBot
from duetime.bots.lifecycle import Applied, preview_apply, preview_archive, preview_pause, preview_resume
from duetime.bots.pending import PendingEvents, PendingNumbers
from duetime.core.access import Role
from duetime.core.bots import Bot
from duetime.core.statuses import EventStatus
from duetime.web.bot_reach import bot_to_change, editing, require_definition, require_pending, version_for
from duetime.web.visitor import Visitor


def preview_bots(
    app: App, visitor: Visitor, bots: Sequence[WrittenBot], *, pending: PendingEvents = PendingEvents.KEEP
) -> list[Applied]:
    """Return what `apply_bots` would change; a bot that would be new has the id 0.

    Raises:
        Forbidden: as `apply_bots`.
        NameTaken: as `apply_bots`.
    """
    previews = []
    for bot in bots:
        require_definition(app, visitor, bot.definition)
        with app.store.read() as tx:
            editing(visitor, bot.definition.name, may_be_new=True)(tx.bots.find(bot.definition.name))
        require_pending(app, visitor, bot.definition.name, pending)
        found = preview_apply(app.client, bot.definition, pending=pending)
        previews.append(found or Applied(Bot(0, bot.definition), is_new=True, is_changed=True))
    return previews


def preview_pausing(app: App, visitor: Visitor, name: str, *, pending: PendingEvents) -> PendingNumbers:
    """Return what `pause` would do to pending events; raises as it does."""
    bot_to_change(app, visitor, name)
    require_pending(app, visitor, name, pending)
    return preview_pause(app.client, name, pending=pending)


def preview_resuming(app: App, visitor: Visitor, name: str) -> PendingNumbers:
    """Return what `resume` would do to pending events; raises as it does."""
    bot_to_change(app, visitor, name)
    require_pending(app, visitor, name, PendingEvents.RE_EVALUATE, statuses=(EventStatus.PAUSED,))
    return preview_resume(app.client, name)


def preview_archiving(app: App, visitor: Visitor, name: str) -> PendingNumbers:
    """Return what `archive` would do to pending events; raises as it does."""
    bot_to_change(app, visitor, name, role=Role.ADMIN)
    require_pending(app, visitor, name, PendingEvents.CANCEL)
    return preview_archive(app.client, name)


def preview_activating(
    app: App, visitor: Visitor, name: str, version: int, *, pending: PendingEvents = PendingEvents.KEEP
) -> Applied:
    """Return what `activate` would change; raises as it does."""
    bot = bot_to_change(app, visitor, name)
    with app.store.read() as tx:
        found = version_for(tx, visitor, name, version)
    require_definition(app, visitor, found.definition)
    require_pending(app, visitor, name, pending)
    return preview_apply(app.client, found.definition, pending=pending) or Applied(bot, is_new=False, is_changed=False)
