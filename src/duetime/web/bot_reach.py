"""Which bots and versions a visitor may see and change."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from duetime.app.app import App
from duetime.bots.pending import PendingEvents
from duetime.bots.planned_run import RUN_BOT
from duetime.bots.require import Require
from duetime.core.access import Feature, Reach, Role
from duetime.core.bots import Bot, BotDefinition, BotVersion
from duetime.core.errors import UnknownName
from duetime.core.statuses import EventStatus
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden, NameTaken
from duetime.web.reach import account_of, bot_for, reaches_bot
from duetime.web.steering import BEYOND_ITS_RESOURCE
from duetime.web.visitor import Visitor


def bot_to_change(app: App, visitor: Visitor, name: str, *, role: Role = Role.EDITOR) -> Bot:
    """Return a bot that the visitor may change.

    Raises:
        UnknownName: there is none of this name that the visitor reaches.
        Forbidden: the visitor may not change it.
    """
    with app.store.read() as tx:
        return bot_for(tx, visitor, name, role)


def versions_for(tx: Transaction, visitor: Visitor, name: str) -> list[BotVersion]:
    """Return the versions of a bot that the visitor may see, oldest first: one may have looked at other accounts.

    Raises:
        UnknownName: there is no such bot that the visitor reaches.
    """
    bot = bot_for(tx, visitor, name)
    reach = visitor.reach(Feature.BOTS)
    return [each for each in tx.bots.versions(name) if reaches_bot(reach, replace(bot, definition=each.definition))]


def version_for(tx: Transaction, visitor: Visitor, name: str, version: int) -> BotVersion:
    """Return one version of a bot.

    Raises:
        UnknownName: there is none that the visitor may see.
    """
    bot = bot_for(tx, visitor, name)
    found = tx.bots.version(name, version)
    if not reaches_bot(visitor.reach(Feature.BOTS), replace(bot, definition=found.definition)):
        raise UnknownName(f"bot {name!r} with version", version)
    return found


def looks_within_since(tx: Transaction, reach: Reach, bot: Bot) -> datetime | None:
    """Return since when a bot has looked at nothing beyond a reach: its earlier runs may tell of other accounts.

    None = it never has looked further. The bot itself must be reached.
    """
    since = None
    if reach.is_everywhere:
        return since
    for version in reversed(tx.bots.versions(bot.name)):
        if not reaches_bot(reach, replace(bot, definition=version.definition)):
            return since
        since = version.created_at
    return None


def editing(
    visitor: Visitor, name: str, *, role: Role = Role.EDITOR, also: Require | None = None, may_be_new: bool = False
) -> Require:
    """Return what refuses a change of a bot that the visitor may not change."""

    def require(present: Bot | None) -> None:
        if present is None and not may_be_new:
            raise UnknownName("bot", name)
        if present is not None and not reaches_bot(visitor.reach(Feature.BOTS), present):
            raise NameTaken(name) if may_be_new else UnknownName("bot", name)
        if present is not None and not reaches_bot(visitor.reach(Feature.BOTS, role), present):
            raise Forbidden(Feature.BOTS, role)
        if also is not None:
            also(present)

    return require


def require_definition(app: App, visitor: Visitor, definition: BotDefinition) -> None:
    """See that a visitor may have a bot do what a definition says.

    Raises:
        Forbidden: it looks beyond their accounts, asks for events that reach beyond them, acts for another user than
            their own, or uses an action that is for administrators, or may be.
    """
    bot = Bot(0, definition)
    edits = visitor.reach(Feature.BOTS, Role.EDITOR)
    administers = reaches_bot(visitor.reach(Feature.BOTS, Role.ADMIN), bot)
    mine = visitor.user_resource_id
    if mine is not None and definition.owner != mine and not administers:
        # What may be done for a user is asked of the bot's owner; to name another one would go around it.
        raise Forbidden(Feature.BOTS, Role.ADMIN, f"your bots act for {mine}; name it as the bot's owner")
    if not reaches_bot(edits, bot):
        problem = "name accounts in the bot's scope, and only such as you may change bots of"
        raise Forbidden(Feature.BOTS, Role.EDITOR, problem)
    for use in definition.actions:
        beyond = next((text for text in _texts_in(use.settings) if text.strip() in BEYOND_ITS_RESOURCE), None)
        if beyond is not None and not edits.is_everywhere:
            problem = f"in all accounts: {beyond.strip()} acts on more than its resource"
            raise Forbidden(Feature.BOTS, Role.EDITOR, problem)
        found = app.registries.actions.get(use.uid)
        if (found is None or found.item.admin_only) and not administers:
            problem = "may be for administrators: nobody has loaded it" if found is None else "is for administrators"
            raise Forbidden(Feature.BOTS, Role.ADMIN, f"the action {use.uid} {problem}")


def require_pending(
    app: App,
    visitor: Visitor,
    name: str,
    pending: PendingEvents,
    *,
    statuses: Container[EventStatus] = tuple(EventStatus),
) -> None:
    """See that what becomes of a bot's pending events befalls none of other accounts: it may have looked there before.

    Args:
        app: where they are.
        visitor: who asks.
        name: the bot; one that is not there has none.
        pending: what becomes of them.
        statuses: it befalls only those that stand so.

    Raises:
        Forbidden: some of them lie beyond the visitor's accounts.
    """
    edits = visitor.reach(Feature.BOTS, Role.EDITOR)
    if pending is PendingEvents.KEEP or edits.is_everywhere:
        return
    with app.store.read() as tx:
        bot = tx.bots.find(name)
        events = () if bot is None else tx.bot_events.of_bot(bot.bot_id, besides=RUN_BOT)
    if any(event.status in statuses and not edits.covers(account_of(event.resource_id)) for event in events):
        problem = "in all accounts: the bot has pending events beyond its scope, which this would change too"
        raise Forbidden(Feature.BOTS, Role.EDITOR, problem)


def _texts_in(value: Any) -> Iterator[str]:
    """Yield every text in a setting: any may name an event type, and only an action itself knows which of them do."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts_in(each)
