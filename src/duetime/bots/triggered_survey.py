"""What a bot sees when it runs because something happened to certain resources: those, and nothing else."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from duetime.bots.compliance import Judged
from duetime.bots.evaluate import matches
from duetime.bots.freshness import freshness_of
from duetime.bots.matching import resolve
from duetime.bots.run import find_resources
from duetime.bots.survey import Survey
from duetime.core.bots import Bot, Hookpoint
from duetime.core.predicates import All, IdIn, Predicate
from duetime.core.registration import Registries
from duetime.core.resources import Resource
from duetime.store.resource_table import ResourceTable
from duetime.store.store import Transaction


@dataclass(frozen=True, slots=True)
class _Only:
    """The inventory, of which only certain resources are looked at."""

    table: ResourceTable
    resource_ids: tuple[str, ...]

    @property
    def now(self) -> datetime:
        return self.table.now

    def each(self, predicate: Predicate, *, groups: frozenset[str] = frozenset()) -> Iterator[Resource]:
        return self.table.each(All((IdIn(self.resource_ids), predicate)), groups=groups)


@dataclass(frozen=True, slots=True)
class _Gone:
    """Resources that are gone, as they were last seen."""

    found: tuple[Resource, ...]
    now: datetime
    require_groups: Callable[[Iterable[str]], None]

    def each(self, predicate: Predicate, *, groups: frozenset[str] = frozenset()) -> Iterator[Resource]:
        self.require_groups(groups)
        return (resource for resource in self.found if matches(predicate, resource, now=self.now))


def survey_triggered(
    tx: Transaction,
    bot: Bot,
    *,
    hookpoint: Hookpoint,
    resource_ids: Sequence[str],
    registries: Registries,
    max_age: timedelta | None,
) -> Survey:
    """Find those of the resources that the bot looks for; of destroyed ones, those that are still gone.

    The bot's pending events are not looked at again: the harvest that raised the trigger has done so for them.

    Args:
        tx: where everything is.
        bot: the bot.
        hookpoint: what happened to them.
        resource_ids: to which.
        registries: what is loaded.
        max_age: how old an account's harvest may be for bots that do not say it themselves; None = as old as it is.

    Raises:
        MissingHandler, Invalid, UnknownName: as `survey`.
    """
    resolved = resolve(bot.definition, registries)
    accounts = tx.accounts.all()
    stale = freshness_of(bot.definition, accounts, now=tx.now, max_age=max_age).stale
    inventory: _Only | _Gone
    if hookpoint is Hookpoint.DESTROYED:
        inventory = _Gone(tuple(_gone(tx, resource_ids)), tx.now, tx.groups.require)
    else:
        inventory = _Only(tx.resources, tuple(resource_ids))
    found = find_resources(
        bot, resolved, inventory=inventory, accounts=accounts, left_out={each.account for each in stale}
    )
    return Survey(resolved, found, stale, Judged())


def _gone(tx: Transaction, resource_ids: Sequence[str]) -> Iterable[Resource]:
    groups = tx.groups.of(resource_ids)
    for resource_id, resource in sorted(tx.resources.by_ids(resource_ids).items()):
        if resource.gone_at is not None:
            yield replace(resource, groups=groups.get(resource_id, frozenset()))
