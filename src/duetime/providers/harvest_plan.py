"""Which parts of an account a harvest reads."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from duetime.core.cloud import Cloud, ResourceTypeFacts
from duetime.core.harvests import HarvestPart, PartId
from duetime.core.resource_types import GLOBAL_REGION
from duetime.core.resources import Account
from duetime.providers.harvest_options import HarvestOptions
from duetime.store.store import Store


@dataclass(frozen=True, slots=True)
class HarvestPlan:
    """What is to be read of one account.

    Attributes:
        parts: those that were begun, in the order in which they are best read.
        services: where each resource type lives.
        skipped: how many parts were left out, because they had been read to their end already.
    """

    parts: tuple[HarvestPart, ...]
    services: Mapping[str, str]
    skipped: int


def plan_harvest(account: Account, *, store: Store, cloud: Cloud, options: HarvestOptions) -> HarvestPlan:
    """Begin the parts of an account that are to be read.

    Raises:
        UnknownName: there is no such account, or nobody who could read it.
        DatabaseUnavailable: nothing was begun.
    """
    facts = cloud.resource_types(account=account.account)
    types = options.resource_types or tuple(facts)
    everything = list(dict.fromkeys(parts_of(account, types, facts)))
    with store.write() as tx:
        known = tx.harvests.of_account(account.account)
        wanted = [part for part in everything if not _is_done(known.get(part), options)]
        begun = {part.part: part for part in tx.harvests.begin(account.account, wanted)}
    return HarvestPlan(
        parts=tuple(begun[part] for part in wanted),
        services={name: facts[name].service for name in types if name in facts},
        skipped=len(everything) - len(wanted),
    )


def parts_of(
    account: Account, resource_types: Sequence[str], facts: Mapping[str, ResourceTypeFacts]
) -> Iterator[PartId]:
    """Yield the parts of an account. A type that has no regions is one part, whatever the account's regions."""
    for resource_type in resource_types:
        regional = resource_type not in facts or facts[resource_type].regional
        for region in account.regions if regional else (GLOBAL_REGION,):
            yield PartId(account.account, region, resource_type)


def _is_done(part: HarvestPart | None, options: HarvestOptions) -> bool:
    if part is None:
        return False
    since = options.completed_since
    return (since is not None and part.is_completed_since(since)) or (options.only_open and not part.is_open)
