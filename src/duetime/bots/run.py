"""One run of a bot: find its resources, then call its actions, each on its own."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from duetime.bots.action import Action
from duetime.bots.bot_event import BotEvent
from duetime.bots.matching import Resolved, filter_predicate, resolve, scope_predicate
from duetime.bots.report import MOST_ERRORS, ActionReport, BotRunReport
from duetime.core.bots import ActionUse, Bot
from duetime.core.predicates import All, Not, Predicate
from duetime.core.registration import Registries
from duetime.core.resources import Resource
from duetime.scheduling.tracker import ScheduledEventTracker, action_slot

HOOKPOINT = "duetime.run_bot"


class Inventory(Protocol):
    """Finds resources."""

    def matching(self, predicate: Predicate) -> Sequence[Resource]:
        """Return the resources that exist and fulfil `predicate`."""


@dataclass(frozen=True, slots=True)
class Found:
    """The resources in a bot's scope.

    Attributes:
        non_matches: those that do not match; None when nobody asked for them.
    """

    matches: tuple[Resource, ...]
    non_matches: tuple[Resource, ...] | None


def run_bot(bot: Bot, *, registries: Registries, inventory: Inventory) -> BotRunReport:
    """Find the bot's resources and call its actions.

    Raises:
        MissingHandler: a filter or action is not loaded; nothing was evaluated.
        InvalidSetting: the settings of a filter do not fit, so nobody knows what the bot is to find.
    """
    resolved = resolve(bot.definition, registries)
    return run_actions(bot, resolved, find_resources(bot, resolved, inventory=inventory))


def find_resources(bot: Bot, resolved: Resolved, *, inventory: Inventory, complement: bool = False) -> Found:
    """Find what the bot looks for and, if one of its actions asks for them, the rest of its scope.

    Args:
        bot: whose scope it is.
        resolved: the bot's filters and actions.
        inventory: where to look.
        complement: look for the rest of the scope in any case.

    Raises:
        InvalidSetting: the settings of a filter do not fit.
    """
    scope = scope_predicate(bot.definition.scope)
    filters = filter_predicate(resolved.filters)
    matches = tuple(inventory.matching(All((scope, filters))))
    if not complement and not any(action.wants_complement for _, action in resolved.actions):
        return Found(matches, None)
    # A harvest may write between the two questions; no resource may then be both.
    matching_ids = {resource.resource_id for resource in matches}
    rest = inventory.matching(All((scope, Not(filters))))
    return Found(matches, tuple(resource for resource in rest if resource.resource_id not in matching_ids))


def run_actions(bot: Bot, resolved: Resolved, found: Found) -> BotRunReport:
    """Call every action. One that fails is reported and drops what it scheduled itself; the others' events stand."""
    actions = tuple(
        _run_action(bot, use, action, slot=f"{index}:{use.uid}", found=found)
        for index, (use, action) in enumerate(resolved.actions)
    )
    return BotRunReport(bot.bot_id, bot.name, bot.version, found.matches, found.non_matches, actions)


def _run_action(bot: Bot, use: ActionUse, action: Action, *, slot: str, found: Found) -> ActionReport:
    # Lists of its own: an action that changes what it was given changes nothing for the next one.
    matches = [resource for resource in found.matches if action.supports(resource)]
    non_matches: list[Resource] = []
    if action.wants_complement:
        non_matches = [resource for resource in found.non_matches or () if action.supports(resource)]
    errors: list[str] = []
    with action_slot(slot):
        try:
            calls = _calls(bot, use, action, matches=matches, non_matches=non_matches)
        except Exception as error:  # noqa: BLE001 - settings are checked by plugin code, which may raise anything
            calls = []
            errors.append(_in_words(error))
        for call in calls:
            _attempt(call, errors)
    return ActionReport(
        slot=slot,
        uid=use.uid,
        matches=len(matches),
        non_matches=len(non_matches),
        failed=len(errors),
        errors=tuple(errors[:MOST_ERRORS]),
    )


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
