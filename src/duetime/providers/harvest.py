"""Reads what is in an account into the inventory."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from duetime.core.cloud import Cloud
from duetime.core.errors import DatabaseUnavailable, ProviderFailed
from duetime.core.resources import Account, Resource
from duetime.store.store import Store

Progress = Callable[[int], None]


def _ignore(_news: object) -> None:
    """Nobody watches."""


@dataclass(frozen=True, slots=True)
class Harvested:
    """What one harvest of one region found.

    Attributes:
        seen: resources that are there.
        gone: resources that were there before and are not any more.
    """

    account: str
    region: str
    resource_type: str
    seen: int
    gone: int


PartDone = Callable[[Harvested], None]


def harvest_account(
    account: Account,
    *,
    store: Store,
    cloud: Cloud,
    resource_types: Sequence[str],
    progress: Progress = _ignore,
    part_done: PartDone = _ignore,
) -> list[Harvested]:
    """Read every region of an account, page by page, and remember how it went.

    Only a complete reading says that something is gone: a region that fails half-way keeps what it had.

    Args:
        account: which account, with its regions.
        store: where the inventory is.
        cloud: where to read.
        resource_types: what to read.
        progress: told the number of resources of each page.
        part_done: told of each region and type that was read to its end.

    Raises:
        ProviderFailed: the cloud did not answer or refused somewhere; what the other regions gave is kept.
    """
    harvested: list[Harvested] = []
    problems: list[str] = []
    for region in account.regions:
        for resource_type in resource_types:
            try:
                part = _harvest(account, region, resource_type, store=store, cloud=cloud, progress=progress)
            except DatabaseUnavailable:
                raise
            except Exception as error:  # noqa: BLE001 - one region that fails must not keep the others from being read
                problems.append(f"{resource_type} in {region}: {str(error) or type(error).__name__}")
                continue
            harvested.append(part)
            part_done(part)
    with store.write() as tx:
        tx.accounts.record_harvest(account.account, error="; ".join(problems)[:1000])
    if problems:
        raise ProviderFailed(account.provider, "; ".join(problems)[:1000].rstrip("."))
    return harvested


def _harvest(
    account: Account, region: str, resource_type: str, *, store: Store, cloud: Cloud, progress: Progress
) -> Harvested:
    begun_at = store.now()
    seen = 0
    for page in cloud.pages(account=account.account, region=region, resource_type=resource_type):
        resources: list[Resource] = [replace(resource, harvested_at=store.now(), gone_at=None) for resource in page]
        with store.write() as tx:
            seen += tx.resources.save(resources)
        progress(len(resources))
    with store.write() as tx:
        gone = tx.resources.mark_gone(
            account=account.account, region=region, resource_type=resource_type, not_seen_since=begun_at
        )
    return Harvested(account.account, region, resource_type, seen, gone)
