"""What a harvest is made of: its parts, and the changes that it finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from duetime.core.bots import Hookpoint
from duetime.core.resources import Resource


class PartId(NamedTuple):
    """What is read from its first page to its last, or counts as not read: one type in one region of one account."""

    account: str
    region: str
    resource_type: str

    def __str__(self) -> str:
        return f"{self.resource_type} in {self.region}"


@dataclass(frozen=True, slots=True)
class HarvestPart:
    """How far the harvests of one part have come.

    Attributes:
        begun_at: when the last reading began. It grows with every reading, whatever the clock does, and is the token of
            that reading: once another one has begun, the earlier one writes nothing any more.
        completed_at: when a reading last came to its end; None = never.
        seen: how many resources that one found.
        error: why the last reading did not come to its end; empty when it did.
    """

    part: PartId
    begun_at: datetime
    completed_at: datetime | None = None
    seen: int = 0
    error: str = ""

    @property
    def is_first(self) -> bool:
        """Whether no reading has ever come to its end: what this one finds was there before us."""
        return self.completed_at is None

    def is_completed_since(self, moment: datetime) -> bool:
        """Return whether a reading has come to its end at `moment` or after it."""
        return self.completed_at is not None and self.completed_at >= moment

    @property
    def is_open(self) -> bool:
        """Whether the last reading has not come to its end."""
        return self.completed_at is None or self.completed_at < self.begun_at


@dataclass(frozen=True, slots=True)
class ResourceChange:
    """What a harvest found to be otherwise than before.

    Attributes:
        resource: as it is now; a destroyed one as it was last seen, with `gone_at`.
        hookpoints: what has happened to it.
        before: as it was; None when it is new or gone.
        is_quiet: whether it raises no trigger: the first harvest of a part finds what was there before us.
    """

    resource: Resource
    hookpoints: tuple[Hookpoint, ...]
    before: Resource | None = None
    is_quiet: bool = False


@dataclass(frozen=True, slots=True)
class Merged:
    """What became of a page of resources.

    Attributes:
        seen: how many there were, each counted once.
        changes: those that were not there, or not so.
    """

    seen: int
    changes: tuple[ResourceChange, ...]


def what_happened(before: Resource | None, now: Resource) -> tuple[Hookpoint, ...]:
    """Return what has happened to a resource between two readings.

    When it was last used says nothing about what it is: that alone is no modification.

    Args:
        before: as the inventory had it; None = it did not, or as gone.
        now: as it was just read.
    """
    if before is None:
        return (Hookpoint.CREATED,)
    found: list[Hookpoint] = []
    if _facts(before) != _facts(now):
        found.append(Hookpoint.MODIFIED)
    if dict(before.tags) != dict(now.tags):
        found.append(Hookpoint.TAGS_MODIFIED)
    return tuple(found)


def _facts(resource: Resource) -> Sequence[object]:
    return (
        resource.name,
        resource.state,
        dict(resource.data),
        resource.created_at,
        resource.size,
        resource.attached,
        resource.public,
        resource.protected,
    )
