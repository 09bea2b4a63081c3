"""The re-check: an event that a bot scheduled starts only while its resource still is what the bot looks for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from duetime.bots.asking import answered
from duetime.bots.compliance import why_unwanted
from duetime.bots.errors import MissingHandler
from duetime.bots.matching import pending_predicate
from duetime.core.bots import Bot, BotStatus
from duetime.core.claims import Claim
from duetime.core.cloud import Cloud
from duetime.core.errors import Invalid
from duetime.core.guards import PROCEED, Defer, FreshRead, Skip, Verdict
from duetime.core.predicates import Predicate, groups_asked_for
from duetime.core.registration import Registries
from duetime.core.resources import Account, ResourceId

ASK_AGAIN_AFTER = timedelta(seconds=60)
ASK_UNREADABLE_AFTER = timedelta(minutes=5)
"""An account is seldom registered within the minute, and there may be thousands of events that wait for it."""


@dataclass(frozen=True, slots=True)
class Question:
    """What a bot asks of a resource now.

    Attributes:
        groups: the resource groups that each resource is in, when the bot asks for groups.
    """

    predicate: Predicate
    groups: Mapping[str, frozenset[str]]


Standing = Question | Verdict
"""What a bot asks, or the answer for all its events when it cannot ask."""


@dataclass(frozen=True, slots=True)
class MatchGuard:
    """Judges by the current version of the event's bot, on a fresh read of the resource.

    It speaks once per due time, before the first attempt: a retry goes on with what the bot wanted when it began.
    Filters on fields that the event type itself changes are left out: a start that follows the bot's own stop must not
    fail on `state = running`.

    Attributes:
        bot_by_id: finds a bot; None when there is none.
        changes_of: the resource fields that an event type changes.
        accounts: returns every account, for the badges of a scope.
        groups_of: returns the resource groups that resources are in, by resource id; raises when one of the groups
            that are asked for, the second argument, does not exist.
        cloud: through which filters ask that need somebody else's answer.
    """

    registries: Registries
    bot_by_id: Callable[[int], Bot | None]
    changes_of: Callable[[str], Sequence[str]]
    accounts: Callable[[], Sequence[Account]]
    groups_of: Callable[[Sequence[str], frozenset[str]], Mapping[str, frozenset[str]]]
    cloud: Cloud
    name: str = "bot filters"

    def concerns(self, claim: Claim) -> bool:
        return claim.recheck and claim.bot_id is not None

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
                of_bot = [each for each in claims if (each.bot_id, each.event_type) == key]
                standings[key] = self._standing(bot, claim.event_type, of_bot, fresh, now=now)
            verdicts[claim.event_id] = _verdict(claim, bot, standings[key], fresh, now=now)
        return verdicts

    def _standing(
        self, bot: Bot, event_type: str, claims: Sequence[Claim], fresh: FreshRead, *, now: datetime
    ) -> Standing:
        if bot.status is BotStatus.ARCHIVED:
            return Skip(f"bot {bot.name} is archived")
        try:
            predicate = pending_predicate(
                bot.definition,
                self.registries,
                accounts=self.accounts() if bot.definition.scope.asks_badges else (),
                event_type=event_type,
                changes=self.changes_of(event_type),
            )
            names = groups_asked_for(predicate)
            ids = [claim.resource_id for claim in claims if claim.resource_id is not None]
            found = [resource for resource in map(fresh.resource, ids) if resource is not None]
            predicate = answered(predicate, found, cloud=self.cloud)
            return Question(predicate, self.groups_of(ids, names) if names else {})
        except MissingHandler as error:
            return Defer(now + ASK_AGAIN_AFTER, error.reason)
        except Exception as error:  # noqa: BLE001 - one bot's broken filter must not stop the events of other bots
            return Defer(now + ASK_AGAIN_AFTER, f"the filters of bot {bot.name} cannot be asked: {error}")


def _verdict(claim: Claim, bot: Bot, standing: Standing, fresh: FreshRead, *, now: datetime) -> Verdict:
    if isinstance(standing, Verdict):
        return standing
    if claim.resource_id is None:
        return PROCEED
    if not fresh.covers(claim.resource_id):
        # Whoever asks for a re-check does not want it done unchecked.
        account = ResourceId.from_string(claim.resource_id).account
        reason = f"account {account} is not registered, so nobody can say whether bot {bot.name} still wants it"
        return Defer(now + ASK_UNREADABLE_AFTER, reason)
    problem = fresh.problem(claim.resource_id)
    if problem is not None:
        return Defer(now + ASK_AGAIN_AFTER, problem)
    resource = fresh.resource(claim.resource_id)
    if resource is not None:
        resource = replace(resource, groups=standing.groups.get(resource.resource_id, frozenset()))
    try:
        reason_against = why_unwanted(bot, standing.predicate, resource, now=now)
    except Invalid as error:  # such as an expression that runs away on this one resource
        return Defer(now + ASK_AGAIN_AFTER, f"the filters of bot {bot.name} cannot be asked of it: {error}")
    return PROCEED if reason_against is None else Skip(reason_against)
