"""Whether a bot can run at all now: asked before the run starts, so that a run which has to wait leaves no history."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.bots.errors import MissingHandler
from duetime.bots.freshness import freshness_of
from duetime.bots.matching import resolve
from duetime.bots.planned_run import RUN_BOT
from duetime.core.bots import Bot, BotStatus
from duetime.core.claims import Claim
from duetime.core.guards import Defer, FreshRead, Verdict
from duetime.core.registration import Registries
from duetime.core.resources import Account

ASK_AGAIN_AFTER = timedelta(seconds=60)
_ACCOUNTS_NAMED = 3


@dataclass(frozen=True, slots=True)
class BotRunGuard:
    """Lets a bot run wait for filters and actions that are not loaded, and while all its accounts are stale.

    Attributes:
        bot_by_id: finds a bot; None when there is none.
        accounts: returns every account.
        max_age: how old a harvest may be for bots that do not say it themselves; None = as old as it is.
    """

    registries: Registries
    bot_by_id: Callable[[int], Bot | None]
    accounts: Callable[[], Sequence[Account]]
    max_age: timedelta | None
    name: str = "bot run"

    def concerns(self, claim: Claim) -> bool:
        return claim.event_type == RUN_BOT

    def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
        del fresh
        verdicts: dict[int, Verdict] = {}
        for claim in claims:
            # A run without a bot was scheduled by hand; it says itself what is missing.
            if claim.event_type == RUN_BOT and claim.bot_id is not None:
                reason = self._why_not(claim.bot_id, now=now)
                if reason is not None:
                    verdicts[claim.event_id] = Defer(now + ASK_AGAIN_AFTER, reason)
        return verdicts

    def _why_not(self, bot_id: int, *, now: datetime) -> str | None:
        """Return why a bot cannot run yet. One that shall not run at all is the run's own affair."""
        bot = self.bot_by_id(bot_id)
        if bot is None or bot.status is not BotStatus.RUNNING:
            return None
        try:
            resolve(bot.definition, self.registries)
        except MissingHandler as error:
            return error.reason
        freshness = freshness_of(bot.definition, self.accounts(), now=now, max_age=self.max_age)
        if not freshness.is_nothing_left:
            return None
        named = "; ".join(f"{stale.account}: {stale.reason}" for stale in freshness.stale[:_ACCOUNTS_NAMED])
        more = len(freshness.stale) - _ACCOUNTS_NAMED
        return f"every account in its scope is stale: {named}{f'; and {more} more' if more > 0 else ''}"
