"""What the simulated AWS must show at the end of the demo, besides instances that stopped and started."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from duetime.core.resource_types import ResourceType
from duetime.core.resources import Resource

Inventory = Mapping[str, Resource]
"""Everything that AWS shows at one moment, by resource id."""

_BLOCKS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")


class Cast(NamedTuple):
    """Who plays a part; resource ids.

    Attributes:
        unused: the volumes that nobody speaks for.
        exempt: the volume that its owner tags.
        fixed: the public bucket that its owner closes again.
        open: the public bucket that nobody closes but the bot.
    """

    unused: frozenset[str]
    exempt: str
    fixed: str
    open: str


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is to be proven, and whether it is so."""

    claim: str
    holds: bool


def cast_of(before: Inventory) -> Cast:
    """Choose who plays which part, the same each time.

    Args:
        before: what there was; at least two unattached volumes and two buckets.
    """
    volumes = [one for one in before.values() if one.resource_type == ResourceType.VOLUME and one.attached is False]
    exempt, *unused = sorted(volumes, key=lambda one: (one.account, one.region, one.name))
    buckets = sorted(one.resource_id for one in before.values() if one.resource_type == ResourceType.STORAGE_CONTAINER)
    return Cast(frozenset(one.resource_id for one in unused), exempt.resource_id, fixed=buckets[0], open=buckets[-1])


def compare(before: Inventory, after: Inventory, cast: Cast) -> tuple[Finding, ...]:
    """Return what became of everything but the states of instances, as AWS shows it."""
    snapshots = {
        one.resource_id: one
        for one in after.values()
        if one.resource_type == ResourceType.SNAPSHOT and one.resource_id not in before
    }
    copied = [one.data.get("VolumeId") for one in snapshots.values() if one.state == "completed"]
    unused = [before[resource_id].provider_id for resource_id in cast.unused]
    exempt, fixed, left = (after.get(name) for name in (cast.exempt, cast.fixed, cast.open))
    strangers = changed(before, after) - cast.unused - {cast.exempt, cast.fixed, cast.open} - set(snapshots)
    return (
        Finding(
            f"{len(unused)} unused volumes are gone, each with one complete snapshot",
            bool(unused) and not cast.unused & set(after) and sorted(map(str, copied)) == sorted(unused),
        ),
        Finding(
            f"volume {before[cast.exempt].provider_id}, which its owner tagged, is still there and has no snapshot",
            exempt is not None and "keep" in exempt.tags and exempt.provider_id not in copied,
        ),
        Finding(
            f"bucket {before[cast.fixed].name}, which its owner closed, was not touched",
            fixed is not None and fixed.public is False and not _block(fixed),
        ),
        Finding(
            f"bucket {before[cast.open].name}, which nobody closed, is closed by a block",
            left is not None and left.public is False and all(_block(left).get(name) for name in _BLOCKS),
        ),
        Finding(
            "everything else is as it was" if not strangers else f"changed besides: {', '.join(sorted(strangers))}",
            not strangers,
        ),
    )


def changed(before: Inventory, after: Inventory) -> set[str]:
    """Return the ids of what came, went, or is not what it was."""
    return set(before.keys() ^ after.keys()) | {
        resource_id
        for resource_id in before.keys() & after.keys()
        if _content(before[resource_id]) != _content(after[resource_id])
    }


def inventory_of(resources: Iterable[Resource]) -> Inventory:
    """Return resources by id."""
    return {resource.resource_id: resource for resource in resources}


def _content(resource: Resource) -> tuple[Any, ...]:
    # An instance that was started again has another start time, and its addresses may be others; its states are
    # proven from what was seen of them.
    data = None if resource.resource_type == ResourceType.INSTANCE else resource.data
    return (resource.name, resource.state, dict(resource.tags), resource.attached, resource.public, data)


def _block(bucket: Resource) -> Mapping[str, Any]:
    return bucket.data.get("PublicAccessBlock") or {}
