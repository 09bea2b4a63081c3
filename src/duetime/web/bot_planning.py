"""Plans of bots, as far as a visitor may see them."""

from dataclasses import replace

from duetime.app.app import App, Inventory
from duetime.bots.plan import BotPlan, plan_bot
from duetime.core.access import Feature, Role
from duetime.core.errors import UnknownName
from duetime.core.registry import BUILTIN
from duetime.web.reach import bot_for, reaches_bot
from duetime.web.visitor import Visitor


def plan_for(app: App, visitor: Visitor, name: str) -> BotPlan:
    """Return what a run of a bot would do, as far as the visitor may see it. It may take as long as a run.

    Planning calls the bot's actions. Those of plugins may do more than ask for events, so that a bot which uses one is
    planned only for visitors who may run it.

    Raises:
        UnknownName: there is no such bot that the visitor reaches, or no such resource group.
        Forbidden: an action comes from a plugin, and the visitor may not run the bot.
        Conflict: it is archived.
        MissingHandler: a filter or action is not loaded.
        Invalid: the settings of a filter do not fit.
    """
    with app.store.read() as tx:
        bot = bot_for(tx, visitor, name)
        if not all(_is_builtin(app, use.uid) for use in bot.definition.actions):
            bot_for(tx, visitor, name, Role.EDITOR)
        hidden = {other.name for other in tx.bots.all() if not reaches_bot(visitor.reach(Feature.BOTS), other)}
    try:
        with app.current():
            found = plan_bot(app.client, name, inventory=Inventory(app.store), cloud=app.clouds)
    except UnknownName as unknown:
        if visitor.reach(Feature.RESOURCES).is_everywhere:
            raise
        raise UnknownName(unknown.kind, unknown.name) from None  # names that look like it may be none of theirs
    return _without_bots(found, hidden)


def _is_builtin(app: App, uid: str) -> bool:
    found = app.registries.actions.get(uid)
    return found is None or found.owner == BUILTIN  # one that nobody has loaded is not called


def _without_bots(found: BotPlan, hidden: set[str]) -> BotPlan:
    """Return a plan that does not name bots which the visitor may not see."""
    wanted = {key: tuple(name for name in names if name not in hidden) for key, names in found.also_wanted_by.items()}
    return replace(
        found,
        also_wanted_by={key: names for key, names in wanted.items() if names},
        conflicts=tuple(
            replace(
                each,
                first=replace(each.first, bot="") if each.first.bot in hidden else each.first,
                last=replace(each.last, bot="") if each.last.bot in hidden else each.last,
            )
            for each in found.conflicts
        ),
    )
