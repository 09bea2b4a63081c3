"""What harvests found, and who is told of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from duetime.core.bots import Hookpoint
from duetime.core.harvests import ResourceChange
from duetime.core.resources import AccountStatus
from duetime.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Harvested:
    """What one reading of a part found. `seen` is the sum of `created`, `changed`, `tags_changed` and `unchanged`.

    Attributes:
        seen: resources that are there.
        gone: resources that were there before and are not any more.
        created: resources that were not there before.
        changed: resources that were otherwise before, perhaps their tags too.
        tags_changed: resources of which nothing but the tags was otherwise.
    """

    account: str
    region: str
    resource_type: str
    seen: int = 0
    gone: int = 0
    created: int = 0
    changed: int = 0
    tags_changed: int = 0

    @property
    def unchanged(self) -> int:
        # A reading that had to start anew may have met one resource as new, and then as otherwise.
        return max(self.seen - self.created - self.changed - self.tags_changed, 0)

    def adding(self, *, seen: int, changes: Sequence[ResourceChange]) -> "Harvested":
        """Return this with another page of it."""
        kinds = [change.hookpoints for change in changes]
        created = sum(Hookpoint.CREATED in kind for kind in kinds)
        changed = sum(Hookpoint.MODIFIED in kind for kind in kinds)
        gone = sum(Hookpoint.DESTROYED in kind for kind in kinds)
        return Harvested(
            self.account,
            self.region,
            self.resource_type,
            seen=self.seen + seen,
            gone=self.gone + gone,
            created=self.created + created,
            changed=self.changed + changed,
            tags_changed=self.tags_changed + len(kinds) - created - changed - gone,
        )


@dataclass(frozen=True, slots=True)
class AccountHarvest:
    """How the harvest of one account ended.

    Attributes:
        parts: what was read to its end.
        problems: what was not, and why; empty when the harvest ended well.
        not_permitted: parts that the account's role may not read and never has; they are no problem.
        skipped: how many parts were left out, because they had been read to their end already.
        overtaken: how many parts another harvest has begun to read meanwhile, and finishes.
        status: whether its credentials serve, as far as is known now.
        room_at: when the cloud has room for the parts that were throttled; None unless that was all that went wrong.
    """

    account: str
    parts: tuple[Harvested, ...] = ()
    problems: tuple[str, ...] = ()
    not_permitted: tuple[str, ...] = ()
    skipped: int = 0
    overtaken: int = 0
    status: AccountStatus = AccountStatus.VALID
    room_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told of changes.

    Attributes:
        changed: told in the transaction that writes them; what it writes is kept with them or not at all.
        committed: told once that transaction is committed; when the process dies in between, never.
    """

    changed: Callable[[Transaction, Sequence[ResourceChange]], None]
    committed: Callable[[Sequence[ResourceChange]], None]


def _nobody(*_: object) -> None:
    """Nobody listens."""


NOBODY = Listeners(_nobody, _nobody)


class Watcher(Protocol):
    """Shows how harvests come along."""

    def planned(self, account: str, parts: int) -> None:
        """Hear how many parts of an account will be read."""

    def read(self, account: str, resources: int) -> None:
        """Hear that so many more resources of an account are in the inventory."""

    def part_ended(self, account: str) -> None:
        """Hear that a part was read to its end, or could not be."""

    def ended(self, harvest: AccountHarvest) -> None:
        """Hear that all parts of an account have ended."""


class Unwatched:
    """Shows nothing."""

    def planned(self, account: str, parts: int) -> None: ...
    def read(self, account: str, resources: int) -> None: ...
    def part_ended(self, account: str) -> None: ...
    def ended(self, harvest: AccountHarvest) -> None: ...
