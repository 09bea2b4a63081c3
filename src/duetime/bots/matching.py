"""From a bot's definition to what it asks of resources and does about them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from duetime.bots.action import Action
from duetime.bots.errors import MissingHandler
from duetime.bots.evaluate import conjuncts
from duetime.bots.filter import Filter
from duetime.core.bots import ActionUse, BotDefinition, FilterUse, Scope
from duetime.core.predicates import AccountIn, All, Predicate, RegionIn, TypeIn, fields_of
from duetime.core.registration import Registries

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


def predicate_of(definition: BotDefinition, registries: Registries) -> Predicate:
    """Return what the bot asks of a resource: its scope and all its filters.

    Raises:
        MissingHandler: a filter is not loaded. It is never skipped, because without it the bot would find too much.
        InvalidSetting: the settings of a filter do not fit.
    """
    missing: list[str] = []
    filters = _filters(definition, registries, missing)
    if missing:
        raise MissingHandler(missing)
    return All((scope_predicate(definition.scope), filter_predicate(filters)))


def scope_predicate(scope: Scope) -> Predicate:
    """Return what the scope asks; an empty part of it asks nothing."""
    parts: list[Predicate] = []
    if scope.accounts:
        parts.append(AccountIn(scope.accounts))
    if scope.regions:
        parts.append(RegionIn(scope.regions))
    if scope.resource_types:
        parts.append(TypeIn(scope.resource_types))
    return All(tuple(parts))


def filter_predicate(filters: ResolvedFilters) -> Predicate:
    """Return what all filters ask together.

    Raises:
        InvalidSetting: the settings of one do not fit what it asks for.
    """
    return All(tuple(item.predicate(use.settings) for use, item in filters))


def leaving_out(predicate: Predicate, fields: Collection[str]) -> Predicate:
    """Return `predicate` without the parts that read one of these resource fields."""
    return All(tuple(part for part in conjuncts(predicate) if not fields_of(part) & set(fields)))


def _filters(definition: BotDefinition, registries: Registries, missing: list[str]) -> ResolvedFilters:
    filters: list[tuple[FilterUse, Filter]] = []
    for use in definition.filters:
        found = registries.filters.get(use.uid)
        if found is None:
            missing.append(use.uid)
        else:
            filters.append((use, found.item))
    return filters
