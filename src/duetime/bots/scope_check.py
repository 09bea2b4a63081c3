"""Whether anything is known of what a scope names: no reason to refuse a bot, but most often a slip of the pen."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from duetime.bots.definition import WrittenBot
from duetime.core.bots import Badge
from duetime.core.errors import InvalidDocument, nearest


@dataclass(frozen=True, slots=True)
class KnownPlaces:
    """What there is for scopes to name.

    Attributes:
        accounts: the badges of each registered account; when there is none, accounts, badges and regions are not asked.
        regions: those of the accounts and of the inventory.
        resource_types: those of the providers and of the inventory.
        groups: the resource groups.
    """

    accounts: Mapping[str, Mapping[str, str]]
    regions: Collection[str]
    resource_types: Collection[str]
    groups: Collection[str]


def warnings_of(bot: WrittenBot, known: KnownPlaces) -> list[InvalidDocument]:
    """Return what the bot's scope names and nothing knows, each with its place."""
    scope = bot.definition.scope
    warnings: list[InvalidDocument] = []

    def look_up(kind: str, names: Sequence[str], among: Collection[str], part: str) -> None:
        for index, name in enumerate(names):
            if name not in among:
                near = nearest(name, among)
                hint = f"; did you mean {' or '.join(near)}" if near else ""
                warnings.append(bot.error(f"no {kind} {name!r} is known{hint}", "scope", part, index))

    look_up("resource type", scope.resource_types, known.resource_types, "resource_types")
    look_up("resource group", scope.groups, known.groups, "groups")
    if known.accounts:
        look_up("account", scope.accounts, known.accounts, "accounts")
        look_up("region", scope.regions, known.regions, "regions")
        warnings += _badges(bot, "all", scope.all_badges, known)
        warnings += _badges(bot, "any", scope.any_badges, known)
        if not any(scope.accepts_badges(badges) for badges in known.accounts.values()):
            said = scope.badges_in_words()
            warnings.append(bot.error(f"no account has {said}, so nothing is in scope", "scope", "badges"))
    return warnings


def _badges(bot: WrittenBot, part: str, badges: Sequence[Badge], known: KnownPlaces) -> Iterator[InvalidDocument]:
    present = {str(Badge(key, value)) for given in known.accounts.values() for key, value in given.items()}
    for index, badge in enumerate(badges):
        if not any(badge.is_on(given) for given in known.accounts.values()):
            near = nearest(str(badge), present)
            hint = f"; did you mean {' or '.join(near)}" if near else ""
            yield bot.error(f"no account has the badge {badge}{hint}", "scope", "badges", part, index)
