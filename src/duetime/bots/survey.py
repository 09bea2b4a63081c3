"""What a bot sees before its actions are called."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta

from duetime.bots.compliance import Judged, judge_flagged
from duetime.bots.freshness import StaleAccount, freshness_of, limit_of, too_old
from duetime.bots.matching import Resolved, resolve
from duetime.bots.run import Found, find_resources
from duetime.core.bots import Bot
from duetime.core.registration import Registries
from duetime.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Survey:
    """What there is for a run of a bot to do.

    Attributes:
        found: its resources, without those of stale accounts.
        left_out: the accounts whose inventory is too old to act on, and why.
        pending: what became of looking at its pending events again.
    """

    resolved: Resolved
    found: Found
    left_out: tuple[StaleAccount, ...]
    pending: Judged


def survey(tx: Transaction, bot: Bot, *, registries: Registries, max_age: timedelta | None) -> Survey:
    """Look up what the bot names, find its resources, and look at its pending events again: all at one moment.

    Args:
        tx: where everything is.
        bot: the bot.
        registries: what is loaded.
        max_age: how old an account's harvest may be for bots that do not say it themselves; None = as old as it is.

    Raises:
        MissingHandler: a filter or action is not loaded; nothing was evaluated.
        Invalid: the settings of a filter do not fit, or an expression ran away.
        UnknownName: scope or filters name a resource group that does not exist.
    """
    resolved = resolve(bot.definition, registries)
    accounts = tx.accounts.all()
    stale = freshness_of(bot.definition, accounts, now=tx.now, max_age=max_age).stale
    found = find_resources(
        bot, resolved, inventory=tx.resources, accounts=accounts, left_out={each.account for each in stale}
    )
    older = too_old(
        (*found.matches, *(found.non_matches or ())),
        registered=(account.account for account in accounts),
        now=tx.now,
        limit=limit_of(bot.definition, max_age=max_age),
    )
    if older:
        found = _without(found, {each.account for each in older})
    pending = judge_flagged(
        tx,
        registries=registries,
        bot=bot,
        now=tx.now,
        max_age=max_age,
        known_to_match={resource.resource_id for resource in found.matches},
    )
    return Survey(resolved, found, (*stale, *older), pending)


def _without(found: Found, accounts: Collection[str]) -> Found:
    matches = tuple(resource for resource in found.matches if resource.account not in accounts)
    if found.non_matches is None:
        return Found(matches, None)
    return Found(matches, tuple(resource for resource in found.non_matches if resource.account not in accounts))
