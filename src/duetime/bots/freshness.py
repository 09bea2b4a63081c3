"""Whether the inventory of an account is new enough for a bot to act on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.core.bots import BotDefinition, Scope
from duetime.core.resources import Account, AccountStatus, Resource
from duetime.core.wording import write_span

DEFAULT_MAX_AGE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class StaleAccount:
    """An account that a bot leaves out.

    Attributes:
        reason: why, such as `its inventory is 2 d 3 h old; the limit is 1 d`.
    """

    account: str
    reason: str

    def __str__(self) -> str:
        return f"account {self.account} is left out: {self.reason}"


@dataclass(frozen=True, slots=True)
class Freshness:
    """What a bot may act on.

    Attributes:
        in_scope: the registered accounts that its scope names.
        stale: those of them that it leaves out.
    """

    in_scope: tuple[str, ...]
    stale: tuple[StaleAccount, ...]

    @property
    def left_out(self) -> frozenset[str]:
        return frozenset(stale.account for stale in self.stale)

    @property
    def is_nothing_left(self) -> bool:
        """Whether every registered account in scope is stale, and there is one."""
        return bool(self.in_scope) and len(self.stale) == len(self.in_scope)


def freshness_of(
    definition: BotDefinition, accounts: Iterable[Account], *, now: datetime, max_age: timedelta | None
) -> Freshness:
    """Return which accounts in a bot's scope are too stale to act on.

    Accounts that nobody registered are not judged here: nobody harvests them, see `too_old`.

    Args:
        definition: the bot.
        accounts: every account there is.
        now: the database's time.
        max_age: how old a harvest may be for bots that do not say it themselves; None = as old as it is.
    """
    limit = limit_of(definition, max_age=max_age)
    scoped = [account for account in accounts if is_in_scope(definition.scope, account)]
    judged = ((account.account, stale_reason(account, now=now, limit=limit)) for account in scoped)
    stale = tuple(StaleAccount(name, reason) for name, reason in judged if reason is not None)
    return Freshness(tuple(account.account for account in scoped), stale)


def limit_of(definition: BotDefinition, *, max_age: timedelta | None) -> timedelta | None:
    """Return how old an inventory may be for this bot: what it says itself, else the setting."""
    return definition.max_inventory_age if definition.max_inventory_age is not None else max_age


def is_in_scope(scope: Scope, account: Account) -> bool:
    """Return whether a scope names an account, by its id and its badges."""
    return (not scope.accounts or account.account in scope.accounts) and scope.accepts_badges(account.badges)


def stale_reason(account: Account, *, now: datetime, limit: timedelta | None) -> str | None:
    """Return why an account's inventory must not be acted on, or None when it may."""
    if account.status is AccountStatus.INVALID:
        return "its credentials are refused" + (f": {account.last_error}" if account.last_error else "")
    if limit is None:
        return None
    if account.harvested_at is None:
        return "it has never been harvested to its end"
    return _age_reason(now - account.harvested_at, limit)


def too_old(
    resources: Iterable[Resource], *, registered: Iterable[str], now: datetime, limit: timedelta | None
) -> Sequence[StaleAccount]:
    """Return the accounts that nobody registered and whose newest resource was read too long ago.

    Args:
        resources: what was found.
        registered: the accounts that are judged by their harvests.
        now: the database's time.
        limit: how old a reading may be; None = as old as it is.
    """
    if limit is None:
        return ()
    known = frozenset(registered)
    newest: dict[str, datetime] = {}
    for resource in resources:
        if resource.account not in known and resource.harvested_at is not None:
            newest[resource.account] = max(newest.get(resource.account, resource.harvested_at), resource.harvested_at)
    return _stale(newest, now=now, limit=limit)


def _stale(newest: Mapping[str, datetime], *, now: datetime, limit: timedelta) -> tuple[StaleAccount, ...]:
    judged = ((account, _age_reason(now - read_at, limit)) for account, read_at in sorted(newest.items()))
    return tuple(StaleAccount(account, reason) for account, reason in judged if reason is not None)


def _age_reason(age: timedelta, limit: timedelta) -> str | None:
    if age <= limit:
        return None
    return f"its inventory is {write_span(age)} old; the limit is {write_span(limit)}"
