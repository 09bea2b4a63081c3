"""What stands against events beside their own status: their bot, account, user and resource, as they are now."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from duetime.bots.freshness import freshness_of, stale_reason
from duetime.bots.owners import refusal
from duetime.bots.planned_run import RUN_BOT
from duetime.core.bot_policy import BotPolicy
from duetime.core.bots import Bot, BotStatus
from duetime.core.events import Event
from duetime.core.resources import Account, AccountStatus, Resource
from duetime.core.users import User
from duetime.scheduling.situation import beating_workers
from duetime.scheduling.upcoming import Obstacle, ObstacleKind, Surroundings
from duetime.store.store import Transaction
from duetime.web.reach import account_of

_ACCOUNTS_NAMED = 3


def surroundings_of(tx: Transaction, events: Sequence[Event], *, policy: BotPolicy) -> Surroundings:
    """Read all that could keep some events from running."""
    kinds = tx.event_types.by_ids({event.event_type for event in events})
    return Surroundings(
        now=tx.now,
        workers=beating_workers(tx),
        kinds=kinds,
        plugin_wishes={name: wish.wish for name, wish in tx.plugins.wishes().items()},
        others=_Others.read(tx, events, policy=policy).of,
    )


@dataclass(frozen=True, slots=True)
class _Others:
    now: datetime
    policy: BotPolicy
    bots: Mapping[int, Bot]
    accounts: Mapping[str, Account]
    users: Mapping[str, User]
    judges_users: bool
    gone: Mapping[str, Resource]

    @classmethod
    def read(cls, tx: Transaction, events: Sequence[Event], *, policy: BotPolicy) -> "_Others":
        wanted = {event.bot_id for event in events if event.bot_id is not None}
        bots = tx.bots.by_ids(wanted)
        users = {event.user_resource_id for event in events if event.user_resource_id is not None}
        resources = tx.resources.by_ids(
            sorted({event.resource_id for event in events if event.resource_id is not None})
        )
        return cls(
            now=tx.now,
            policy=policy,
            bots=bots,
            accounts={account.account: account for account in tx.accounts.all()},
            users=tx.users.by_ids(users) if users else {},
            judges_users=policy.only_known_owners or (bool(users) and tx.users.is_any()),
            gone={name: resource for name, resource in resources.items() if resource.gone_at is not None},
        )

    def of(self, event: Event) -> tuple[Obstacle, ...]:
        """Return what stands against one of the events."""
        return tuple(self._of(event))

    def _of(self, event: Event) -> Iterator[Obstacle]:
        yield from self._bot(event)
        yield from self._account(event)
        user = event.user_resource_id
        if user is not None and self.judges_users:
            reason = refusal(self.users.get(user), user, event.event_type, only_known=self.policy.only_known_owners)
            if reason is not None:
                yield Obstacle(ObstacleKind.USER, f"{_sentence(reason)} Then it is denied.")
        if event.resource_id in self.gone:
            yield Obstacle(ObstacleKind.RESOURCE, "Its resource is gone from the inventory.")

    def _bot(self, event: Event) -> Iterator[Obstacle]:
        bot = self.bots.get(event.bot_id or 0)
        if bot is None:
            return
        if event.event_type != RUN_BOT:
            if event.recheck and bot.status is BotStatus.ARCHIVED:
                yield Obstacle(ObstacleKind.BOT, "Its bot is archived.")
            return
        if bot.status is not BotStatus.RUNNING:
            yield Obstacle(ObstacleKind.BOT, f"Bot {bot.name} is {bot.status.value.lower()}.")
        freshness = freshness_of(
            bot.definition, self.accounts.values(), now=self.now, max_age=self.policy.max_inventory_age
        )
        if freshness.is_nothing_left:
            named = "; ".join(f"{each.account}: {each.reason}" for each in freshness.stale[:_ACCOUNTS_NAMED])
            yield Obstacle(ObstacleKind.BOT, f"Every account in its scope is stale: {named}.")

    def _account(self, event: Event) -> Iterator[Obstacle]:
        account = self.accounts.get(account_of(event.resource_id) or "")
        if account is not None and account.status is AccountStatus.INVALID:
            reason = stale_reason(account, now=self.now, limit=None)
            yield Obstacle(ObstacleKind.ACCOUNT, f"Account {account.account}: {reason}.")


def _sentence(reason: str) -> str:
    return f"{reason[:1].upper()}{reason[1:]}."
