"""From a bot's definition to what it asks of resources and does about them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from duetime.bots.action import Action
from duetime.bots.errors import MissingHandler
from duetime.bots.evaluate import conjuncts, first_failure, tag_of
from duetime.bots.explain import explain_mismatch
from duetime.bots.filter import Filter
from duetime.bots.inner_filters import missing_filters
from duetime.core.bots import ActionUse, BotDefinition, FilterUse, Scope
from duetime.core.predicates import (
    AccountIn,
    All,
    InGroup,
    Not,
    Predicate,
    RegionIn,
    TagPresent,
    TypeIn,
    fields_of,
)
from duetime.core.registration import Registries
from duetime.core.resources import Account, Resource

ResolvedFilters = Sequence[tuple[FilterUse, Filter]]
ResolvedActions = Sequence[tuple[ActionUse, Action]]


@dataclass(frozen=True, slots=True)
class Resolved:
    """What all of a bot's uids stand for now."""

    filters: ResolvedFilters
    actions: ResolvedActions


def resolve(definition: BotDefinition, registries: Registries) -> Resolved:
    """Look up every filter and action before anything is evaluated.

    Raises:
        MissingHandler: one or more are not loaded; all of them are named.
    """
    missing: list[str] = []
    filters = _filters(definition, registries, missing)
    actions: list[tuple[ActionUse, Action]] = []
    for use in definition.actions:
        found = registries.actions.get(use.uid)
        if found is None:
            missing.append(use.uid)
        else:
            actions.append((use, found.item))
    if missing:
        raise MissingHandler(missing)
    return Resolved(filters, actions)


def predicate_of(definition: BotDefinition, registries: Registries, *, accounts: Sequence[Account]) -> Predicate:
    """Return what the bot asks of a resource: its scope, that no tag exempts it, and all its filters.

    Args:
        definition: the bot.
        registries: what is loaded.
        accounts: every account there is, for the badges of the scope.

    Raises:
        MissingHandler: a filter is not loaded. It is never skipped, because without it the bot would find too much.
        InvalidSetting: the settings of a filter do not fit.
    """
    return All(
        (
            scope_predicate(definition.scope, accounts=accounts),
            exemption_predicate(definition),
            _loaded_filters(definition, registries),
        )
    )


def pending_predicate(
    definition: BotDefinition,
    registries: Registries,
    *,
    accounts: Sequence[Account],
    event_type: str,
    changes: Collection[str] = (),
) -> Predicate:
    """Return what the bot asks of the resource of a pending event for the event still to be wanted.

    That is what `predicate_of` asks, except that

    - filters on fields which the event type itself changes are left out: a start that follows the bot's own stop must
      not fail on `state = running`. A tag that exempts is never left out;
    - an action with `on: no-match` wants the contrary of the filters. Actions whose settings name the type decide, or
      if none does, those that name no other. When that is both sides, only scope and exemption are asked.

    Args:
        definition: the bot.
        registries: what is loaded.
        accounts: every account there is.
        event_type: the event's type.
        changes: the resource fields that this type changes.

    Raises:
        MissingHandler: a filter is not loaded.
        InvalidSetting: the settings of a filter do not fit.
    """
    parts = [scope_predicate(definition.scope, accounts=accounts), exemption_predicate(definition)]
    filters = _loaded_filters(definition, registries)
    named = {use.on_match for use in definition.actions if _names(use.settings, event_type)}
    wanted = named or {use.on_match for use in definition.actions if "event_type" not in use.settings}
    if wanted != {True, False}:
        asked = Not(filters) if wanted == {False} else filters
        parts.append(leaving_out(asked, changes))
    return All(tuple(parts))


def _names(written: Any, event_type: str) -> bool:
    """Return whether an event type stands anywhere in an action's settings."""
    if isinstance(written, Mapping):
        return any(_names(each, event_type) for each in written.values())
    if isinstance(written, list | tuple):
        return any(_names(each, event_type) for each in written)
    return bool(written == event_type)


def scope_predicate(scope: Scope, *, accounts: Sequence[Account]) -> Predicate:
    """Return what the scope asks; an empty part of it asks nothing.

    Args:
        scope: the scope.
        accounts: every account there is. Badges are asked of them; when none has them, nothing is in scope.
    """
    parts: list[Predicate] = []
    if scope.accounts:
        parts.append(AccountIn(scope.accounts))
    if scope.asks_badges:
        parts.append(AccountIn(tuple(account.account for account in accounts if scope.accepts_badges(account.badges))))
    if scope.regions:
        parts.append(RegionIn(scope.regions))
    if scope.resource_types:
        parts.append(TypeIn(scope.resource_types))
    if scope.groups:
        parts.append(InGroup(scope.groups))
    return All(tuple(parts))


def exemption_predicate(definition: BotDefinition) -> Predicate:
    """Return that no tag exempts the resource."""
    return All(tuple(Not(TagPresent(key)) for key in definition.exempt_tags))


def exempting_tag(definition: BotDefinition, resource: Resource) -> str | None:
    """Return the key of the first tag that exempts the resource from the bot, or None."""
    return next((key for key in definition.exempt_tags if tag_of(resource, key) is not None), None)


def filter_predicate(filters: ResolvedFilters) -> Predicate:
    """Return what all filters ask together.

    Raises:
        InvalidSetting: the settings of one do not fit what it asks for.
    """
    return All(tuple(item.predicate(use.settings) for use, item in filters))


def leaving_out(predicate: Predicate, fields: Collection[str]) -> Predicate:
    """Return `predicate` without the parts that read one of these resource fields."""
    return All(tuple(part for part in conjuncts(predicate) if not fields_of(part) & set(fields)))


def explain_standing(
    definition: BotDefinition, predicate: Predicate, resource: Resource, *, now: datetime
) -> str | None:
    """Say why a resource is not what the bot asks for, or return None when it is.

    Args:
        definition: the bot.
        predicate: what `predicate_of` or `pending_predicate` made of it.
        resource: as it is now.
        now: from when ages are counted.

    Raises:
        Invalid: as `evaluate.matches`.
    """
    failing = first_failure(predicate, resource, now=now)
    if failing is None:
        return None
    key = exempting_tag(definition, resource)
    if key is not None and failing == Not(TagPresent(key)):
        return f"is exempt by tag {key}"
    if isinstance(failing, AccountIn) and failing.accounts != definition.scope.accounts:
        return f"wants an account with {definition.scope.badges_in_words()}, but {resource.account} has other badges"
    return explain_mismatch(predicate, resource, now=now)


def _loaded_filters(definition: BotDefinition, registries: Registries) -> Predicate:
    missing: list[str] = []
    filters = _filters(definition, registries, missing)
    if missing:
        raise MissingHandler(missing)
    return filter_predicate(filters)


def _filters(definition: BotDefinition, registries: Registries, missing: list[str]) -> ResolvedFilters:
    filters: list[tuple[FilterUse, Filter]] = []
    for use in definition.filters:
        not_loaded = tuple(missing_filters(use, registries.filters))
        missing += not_loaded
        if not not_loaded:
            filters.append((use, registries.filters.require(use.uid).item.within(registries.filters)))
    return filters
