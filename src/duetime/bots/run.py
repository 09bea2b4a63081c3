"""One run of a bot: find its resources, then call its actions, each on its own."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from duetime.bots.action import Action
from duetime.bots.action_problems import collecting_problems
from duetime.bots.bot_event import BotEvent
from duetime.bots.matching import (
    Resolved,
    exempting_tag,
    exemption_predicate,
    filter_predicate,
    resolve,
    scope_predicate,
)
from duetime.bots.owners import Permit
from duetime.bots.pushdown import Inventory, find
from duetime.bots.report import MOST_ERRORS, ActionReport, BotRunReport
from duetime.core.bots import ActionUse, Bot
from duetime.core.predicates import AccountIn, All, Not
from duetime.core.registration import Registries
from duetime.core.resources import Account, Resource
from duetime.scheduling.action_slot import action_slot
from duetime.scheduling.tracker import ScheduledEventTracker

HOOKPOINT = "duetime.run_bot"


@dataclass(frozen=True, slots=True)
class Found:
    """The resources in a bot's scope.

    Attributes:
        non_matches: those that do not match; None when nobody asked for them.
    """

    matches: tuple[Resource, ...]
    non_matches: tuple[Resource, ...] | None


def run_bot(bot: Bot, *, registries: Registries, inventory: Inventory, accounts: Sequence[Account]) -> BotRunReport:
    """Find the bot's resources and call its actions.

    Raises:
        MissingHandler: a filter or action is not loaded; nothing was evaluated.
        InvalidSetting: the settings of a filter do not fit, so nobody knows what the bot is to find.
    """
    resolved = resolve(bot.definition, registries)
    return run_actions(bot, resolved, find_resources(bot, resolved, inventory=inventory, accounts=accounts))


def find_resources(
    bot: Bot,
    resolved: Resolved,
    *,
    inventory: Inventory,
    accounts: Sequence[Account],
    complement: bool = False,
    left_out: Collection[str] = (),
) -> Found:
    """Find what the bot looks for and, if one of its actions asks for them, the rest of its scope.

    Args:
        bot: whose scope it is.
        resolved: the bot's filters and actions.
        inventory: where to look.
        accounts: every account there is, for the badges of the scope.
        complement: look for the rest of the scope in any case.
        left_out: accounts that are not looked at, because what is known of them is too old.

    Raises:
        InvalidSetting: the settings of a filter do not fit.
        UnknownName: scope or filters name a resource group that does not exist.
        RunawayExpression: a JMESPath expression ran away on one of the resources.
    """
    scope = scope_predicate(bot.definition.scope, accounts=accounts)
    if left_out:
        scope = All((scope, Not(AccountIn(tuple(sorted(left_out))))))
    filters = All((exemption_predicate(bot.definition), filter_predicate(resolved.filters)))
    matches = tuple(find(All((scope, filters)), inventory))
    if not complement and not any(action.wants_complement or not use.on_match for use, action in resolved.actions):
        return Found(matches, None)
    # A harvest may write between the two questions; no resource may then be both.
    matching_ids = {resource.resource_id for resource in matches}
    rest = find(All((scope, Not(filters))), inventory)
    return Found(matches, tuple(resource for resource in rest if resource.resource_id not in matching_ids))


def run_actions(bot: Bot, resolved: Resolved, found: Found, *, permit: Permit | None = None) -> BotRunReport:
    """Call every action. One that fails is reported and drops what it scheduled itself; the others' events stand.

    Args:
        bot: whose actions they are.
        resolved: its actions.
        found: what they are called for.
        permit: refuses what the bot's owner may not have done; None = nothing.
    """
    permit = permit or Permit(None, lambda _: {})
    actions = tuple(
        _run_action(bot, use, action, slot=slot, found=found, permit=permit)
        for slot, (use, action) in zip(bot.definition.slots, resolved.actions, strict=True)
    )
    return BotRunReport(bot.bot_id, bot.name, bot.version, found.matches, found.non_matches, actions)


def _run_action(bot: Bot, use: ActionUse, action: Action, *, slot: str, found: Found, permit: Permit) -> ActionReport:
    called_for, rest = _sides(bot, use, found)
    # Lists of its own: an action that changes what it was given changes nothing for the next one.
    matches = [resource for resource in called_for if action.supports(resource)]
    non_matches: list[Resource] = []
    if action.wants_complement:
        non_matches = [resource for resource in rest if action.supports(resource)]
    errors: list[str] = []
    beyond = [resource.resource_id for resource in non_matches]
    with collecting_problems() as problems, action_slot(slot, beyond=beyond, permit=permit):
        try:
            calls = _calls(bot, use, action, matches=matches, non_matches=non_matches)
        except Exception as error:  # noqa: BLE001 - settings are checked by plugin code, which may raise anything
            calls = []
            errors.append(_in_words(error))
        for call in calls:
            _attempt(call, errors)
    errors += problems.failures
    return ActionReport(
        slot=slot,
        uid=use.uid,
        matches=len(matches),
        non_matches=len(non_matches),
        failed=len(errors),
        errors=tuple(errors[:MOST_ERRORS]),
        warned=len(problems.warnings),
        warnings=tuple(problems.warnings[:MOST_ERRORS]),
    )


def _sides(bot: Bot, use: ActionUse, found: Found) -> tuple[Sequence[Resource], Sequence[Resource]]:
    """Return the resources that an action is called for, and the rest of the scope.

    An action for what does not match is not called for an exempt resource either: nothing is to be done about that.
    """
    non_matches = found.non_matches or ()
    if use.on_match:
        return found.matches, non_matches
    exempt = {resource.resource_id for resource in non_matches if exempting_tag(bot.definition, resource)}
    called_for = [resource for resource in non_matches if resource.resource_id not in exempt]
    return called_for, [*found.matches, *(resource for resource in non_matches if resource.resource_id in exempt)]


def _calls(
    bot: Bot,
    use: ActionUse,
    action: Action,
    *,
    matches: Sequence[Resource],
    non_matches: Sequence[Resource],
) -> list[Callable[[], object]]:
    """Return the calls of one action: one for all resources, or one for each."""
    settings = action.settings(use.settings)

    def for_each(function: Callable[..., object], resource: Resource) -> Callable[[], object]:
        return lambda: function(BotEvent(HOOKPOINT, resource, bot.bot_id, bot.name), bot, settings)

    calls: list[Callable[[], object]] = []
    if action.bulk_action:
        given = non_matches if action.accepts_complement else []
        calls.append(lambda: action.function(bot, settings, matches, given))
    else:
        calls += [for_each(action.function, resource) for resource in matches]
    if action.complement is not None:
        calls += [for_each(action.complement, resource) for resource in non_matches]
    return calls


def _attempt(call: Callable[[], object], errors: list[str]) -> None:
    try:
        # A block of its own: when the call raises, what it scheduled goes and what others scheduled stays.
        with ScheduledEventTracker():
            call()
    except (Exception, SystemExit) as error:  # noqa: BLE001 - an action is plugin code, which may raise anything
        errors.append(_in_words(error))


def _in_words(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}"[:500]
