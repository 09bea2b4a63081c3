"""What the demo demands of AWS in the end: each part of it can fail."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from duetime.cli.demo_proof import Cast, Inventory, cast_of, compare, inventory_of
from duetime.core.resources import Resource

CLOSED = dict.fromkeys(("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"), True)


def made(kind: str, name: str, **said: object) -> Resource:
    own = Resource.of(resource_type=kind, account="1" * 12, region="us-east-1", provider_id=name, name=name)
    return replace(own, **said)  # type: ignore[arg-type]


VOLUMES = [made("volume", f"vol-{n}", attached=False) for n in range(3)]
USED = made("volume", "vol-used", attached=True)
BUCKETS = [made("storagecontainer", name, public=False, data={}) for name in ("a", "b")]
TOPIC = made("notificationtopic", "orders")
BEFORE: Inventory = inventory_of([*VOLUMES, USED, *BUCKETS, TOPIC])
CAST: Cast = cast_of(BEFORE)
SNAPSHOTS = [made("snapshot", f"snap-{n}", state="completed", data={"VolumeId": f"vol-{n}"}) for n in (1, 2)]
EXEMPT = replace(VOLUMES[0], tags={"keep": "yes"})
SHUT = replace(BUCKETS[1], data={"PublicAccessBlock": CLOSED})
AFTER: Inventory = inventory_of([EXEMPT, USED, BUCKETS[0], SHUT, TOPIC, *SNAPSHOTS])

Change = Callable[[dict[str, Resource]], object]


def put(resource: Resource) -> Change:
    return lambda after: after.__setitem__(resource.resource_id, resource)


def drop(resource: Resource) -> Change:
    return lambda after: after.pop(resource.resource_id)


def test_the_parts_are_given_to_resources_of_the_right_kind() -> None:
    assert CAST.exempt == VOLUMES[0].resource_id
    assert CAST.unused == {volume.resource_id for volume in VOLUMES[1:]}
    assert (CAST.fixed, CAST.open) == (BUCKETS[0].resource_id, BUCKETS[1].resource_id)


def test_what_should_have_happened_holds() -> None:
    assert [finding.holds for finding in compare(BEFORE, AFTER, CAST)] == [True] * 5


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        (put(VOLUMES[1]), 0),
        (drop(SNAPSHOTS[0]), 0),
        (put(replace(SNAPSHOTS[0], state="pending")), 0),
        (put(made("snapshot", "snap-3", state="completed", data={"VolumeId": "vol-2"})), 0),
        (drop(EXEMPT), 1),
        (put(VOLUMES[0]), 1),
        (put(replace(BUCKETS[0], public=True)), 2),
        (put(replace(BUCKETS[0], data={"PublicAccessBlock": CLOSED})), 2),
        (drop(BUCKETS[0]), 2),
        (put(replace(SHUT, public=True)), 3),
        (put(replace(SHUT, data={"PublicAccessBlock": {**CLOSED, "BlockPublicAcls": False}})), 3),
        (drop(SHUT), 3),
        (drop(TOPIC), 4),
        (put(replace(TOPIC, tags={"new": ""})), 4),
        (put(made("notificationtopic", "another")), 4),
        (put(replace(USED, attached=False)), 4),
    ],
)
def test_each_thing_that_should_not_have_happened_breaks_one_finding(change: Change, broken: int) -> None:
    after = dict(AFTER)
    change(after)
    assert [n for n, finding in enumerate(compare(BEFORE, after, CAST)) if not finding.holds] == [broken]
