"""Writes what readers bring into the inventory: the one writer of a harvest."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace

from duetime.core.bots import Hookpoint
from duetime.core.errors import DatabaseUnavailable
from duetime.core.harvests import HarvestPart, Merged, PartId, ResourceChange
from duetime.core.resources import Resource
from duetime.providers.harvest_report import Harvested, Listeners
from duetime.providers.part_readers import End, Failure, Item, Page
from duetime.store.store import Store, Transaction

MOST_GONE = 1000
"""How many resources are marked as gone in one transaction."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the reading of a part ended: with what it found, or with an error; with neither it was overtaken."""

    part: HarvestPart
    harvested: Harvested | None = None
    error: Exception | None = None


@dataclass(slots=True)
class _Written:
    """What one transaction does; it counts once that is committed.

    Attributes:
        held: the parts that are still this harvest's.
        found: what is known of each part, with what this transaction adds.
        changes: what listeners are told.
        rest: the ends that have more to mark as gone.
    """

    held: frozenset[PartId]
    found: dict[PartId, Harvested]
    changes: list[ResourceChange] = field(default_factory=list)
    rest: list[End] = field(default_factory=list)

    def add(self, part: PartId, changes: Sequence[ResourceChange], *, seen: int = 0, is_first: bool = False) -> None:
        """Count what was found of a part; a reading that starts anew counts anew what it sees."""
        known = self.found.get(part, Harvested(*part))
        self.found[part] = (replace(known, seen=0) if is_first else known).adding(seen=seen, changes=changes)
        self.changes += changes


class InventoryWriter:
    """Writes items in the order in which they are brought, many to a transaction.

    Args:
        store: where the inventory is.
        listeners: who is told of changes.
        is_quiet: whether what a part's first harvest finds raises no trigger.
        abandon: told of parts of which nothing more need be read.
    """

    def __init__(
        self, *, store: Store, listeners: Listeners, is_quiet: bool, abandon: Callable[[HarvestPart], None]
    ) -> None:
        self._store = store
        self._listeners = listeners
        self._is_quiet = is_quiet
        self._abandon = abandon
        self._found: dict[PartId, Harvested] = {}
        self._over: set[PartId] = set()

    def write(self, items: Sequence[Item]) -> list[Ended]:
        """Write items; return the parts that have ended with them.

        Raises:
            DatabaseUnavailable: the database does not answer; what the transactions before have written stands.
        """
        try:
            return self._write(items)
        except DatabaseUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - a resource that cannot be kept must not keep the others from it
            if len(items) > 1:
                return [ended for item in items for ended in self.write([item])]
            item = items[0]
            return self._end(item.part, error) if isinstance(item, Failure) else self.write([Failure(item.part, error)])

    def _write(self, items: Sequence[Item]) -> list[Ended]:
        wanted = [item for item in items if item.part.part not in self._over]
        for item in wanted:
            if isinstance(item, Failure) and isinstance(item.error, DatabaseUnavailable):
                raise item.error
        with self._store.write() as tx:
            written = self._put(tx, wanted)
            if written.changes:
                self._listeners.changed(tx, written.changes)
        self._found = written.found
        ended = [each for item in wanted for each in self._ended_with(item, written)]
        if written.changes:
            self._listeners.committed(written.changes)
        for end in written.rest:
            ended += self.write([end])
        return ended

    def _put(self, tx: Transaction, items: Sequence[Item]) -> _Written:
        parts = {item.part.part: item.part for item in items}
        written = _Written(frozenset(tx.harvests.hold(parts.values())), dict(self._found))
        for item in items:
            part = item.part
            if part.part not in written.held:
                continue
            if isinstance(item, Page):
                merged = tx.resources.merge(_stamped(item))
                written.add(part.part, self._told(part, merged), seen=merged.seen, is_first=item.is_first)
            elif isinstance(item, Failure):
                tx.harvests.fail(part, error=str(item.error) or type(item.error).__name__)
            else:
                gone = tx.resources.mark_gone(part.part, not_seen_since=part.begun_at, most=MOST_GONE)
                written.add(part.part, [ResourceChange(resource, (Hookpoint.DESTROYED,)) for resource in gone])
                if len(gone) == MOST_GONE:
                    written.rest.append(item)
                else:
                    tx.harvests.complete(part, seen=written.found[part.part].seen)
        return written

    def _told(self, part: HarvestPart, merged: Merged) -> Sequence[ResourceChange]:
        if not (self._is_quiet and part.is_first):
            return merged.changes
        return [replace(change, is_quiet=True) for change in merged.changes]

    def _ended_with(self, item: Item, written: _Written) -> list[Ended]:
        part = item.part
        if part.part in self._over:
            return []
        if part.part not in written.held:
            return self._end(part, None)
        if isinstance(item, Failure):
            return self._end(part, item.error)
        if isinstance(item, Page) or item in written.rest:
            return []
        self._over.add(part.part)
        return [Ended(part, harvested=self._found.pop(part.part))]

    def _end(self, part: HarvestPart, error: Exception | None) -> list[Ended]:
        """End a part that was not read to its end, and let nothing of it in any more."""
        self._over.add(part.part)
        self._found.pop(part.part, None)
        self._abandon(part)
        return [Ended(part, error=error)]


def _stamped(page: Page) -> Iterable[Resource]:
    """Return a page as the inventory keeps it.

    All of a reading bear the moment at which it began: that is never later than what they say of the cloud, and it
    tells them from what an earlier reading saw, even where the clock was put back in between.
    """
    return (replace(resource, harvested_at=page.part.begun_at, gone_at=None) for resource in page.resources)
