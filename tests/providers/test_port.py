"""What every provider must do; the fake cloud is held to what the simulated AWS does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import pytest

from duetime.core.errors import UnknownName
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Skipped, Succeeded
from duetime.core.resources import Account, Resource
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.fake import FakeCloud
from duetime.providers.port import Provider

REGION = "us-east-1"


class World(Protocol):
    """One account of a cloud, as the tests of the port need it."""

    @property
    def provider(self) -> Provider: ...
    @property
    def account(self) -> Account: ...
    def add(self, number: int) -> list[str]: ...
    def protect(self, provider_id: str) -> None: ...
    def delete(self, provider_id: str) -> None: ...
    def calls(self) -> int: ...


@dataclass
class AwsWorld:
    provider: AwsProvider
    account: Account
    ec2: Any
    launch: Callable[..., list[str]]

    def add(self, number: int) -> list[str]:
        return self.launch(number, env="dev", Name="web")

    def protect(self, provider_id: str) -> None:
        self.ec2.modify_instance_attribute(InstanceId=provider_id, DisableApiStop={"Value": True})

    def delete(self, provider_id: str) -> None:
        self.ec2.terminate_instances(InstanceIds=[provider_id])

    def calls(self) -> int:
        return sum(self.provider.calls().values())


class FakeWorld:
    def __init__(self) -> None:
        self.provider = FakeCloud()
        self.account = Account("10", provider="fake", regions=(REGION,))

    def add(self, number: int) -> list[str]:
        tags = {"env": "dev", "Name": "web"}
        return [self.provider.add(name="web", tags=tags).provider_id for _ in range(number)]

    def protect(self, provider_id: str) -> None:
        self.provider.faults.refuse(f"instance:10:{REGION}:{provider_id}:")

    def delete(self, provider_id: str) -> None:
        self.provider.remove(f"instance:10:{REGION}:{provider_id}:")

    def calls(self) -> int:
        return len(self.provider.calls())


@pytest.fixture(params=["aws", "fake"])
def world(request: pytest.FixtureRequest) -> World:
    if request.param == "fake":
        return FakeWorld()
    return AwsWorld(
        request.getfixturevalue("aws"),
        request.getfixturevalue("account"),
        request.getfixturevalue("ec2"),
        request.getfixturevalue("launch"),
    )


def listed(world: World) -> list[Resource]:
    pages = world.provider.pages(account=world.account, region=REGION, resource_type="instance")
    return [resource for page in pages for resource in page]


def read(world: World, ids: Sequence[str]) -> Mapping[str, Resource]:
    return world.provider.read(account=world.account, region=REGION, resource_type="instance", provider_ids=ids)


def act(world: World, operation: str, ids: Sequence[str]) -> Mapping[str, JobOutcome]:
    return world.provider.act(
        operation, account=world.account, region=REGION, resource_type="instance", provider_ids=ids
    )


def states(world: World, ids: Sequence[str]) -> set[str]:
    return {resource.state for resource in read(world, ids).values()}


def test_what_is_there_is_listed(world: World) -> None:
    ids = world.add(3)
    found = listed(world)
    assert {resource.provider_id for resource in found} == set(ids)
    one = found[0]
    assert one.resource_id == f"instance:{world.account.account}:{REGION}:{one.provider_id}:"
    assert (one.name, one.state, one.tags["env"]) == ("web", "running", "dev")


def test_what_is_gone_is_not_listed(world: World) -> None:
    kept, gone = world.add(2)
    world.delete(gone)
    assert [resource.provider_id for resource in listed(world)] == [kept]


def test_a_read_leaves_out_what_is_gone_and_what_never_was(world: World) -> None:
    first, second, gone = world.add(3)
    world.delete(gone)
    assert set(read(world, [first, gone, "i-0123456789abcdef0", second])) == {first, second}


def test_a_group_is_one_call(world: World) -> None:
    ids = world.add(50)
    before = world.calls()
    outcomes = act(world, "stop", ids)
    assert world.calls() - before == 1
    assert set(outcomes) == set(ids)
    assert all(isinstance(outcome, Succeeded) for outcome in outcomes.values())
    assert states(world, ids) == {"stopped"}


def test_what_was_stopped_can_be_started(world: World) -> None:
    ids = world.add(2)
    act(world, "stop", ids)
    act(world, "start", ids)
    assert states(world, ids) == {"running"}


def test_acting_twice_is_the_same_as_once(world: World) -> None:
    ids = world.add(2)
    act(world, "stop", ids)
    assert all(isinstance(outcome, Succeeded) for outcome in act(world, "stop", ids).values())


def test_a_repeated_id_counts_once(world: World) -> None:
    (one,) = world.add(1)
    assert set(act(world, "stop", [one, one])) == {one}
    assert set(read(world, [one, one])) == {one}


def test_nothing_to_do_is_no_call(world: World) -> None:
    before = world.calls()
    assert read(world, []) == {}
    assert act(world, "stop", []) == {}
    assert world.calls() == before


def test_a_protected_one_has_its_group_refused_and_then_fails_alone(world: World) -> None:
    protected, other = world.add(2)
    world.protect(protected)
    with pytest.raises(GroupRefused, match="OperationNotPermitted"):
        act(world, "stop", [protected, other])
    assert states(world, [other]) == {"running"}
    assert isinstance(act(world, "stop", [other])[other], Succeeded)
    alone = act(world, "stop", [protected])[protected]
    assert isinstance(alone, Failed)
    assert "OperationNotPermitted" in alone.error
    assert not alone.retry
    assert states(world, [protected]) == {"running"}


def test_a_missing_one_has_its_group_refused_and_is_then_skipped(world: World) -> None:
    (there,) = world.add(1)
    missing = "i-0123456789abcdef0"
    with pytest.raises(GroupRefused, match=missing):
        act(world, "stop", [there, missing])
    assert states(world, [there]) == {"running"}
    assert isinstance(act(world, "stop", [missing])[missing], Skipped)


def test_an_operation_nobody_knows_is_refused_before_any_call(world: World) -> None:
    ids = world.add(1)
    before = world.calls()
    with pytest.raises(UnknownName, match="halt"):
        act(world, "halt", ids)
    assert world.calls() == before


def test_a_closed_provider_opens_again(world: World) -> None:
    ids = world.add(1)
    world.provider.close()
    assert set(read(world, ids)) == set(ids)
