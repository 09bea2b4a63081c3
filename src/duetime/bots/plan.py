"""What a run of a bot would do now, without doing it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from duetime.bots.conflicts import Act, Conflict, acts_on, conflicts_among
from duetime.bots.errors import MissingHandler
from duetime.bots.evaluate import conjuncts
from duetime.bots.explain import in_words
from duetime.bots.freshness import StaleAccount
from duetime.bots.matching import exemption_predicate, filter_predicate, predicate_of
from duetime.bots.owners import Permit, refusal
from duetime.bots.planned_run import RUN_BOT
from duetime.bots.pushdown import find
from duetime.bots.report import ActionReport
from duetime.bots.run import run_actions
from duetime.bots.survey import Survey, survey
from duetime.core.bots import Bot, BotStatus
from duetime.core.cloud import Cloud
from duetime.core.errors import Conflict as NotNow
from duetime.core.errors import Invalid, NotFound
from duetime.core.predicates import All
from duetime.core.registry import BUILTIN
from duetime.core.run_context import ResourceReader, RunContext, bound
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.operation_preview import Effect, Foreseen
from duetime.store.store import Transaction


@dataclass(frozen=True, slots=True)
class PlannedEvent:
    """What would become of one event.

    Attributes:
        event_id: the live event that would be kept, replaced or cancelled; None for a new one.
        due_at: when it would be due; for one that would be cancelled, when it is.
        why: in words.
    """

    effect: Effect
    event_type: str
    resource_id: str | None
    due_at: datetime
    event_id: int | None
    why: str


@dataclass(frozen=True, slots=True)
class PlannedAction:
    """One action of the bot, as it answered when it was called for the plan.

    Attributes:
        is_pure: whether it is known to do nothing but ask for events; of other actions nobody knows, and what they do
            by themselves was done.
    """

    report: ActionReport
    is_pure: bool


@dataclass(frozen=True, slots=True)
class BotPlan:
    """What a run would do.

    Attributes:
        events: what would become of each event, in the order in which it would be written.
        unsure: pending events of which nobody can say whether they are still wanted, with the reason; they stand.
        left_out: accounts whose inventory is too old to act on.
        conflicts: opposite wishes at nearly one time, of this bot and others.
        also_wanted_by: the names of other bots that look for the same resources, by resource id.
        denied: why the run itself would be denied; None when it would not be.
    """

    bot: Bot
    planned_at: datetime
    matches: int
    non_matches: int | None
    events: tuple[PlannedEvent, ...]
    unsure: tuple[tuple[int, str], ...]
    left_out: tuple[StaleAccount, ...]
    conflicts: tuple[Conflict, ...]
    also_wanted_by: Mapping[str, tuple[str, ...]]
    actions: tuple[PlannedAction, ...]
    denied: str | None

    @property
    def counts(self) -> Mapping[Effect, int]:
        """How many events there are of each effect."""
        return Counter(event.effect for event in self.events)


def plan_bot(client: Client, name: str, *, inventory: ResourceReader, cloud: Cloud) -> BotPlan:
    """Call the bot's actions as a run would, with a tracker that writes nothing, and say what they ask for.

    What an action does by itself, outside a tracker, is not held back.

    Args:
        client: where the bot is, and what is loaded.
        name: the bot.
        inventory: what actions may read.
        cloud: what actions may ask.

    Raises:
        UnknownName: there is no such bot, or a resource group that it names.
        Conflict: it is archived, and never runs again.
        MissingHandler: a filter or action is not loaded.
        Invalid: the settings of a filter do not fit, or an expression ran away.
    """
    context = RunContext(clock=client.store.clock, inventory=inventory, cloud=cloud)
    with bound(context), client.store.read() as tx:
        bot = tx.bots.by_name(name)
        if bot.status is BotStatus.ARCHIVED:
            message = f"Bot {name!r} is archived and never runs again, so there is nothing to plan."
            raise NotNow(message)
        seen = survey(tx, bot, registries=client.registries, max_age=client.bot_policy.max_inventory_age)
        users = tx.users.by_ids([bot.owner] if bot.owner else [])
    only_known = client.bot_policy.only_known_owners
    context.operations += seen.pending.cancellations(actor=f"bot:{bot.name}")
    # Inside a run, trackers leave what they are asked for to the end of the run; and this one never ends.
    with using(client), bound(context), ScheduledEventTracker():
        permit = Permit(bot.owner, lambda _: users, only_known=only_known)
        report = run_actions(bot, seen.resolved, seen.found, permit=permit)
    owner = bot.owner
    with bound(context), client.store.read() as tx:
        foreseen = tx.operations.foresee(context.operations)
        return BotPlan(
            bot=bot,
            planned_at=tx.now,
            matches=len(seen.found.matches),
            non_matches=None if seen.found.non_matches is None else len(seen.found.non_matches),
            events=_events(bot, seen, foreseen),
            unsure=tuple((event.event_id, reason) for event, reason in seen.pending.unsure),
            left_out=seen.left_out,
            conflicts=_conflicts(tx, bot, foreseen),
            also_wanted_by=_also_wanted_by(tx, client, bot),
            actions=_actions(client, report.actions),
            denied=None if owner is None else refusal(users.get(owner), owner, RUN_BOT, only_known=only_known),
        )


def _events(bot: Bot, seen: Survey, foreseen: Sequence[Foreseen]) -> tuple[PlannedEvent, ...]:
    matching = {resource.resource_id for resource in seen.found.matches}
    asked_for = All((exemption_predicate(bot.definition), filter_predicate(seen.resolved.filters)))
    filters = in_words(All(conjuncts(asked_for)))

    def why(each: Foreseen) -> str:
        if each.effect is Effect.CANCEL:
            return each.reason
        if each.resource_id is None:
            return "its actions ask for it"
        asked = f"matches: {filters}" if each.resource_id in matching else f"does not match: {filters}"
        match each.effect:
            case Effect.KEEP:
                return f"{asked}; event {each.event_id} stands" if each.event_id else f"{asked}; asked for twice"
            case Effect.REPLACE:
                return f"{asked}; event {each.event_id} takes the new time"
            case _:
                return asked

    return tuple(
        PlannedEvent(each.effect, each.event_type, each.resource_id, each.due_at, each.event_id, why(each))
        for each in foreseen
    )


def _conflicts(tx: Transaction, bot: Bot, foreseen: Sequence[Foreseen]) -> tuple[Conflict, ...]:
    """Return the opposite wishes among what would be scheduled and what is, as things would stand after the run."""
    after = [
        Act(each.resource_id, each.event_type, each.due_at, each.event_id, bot.name)
        for each in foreseen
        if each.resource_id is not None and each.effect in (Effect.SCHEDULE, Effect.KEEP, Effect.REPLACE)
    ]
    told = {each.event_id for each in foreseen}
    others = [act for act in acts_on(tx, sorted({act.resource_id for act in after})) if act.event_id not in told]
    kinds = tx.event_types.by_ids({act.event_type for act in (*after, *others)})
    return tuple(conflicts_among(dict.fromkeys((*after, *others)), kinds))


def _also_wanted_by(tx: Transaction, client: Client, bot: Bot) -> Mapping[str, tuple[str, ...]]:
    """Return which other bots that run look for the resources that this one looks for."""
    accounts = tx.accounts.all()
    mine = predicate_of(bot.definition, client.registries, accounts=accounts)
    wanted: defaultdict[str, list[str]] = defaultdict(list)
    for other in tx.bots.all():
        if other.bot_id == bot.bot_id or other.status is not BotStatus.RUNNING:
            continue
        try:
            theirs = predicate_of(other.definition, client.registries, accounts=accounts)
            for resource in find(All((mine, theirs)), tx.resources):
                wanted[resource.resource_id].append(other.name)
        except (MissingHandler, Invalid, NotFound):
            continue  # what it would find nobody can say now; its own plan says why
    return {resource_id: tuple(names) for resource_id, names in wanted.items()}


def _actions(client: Client, reports: Sequence[ActionReport]) -> tuple[PlannedAction, ...]:
    def is_pure(uid: str) -> bool:
        """Return whether an action is one of our own, which ask for events and do nothing else."""
        found = client.registries.actions.get(uid)
        return found is not None and found.owner == BUILTIN

    return tuple(PlannedAction(report, is_pure(report.uid)) for report in reports)
