"""Which bots ask about a resource group."""

from collections.abc import Iterable

from duetime.bots.errors import MissingHandler
from duetime.bots.matching import predicate_of
from duetime.core.bots import Bot, BotStatus
from duetime.core.errors import Invalid
from duetime.core.predicates import groups_asked_for
from duetime.core.registration import Registries


def bots_asking_about(group: str, bots: Iterable[Bot], registries: Registries) -> list[str]:
    """Return the names of the bots that would fail without a resource group; archived ones never run again.

    A bot whose filters are not loaded, or do not fit, asks about nothing as long as they do not, beside its scope.
    """
    return [bot.name for bot in bots if bot.status is not BotStatus.ARCHIVED and group in _groups_of(bot, registries)]


def _groups_of(bot: Bot, registries: Registries) -> frozenset[str]:
    scope = frozenset(bot.definition.scope.groups)
    try:
        return scope | groups_asked_for(predicate_of(bot.definition, registries, accounts=()))
    except (MissingHandler, Invalid):
        return scope
