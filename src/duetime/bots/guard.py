"""The re-check: an event that a bot scheduled starts only while its resource still is what the bot looks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.bots.errors import MissingHandler
from duetime.bots.explain import explain_mismatch
from duetime.bots.matching import leaving_out, predicate_of
from duetime.core.bots import Bot, BotStatus
from duetime.core.claims import Claim
from duetime.core.guards import PROCEED, Defer, FreshRead, Skip, Verdict
from duetime.core.predicates import Predicate
from duetime.core.registration import Registries

ASK_AGAIN_AFTER = timedelta(seconds=60)

Standing = Predicate | Verdict
"""What a bot asks of a resource now, or the answer for all its events when it cannot ask."""


@dataclass(frozen=True, slots=True)
class MatchGuard:
    """Judges by the current version of the event's bot, on a fresh read of the resource.

    It speaks once per due time, before the first attempt: a retry goes on with what the bot wanted when it began.
    Filters on fields that the event type itself changes are left out: a start that follows the bot's own stop must not
    fail on `state = running`.

    Attributes:
        bot_by_id: finds a bot; None when there is none.
        changes_of: the resource fields that an event type changes.
    """

    registries: Registries
    bot_by_id: Callable[[int], Bot | None]
    changes_of: Callable[[str], Sequence[str]]
    name: str = "bot filters"

    def judge(self, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime) -> Mapping[int, Verdict]:
        bots: dict[int, Bot | None] = {}
        standings: dict[tuple[int, str], Standing] = {}
        verdicts: dict[int, Verdict] = {}
        for claim in claims:
            if claim.bot_id is None or not claim.recheck or claim.attempt != 1 or claim.failures:
                continue
            if claim.bot_id not in bots:
                bots[claim.bot_id] = self.bot_by_id(claim.bot_id)
            bot = bots[claim.bot_id]
            if bot is None:
                verdicts[claim.event_id] = Skip(f"its bot {claim.bot_id} does not exist")
                continue
            key = (claim.bot_id, claim.event_type)
            if key not in standings:
                standings[key] = self._standing(bot, claim.event_type, now=now)
            verdicts[claim.event_id] = _verdict(claim, bot, standings[key], fresh, now=now)
        return verdicts

    def _standing(self, bot: Bot, event_type: str, *, now: datetime) -> Standing:
        if bot.status is BotStatus.ARCHIVED:
            return Skip(f"bot {bot.name} is archived")
        try:
            return leaving_out(predicate_of(bot.definition, self.registries), self.changes_of(event_type))
        except MissingHandler as error:
            return Defer(now + ASK_AGAIN_AFTER, error.reason)
        except Exception as error:  # noqa: BLE001 - one bot's broken filter must not stop the events of other bots
            return Defer(now + ASK_AGAIN_AFTER, f"the filters of bot {bot.name} cannot be asked: {error}")


def _verdict(claim: Claim, bot: Bot, standing: Standing, fresh: FreshRead, *, now: datetime) -> Verdict:
    if isinstance(standing, Verdict):
        return standing
    if claim.resource_id is None or not fresh.covers(claim.resource_id):
        # No provider reads this account, so there is nothing newer than what the bot itself saw.
        return PROCEED
    problem = fresh.problem(claim.resource_id)
    if problem is not None:
        return Defer(now + ASK_AGAIN_AFTER, problem)
    resource = fresh.resource(claim.resource_id)
    if resource is None:
        return Skip("resource is gone")
    mismatch = explain_mismatch(standing, resource)
    return PROCEED if mismatch is None else Skip(f"no longer matches bot {bot.name}: {mismatch}")
