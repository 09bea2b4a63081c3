"""Reads what is in accounts into the inventory: many parts at once, each from its first page to its last.

Readers bring pages; one writer, the caller's thread, compares them with the inventory and writes what is otherwise. A
harvest that dies leaves the parts that it has completed, and a later one can go on with the others.
"""

from collections.abc import Sequence
from contextlib import closing

from duetime.core.cloud import Cloud
from duetime.core.errors import DatabaseUnavailable, ProviderFailed, Throttled, UnknownName
from duetime.core.resources import Account
from duetime.providers.account_progress import AccountProgress
from duetime.providers.harvest_options import HarvestOptions
from duetime.providers.harvest_plan import plan_harvest
from duetime.providers.harvest_report import NOBODY, AccountHarvest, Harvested, Listeners, Unwatched, Watcher
from duetime.providers.inventory_writer import InventoryWriter
from duetime.providers.part_queue import PartQueue
from duetime.providers.part_readers import read_parts
from duetime.store.store import Store


def harvest_accounts(
    accounts: Sequence[Account],
    *,
    store: Store,
    cloud: Cloud,
    options: HarvestOptions = HarvestOptions(),  # noqa: B008 - frozen
    listeners: Listeners = NOBODY,
    watcher: Watcher | None = None,
) -> list[AccountHarvest]:
    """Read accounts, page by page, and remember how it went; return how each ended, in the order given.

    Only a complete reading says that something is gone: a part that fails half-way keeps what it had, and it keeps no
    other part from being read.

    Args:
        accounts: which, with their regions.
        store: where the inventory is.
        cloud: where to read.
        options: what to read and how.
        listeners: who is told of changes.
        watcher: who shows how it comes along.

    Raises:
        DatabaseUnavailable: the database does not answer; the parts that were completed stand.
    """
    watcher = watcher or Unwatched()
    parts = PartQueue(patience=options.patience, now=store.now)
    progress = {
        account.account: AccountProgress(account, store=store, watcher=watcher, actor=options.actor)
        for account in accounts
    }
    services: dict[str, str] = {}
    begun = []
    for account in accounts:
        mine = progress[account.account]
        try:
            planned = plan_harvest(account, store=store, cloud=cloud, options=options)
        except DatabaseUnavailable:
            raise
        except (ProviderFailed, UnknownName) as error:
            mine.fail(error)
            continue
        services |= planned.services
        begun.append(planned.parts)
        mine.begin(len(planned.parts), skipped=planned.skipped)
    parts.fill(begun, services=services)
    writer = InventoryWriter(
        store=store, listeners=listeners, is_quiet=not options.triggers_on_first, abandon=parts.abandon
    )
    threads = min(options.threads, sum(map(len, begun)))
    with closing(read_parts(parts, cloud, threads=threads)) as brought:
        for items in brought:
            ended = writer.write(items)
            for item in items:
                progress[item.part.part.account].show(item)
            for each in ended:
                progress[each.part.part.account].end(each)
    return [progress[account.account].harvest for account in accounts]


def harvest_account(
    account: Account,
    *,
    store: Store,
    cloud: Cloud,
    options: HarvestOptions = HarvestOptions(),  # noqa: B008 - frozen
    listeners: Listeners = NOBODY,
) -> list[Harvested]:
    """Read one account; return what was found in each part. See `harvest_accounts`.

    Raises:
        Throttled: the cloud had no room for some parts, and nothing else is amiss; what the others gave is kept.
        ProviderFailed: the cloud did not answer or refused somewhere; what the other parts gave is kept.
        DatabaseUnavailable: the database does not answer.
    """
    (harvest,) = harvest_accounts([account], store=store, cloud=cloud, options=options, listeners=listeners)
    if harvest.room_at is not None:
        raise Throttled(account.provider, _sentence(harvest), until=harvest.room_at)
    if harvest.problems:
        raise ProviderFailed(account.provider, _sentence(harvest))
    return list(harvest.parts)


def _sentence(harvest: AccountHarvest) -> str:
    return "; ".join(harvest.problems)[:1000].rstrip(".")
