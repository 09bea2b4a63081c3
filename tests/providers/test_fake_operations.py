"""What the fake cloud can do to resources of any type, and how states pass."""

from typing import Any

import pytest

from duetime.core.errors import Invalid, ProviderFailed, UnknownName
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Succeeded
from duetime.core.resources import Account, Resource
from duetime.providers.errors import OutcomeUnknown
from duetime.providers.fake import FakeCloud
from duetime.providers.fake_operations import DEEDS

REGION = "us-east-1"
ACCOUNT = Account("10", provider="fake")


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


def act(cloud: FakeCloud, operation: str, *resources: Resource, **arguments: Any) -> list[JobOutcome]:
    ids = [resource.provider_id for resource in resources]
    kind = resources[0].resource_type
    outcomes = cloud.act(
        operation, account=ACCOUNT, region=REGION, resource_type=kind, provider_ids=ids, arguments=arguments
    )
    return [outcomes[provider_id] for provider_id in ids]


def before(cloud: FakeCloud, operation: str, *resources: Resource, **arguments: Any) -> dict[str, Any]:
    ids = [resource.provider_id for resource in resources]
    kind = resources[0].resource_type
    found = cloud.before(
        operation, account=ACCOUNT, region=REGION, resource_type=kind, provider_ids=ids, arguments=arguments
    )
    return dict(found)


def read(cloud: FakeCloud, resource: Resource) -> str | None:
    kind, key = resource.resource_type, resource.provider_id
    found = cloud.read(account=ACCOUNT, region=REGION, resource_type=kind, provider_ids=[key])
    return found[key].state if key in found else None


def test_every_type_has_every_operation_and_inverses_are_operations(cloud: FakeCloud) -> None:
    cloud.add(resource_type="my_own")
    facts = cloud.resource_types()
    assert {"instance", "storagecontainer", "my_own"} <= set(facts)
    assert {frozenset(one.operations) for one in facts.values()} == {frozenset(DEEDS)}
    for operation in facts["my_own"].operations.values():
        assert operation.inverse is None or operation.inverse in DEEDS


def test_a_type_may_have_fewer(cloud: FakeCloud) -> None:
    bucket = cloud.add(resource_type="bucket")
    cloud.offer_only("bucket", ["tag"])
    assert set(cloud.resource_types()["bucket"].operations) == {"tag"}
    with pytest.raises(UnknownName, match=r"resources of type bucket 'stop'.*Did you mean tag"):
        act(cloud, "stop", bucket)
    with pytest.raises(UnknownName):
        before(cloud, "stop", bucket)


def test_what_undoes_an_act_is_known_beforehand_and_leaves_out_what_is_gone(cloud: FakeCloud) -> None:
    one, gone = cloud.add(tags={"env": "dev"}), cloud.add()
    cloud.remove(gone)
    assert before(cloud, "tag", one, gone, tags={"env": "x", "new": "y"}) == {
        one.provider_id: {"tags": {"env": "dev"}, "absent": ["new"]}
    }
    assert before(cloud, "stop", one) == {one.provider_id: {}}
    assert before(cloud, "delete", one) == {}
    assert [call.operation for call in cloud.calls()] == ["before"]


def test_reading_what_undoes_an_act_meets_faults(cloud: FakeCloud) -> None:
    one = cloud.add()
    cloud.faults.throttle(operation="before")
    with pytest.raises(ProviderFailed):
        before(cloud, "tag", one, tags={"a": "b"})


def test_a_snapshot_is_a_resource_of_its_own(cloud: FakeCloud) -> None:
    volume = cloud.add(resource_type="volume")
    (outcome,) = act(cloud, "snapshot", volume, name="copy", tags={"why": "test"})
    assert outcome == Succeeded({"snapshot_id": "snap-000001", "snapshot_type": "snapshot"})
    taken = cloud.resources()[-1]
    assert (taken.name, taken.state, taken.tags, taken.data) == (
        "copy",
        "completed",
        {"why": "test"},
        {"source": "vol-000001"},
    )


def test_a_lingering_operation_passes_through_its_state(cloud: FakeCloud) -> None:
    one, other = cloud.add(), cloud.add()
    cloud.faults.linger(one, operation="stop", reads=2, times=1)
    act(cloud, "stop", one, other)
    assert read(cloud, other) == "stopped"
    assert [read(cloud, one) for _ in range(3)] == ["stopping", "stopping", "stopped"]
    act(cloud, "start", one)
    assert read(cloud, one) == "running"
    act(cloud, "stop", one)
    assert read(cloud, one) == "stopped"


def test_a_passing_state_refuses_what_it_must_and_a_group_as_a_whole(cloud: FakeCloud) -> None:
    busy, ready = cloud.add(state="stopping"), cloud.add(state="stopped")
    with pytest.raises(GroupRefused, match="i-000001 is stopping, from which it cannot start"):
        act(cloud, "start", busy, ready)
    assert read(cloud, ready) == "stopped"
    (refused,) = act(cloud, "start", busy)
    assert isinstance(refused, Failed)
    assert refused.retry
    assert isinstance(act(cloud, "stop", busy)[0], Succeeded)


def test_what_somebody_else_changes_passes_no_more(cloud: FakeCloud) -> None:
    one = cloud.add()
    cloud.faults.linger(one, reads=1)
    act(cloud, "stop", one)
    cloud.remove(one)
    assert read(cloud, one) is None


def test_a_call_tells_what_it_was_given_and_may_be_cut_off_after_its_work(cloud: FakeCloud) -> None:
    one = cloud.add()
    cloud.faults.cut(operation="tag")
    with pytest.raises(OutcomeUnknown):
        act(cloud, "tag", one, tags={"a": "b"})
    (call,) = cloud.calls("tag")
    assert call.arguments == {"tags": {"a": "b"}}
    changed = cloud.get(one)
    assert changed is not None
    assert changed.tags == {"a": "b"}


def test_an_argument_that_is_needed_and_missing_is_named(cloud: FakeCloud) -> None:
    with pytest.raises(Invalid, match="'tags'"):
        act(cloud, "tag", cloud.add())
