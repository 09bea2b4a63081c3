"""Pending events whose reason has gone: their resource no longer matches, is exempt, or does not exist any more.

What cannot be judged is never cancelled: a filter that is not loaded, an inventory that is too old, a resource that the
inventory has never seen.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from duetime.bots.asking import presumed, questions_in
from duetime.bots.errors import MissingHandler
from duetime.bots.freshness import limit_of, stale_reason
from duetime.bots.matching import (
    exempting_tag,
    explain_standing,
    filter_predicate,
    leaving_out,
    pending_predicate,
    resolve,
)
from duetime.core.bots import Bot
from duetime.core.errors import Invalid, NotFound
from duetime.core.operations import CancelEvents
from duetime.core.predicates import Predicate, groups_asked_for
from duetime.core.registration import Registries
from duetime.core.resources import Account, Resource
from duetime.store.bot_event_table import LiveEvent
from duetime.store.store import Transaction

GONE = "resource is gone"
_EVENTS_PER_PART = 500
"""How many resources are held at once."""

Reasoned = tuple[LiveEvent, str]


@dataclass(frozen=True, slots=True)
class Judged:
    """What became of looking at pending events again.

    Attributes:
        unwanted: those whose reason has gone, and why.
        unsure: those of which nobody can say, and why; they stay as they are.
    """

    unwanted: tuple[Reasoned, ...] = ()
    unsure: tuple[Reasoned, ...] = ()

    def cancellations(self, *, actor: str = "") -> list[CancelEvents]:
        """Return what cancels the unwanted ones, by reason."""
        by_reason: defaultdict[str, list[int]] = defaultdict(list)
        for event, reason in self.unwanted:
            by_reason[reason].append(event.event_id)
        return [CancelEvents(tuple(event_ids), reason, actor) for reason, event_ids in by_reason.items()]


def cancel_compliant(
    tx: Transaction,
    *,
    registries: Registries,
    resource_ids: Sequence[str] | None = None,
    bot: Bot | None = None,
    now: datetime,
    max_age: timedelta | None = None,
) -> int:
    """Cancel the flagged events whose reason has gone, and return how many; see `judge_flagged`."""
    judged = judge_flagged(tx, registries=registries, resource_ids=resource_ids, bot=bot, now=now, max_age=max_age)
    return tx.operations.apply(judged.cancellations()).cancelled


def judge_flagged(
    tx: Transaction,
    *,
    registries: Registries,
    resource_ids: Sequence[str] | None = None,
    bot: Bot | None = None,
    now: datetime,
    max_age: timedelta | None = None,
    known_to_match: Collection[str] = (),
) -> Judged:
    """Judge the live events that are cancelled once their resource no longer matches.

    Args:
        tx: where they and the inventory are.
        registries: what is loaded.
        resource_ids: those of these resources, of whatever bot: what a harvest has just read, or found gone.
        bot: those of this bot.
        now: the database's time.
        max_age: how old an account's harvest may be for bots that do not say it themselves; None = as old as it is.
            It is not asked about `resource_ids`, which have just been read.
        known_to_match: resources that were just found to match; their events are passed over. When filters were asked
            that need somebody else's answer, all others are known not to match.

    Raises:
        Invalid: neither resources nor a bot are named.
    """
    if bot is not None:
        events = tx.bot_events.of_bot(bot.bot_id, flagged=True)
        bots: dict[int, Bot] = {bot.bot_id: bot}
        if all(use.on_match for use in bot.definition.actions):
            events = [event for event in events if event.resource_id not in known_to_match]
    elif resource_ids is not None:
        events = tx.bot_events.of_resources(resource_ids, flagged=True)
        named = {event.bot_id for event in events if event.bot_id is not None}
        bots = {known.bot_id: known for known in map(tx.bots.by_id, named) if known is not None}
    else:
        message = "Name the resources or the bot whose events are to be looked at."
        raise Invalid(message)
    just_read = bot is None
    judged = judge_events(tx, events, bots=bots, registries=registries, now=now, max_age=max_age, just_read=just_read)
    return judged if bot is None else _with_answers(tx, judged, events, bot, registries, known_to_match)


def _with_answers(
    tx: Transaction,
    judged: Judged,
    events: Sequence[LiveEvent],
    bot: Bot,
    registries: Registries,
    known_to_match: Collection[str],
) -> Judged:
    """Add the events of resources that only somebody else's answer, which the caller has, rules out.

    An event type that changes what the filters read may itself be why its resource does not match: its events stay.
    """
    try:
        filters = filter_predicate(resolve(bot.definition, registries).filters)
        questions = questions_in(filters)
    except (MissingHandler, Invalid):
        return judged  # nobody was asked
    if not questions or not all(use.on_match for use in bot.definition.actions):
        return judged
    kinds = tx.event_types.by_ids({event.event_type for event in events})
    blurred = {name for name, kind in kinds.items() if leaving_out(filters, kind.changes) != leaving_out(filters, ())}
    told = {event.event_id for event, _ in (*judged.unwanted, *judged.unsure)}
    reason = f"no longer matches bot {bot.name}: wants {' and '.join(each.question for each in questions)}"
    ruled_out = [
        (event, reason)
        for event in events
        if event.event_id not in told
        and event.event_type not in blurred
        and event.resource_id is not None
        and event.resource_id not in known_to_match
    ]
    return replace(judged, unwanted=(*judged.unwanted, *ruled_out))


def judge_events(
    tx: Transaction,
    events: Sequence[LiveEvent],
    *,
    bots: Mapping[int, Bot],
    registries: Registries,
    now: datetime,
    max_age: timedelta | None = None,
    just_read: bool = False,
) -> Judged:
    """Ask of each event whether its bot, as it is given, still wants it; no more than a page of resources is held.

    Args:
        tx: where the inventory is.
        events: any; those without a resource or without a bot among `bots` are wanted.
        bots: the bots by id, as they are to be asked.
        registries: what is loaded.
        now: the database's time.
        max_age: how old an account's harvest may be for bots that do not say it themselves; None = as old as it is.
        just_read: whether the resources come from a harvest that is still going on, and are new whatever their account.
    """
    judged = [
        (event, bot)
        for event in events
        if event.resource_id is not None and (bot := bots.get(event.bot_id or 0)) is not None
    ]
    if not judged:
        return Judged()
    standings = _Standings(tx, registries=registries, now=now, max_age=max_age, just_read=just_read)
    unwanted: list[Reasoned] = []
    unsure: list[Reasoned] = []
    for first in range(0, len(judged), _EVENTS_PER_PART):
        part = judged[first : first + _EVENTS_PER_PART]
        for event, bot, resource in standings.with_resources(part):
            reason, is_sure = standings.judge(event, bot, resource)
            if reason is not None:
                (unwanted if is_sure else unsure).append((event, reason))
    return Judged(tuple(unwanted), tuple(unsure))


def why_unwanted(bot: Bot, predicate: Predicate, resource: Resource | None, *, now: datetime) -> str | None:
    """Return why a bot no longer wants a pending event for a resource, or None when it does.

    Args:
        bot: the bot as it is now.
        predicate: what it asks of the resource, from `pending_predicate`.
        resource: as it is now; None = it is gone.
        now: from when ages are counted.

    Raises:
        Invalid: a pattern or an expression does not compile, or an expression ran away.
    """
    if resource is None or resource.gone_at is not None:
        return GONE
    key = exempting_tag(bot.definition, resource)
    if key is not None:
        return f"exempt by tag {key}"
    mismatch = explain_standing(bot.definition, predicate, resource, now=now)
    return None if mismatch is None else f"no longer matches bot {bot.name}: {mismatch}"


class _Standings:
    """What each bot asks of the resource of each event type, found out once."""

    def __init__(
        self,
        tx: Transaction,
        *,
        registries: Registries,
        now: datetime,
        max_age: timedelta | None,
        just_read: bool,
    ) -> None:
        self._tx = tx
        self._registries = registries
        self._now = now
        self._max_age = max_age
        self._just_read = just_read
        self._accounts: Sequence[Account] = tx.accounts.all()
        self._by_name = {account.account: account for account in self._accounts}
        self._predicates: dict[tuple[int, str], Predicate | str] = {}

    def with_resources(
        self, events: Sequence[tuple[LiveEvent, Bot]]
    ) -> Iterator[tuple[LiveEvent, Bot, Resource | None]]:
        """Yield the events with their resources as the inventory has them, in groups where groups are asked for."""
        found = self._tx.resources.by_ids(sorted({event.resource_id for event, _ in events if event.resource_id}))
        standings = [self._standing(event, bot) for event, bot in events]
        if any(groups_asked_for(each) for each in standings if not isinstance(each, str)):
            groups = self._tx.groups.of(list(found))
            found = {key: replace(each, groups=groups.get(key, frozenset())) for key, each in found.items()}
        for event, bot in events:
            yield event, bot, found.get(event.resource_id or "")

    def judge(self, event: LiveEvent, bot: Bot, resource: Resource | None) -> tuple[str | None, bool]:
        """Return a reason and whether it is one to cancel the event; (None, True) when the event is wanted."""
        if resource is None:
            return "the inventory has never seen its resource", False
        if resource.gone_at is not None:
            return GONE, True
        stale = self._stale(bot, resource)
        if stale is not None:
            return f"account {resource.account}: {stale}", False
        standing = self._standing(event, bot)
        if isinstance(standing, str):
            return standing, False
        try:
            return why_unwanted(bot, standing, resource, now=self._now), True
        except Invalid as error:  # this resource cannot be asked; the others can
            return f"its filters cannot be asked: {error}", False

    def _stale(self, bot: Bot, resource: Resource) -> str | None:
        if self._just_read:
            return None
        limit = limit_of(bot.definition, max_age=self._max_age)
        account = self._by_name.get(resource.account)
        if account is not None:
            return stale_reason(account, now=self._now, limit=limit)
        # Nobody harvests it: what counts is when this resource was last read.
        unregistered = Account(resource.account, provider="", harvested_at=resource.harvested_at)
        return stale_reason(unregistered, now=self._now, limit=limit)

    def _standing(self, event: LiveEvent, bot: Bot) -> Predicate | str:
        """Return what is asked, or why it cannot be."""
        key = (bot.bot_id, event.event_type)
        if key not in self._predicates:
            self._predicates[key] = self._ask(bot, event.event_type)
        return self._predicates[key]

    def _ask(self, bot: Bot, event_type: str) -> Predicate | str:
        kind = self._tx.event_types.by_ids([event_type]).get(event_type)
        try:
            predicate = pending_predicate(
                bot.definition,
                self._registries,
                accounts=self._accounts,
                event_type=event_type,
                changes=() if kind is None else kind.changes,
            )
            predicate = presumed(predicate)  # a database transaction is no place to ask a cloud
            self._tx.groups.require(groups_asked_for(predicate))
        except MissingHandler as error:
            return error.reason
        except (Invalid, NotFound) as error:
            return f"the filters of bot {bot.name} cannot be asked: {error}"
        return predicate
