"""Which bots and versions a visitor may see and change."""

from dataclasses import replace

from duetime.app.app import App
from duetime.bots.require import Require
from duetime.core.access import Feature, Role
from duetime.core.bots import Bot, BotDefinition, BotVersion
from duetime.core.errors import UnknownName
from duetime.store.store import Transaction
from duetime.web.errors import Forbidden, NameTaken
from duetime.web.reach import bot_for, reaches_bot
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
        Forbidden: it looks beyond their accounts, or uses an action that is for administrators.
    """
    bot = Bot(0, definition)
    if not reaches_bot(visitor.reach(Feature.BOTS, Role.EDITOR), bot):
        problem = "name accounts in the bot's scope, and only such as you may change bots of"
        raise Forbidden(Feature.BOTS, Role.EDITOR, problem)
    for use in definition.actions:
        found = app.registries.actions.get(use.uid)
        is_for_admins = found is not None and found.item.admin_only
        if is_for_admins and not reaches_bot(visitor.reach(Feature.BOTS, Role.ADMIN), bot):
            raise Forbidden(Feature.BOTS, Role.ADMIN, f"the action {use.uid} is for administrators")
