"""The cloud of the demo: what it holds, and that its proof can fail."""

import os
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

import pytest

from duetime.cli.demo_proof import changed
from duetime.cli.demo_world import ACCOUNTS, REGIONS, DemoWorld, Place, Seen, StateChange
from duetime.providers.aws.provider import AwsProvider

NOW = datetime(2026, 1, 1, tzinfo=UTC)
DEV = Place("111111111111", "us-east-1", "i-1")
PROD = Place("111111111111", "us-east-1", "i-2")


@pytest.fixture(scope="module")
def world() -> Iterator[DemoWorld]:
    started = time.perf_counter()
    before = dict(os.environ)
    with DemoWorld(instances_per_region=13) as filled:
        print(f"the demo's cloud took {time.perf_counter() - started:.1f} s to fill")  # noqa: T201 - shown with -s
        assert dict(os.environ) == before
        yield filled


@pytest.mark.slow
def test_every_account_and_region_holds_as_many_instances_as_asked_for(world: DemoWorld) -> None:
    places = list(world.states())
    assert {(place.account, place.region) for place in places} == {(a, r) for a in ACCOUNTS for r in REGIONS}
    for account in ACCOUNTS:
        for region in REGIONS:
            assert sum((place.account, place.region) == (account, region) for place in places) == 13


@pytest.mark.slow
def test_instances_of_both_environments_are_named_and_owned(world: DemoWorld) -> None:
    aws = AwsProvider(loopback_only=True)
    account, *_ = world.accounts()
    pages = aws.pages(account=account, region=REGIONS[0], resource_type="instance")
    tags = [resource.tags for page in pages for resource in page]
    aws.close()
    assert {each["env"] for each in tags} == {"dev", "prod"}
    assert {each["owner"] for each in tags} == {"ana", "ben", "chi"}
    assert all(each["Name"].endswith(f"-{each['env']}") for each in tags)


@pytest.mark.slow
def test_what_a_worker_does_is_seen_and_proven_from_the_api(world: DemoWorld) -> None:
    worker = AwsProvider(loopback_only=True)
    dev = [place for place, seen in world.states().items() if seen.env == "dev"]
    for operation, after in (("stop", "stopped"), ("start", "running")):
        for account in world.accounts():
            for region in REGIONS:
                ids = [place.instance_id for place in dev if place[:2] == (account.account, region)]
                worker.act(operation, account=account, region=region, resource_type="instance", provider_ids=ids)
        assert {change.place for change in world.observe()} == set(dev)
        assert {seen.state for place, seen in world.states().items() if place in dev} == {after}
    worker.close()
    assert world.observe() == []
    assert len(world.changes) == 2 * len(dev)
    assert world.proof().dev == set(dev)
    proof = world.proof()
    assert proof.night_holds
    assert not proof.holds  # the volumes are there still
    assert {finding.claim: finding.holds for finding in proof.findings}["everything else is as it was"]


@pytest.mark.slow
def test_there_are_many_types_everywhere(world: DemoWorld) -> None:
    for account in ACCOUNTS:
        for region in REGIONS:
            here = {
                one.resource_type for one in world.before.values() if one.account == account and one.region == region
            }
            assert len(here) >= 20


@pytest.mark.slow
def test_what_owners_do_by_hand_is_seen_by_aws(world: DemoWorld) -> None:
    cast = world.cast
    world.tag(cast.exempt, key="keep", value="yes")
    world.open_bucket(cast.fixed)
    now = world.inventory()
    assert changed(world.before, now) == {cast.exempt, cast.fixed}
    assert now[cast.fixed].public
    world.close_bucket(cast.fixed)
    assert changed(world.before, world.inventory()) == {cast.exempt}


class Watched(DemoWorld):
    """A world whose states are given, one look after the other."""

    def __init__(self, *looks: tuple[str, str]) -> None:
        super().__init__(now=lambda: NOW)
        self.looks = [{DEV: Seen("dev", dev), PROD: Seen("prod", prod)} for dev, prod in looks]
        for _ in looks:
            self.observe()

    def states(self) -> dict[Place, Seen]:
        return self.looks.pop(0)


def looks(dev: Iterable[str], prod: Iterable[str]) -> Watched:
    return Watched(*zip(dev, prod, strict=True))


RUN, STOP = "running", "stopped"


def test_a_look_returns_what_changed_since_the_last_one() -> None:
    world = looks([RUN, RUN, STOP], [RUN] * 3)
    assert world.changes == [StateChange(NOW, DEV, before=RUN, after=STOP)]


@pytest.mark.parametrize(
    ("dev", "prod", "holds"),
    [
        ([RUN, STOP, RUN], [RUN, RUN, RUN], True),
        ([RUN, "stopping", STOP, "pending", RUN], [RUN] * 5, True),
        ([RUN, RUN, RUN], [RUN, RUN, RUN], False),
        ([RUN, STOP, STOP], [RUN, RUN, RUN], False),
        ([RUN, STOP, RUN], [RUN, STOP, RUN], False),
        ([RUN, STOP, RUN], [RUN, RUN, STOP], False),
        ([STOP, RUN, STOP], [RUN, RUN, RUN], False),
        ([RUN, STOP, RUN, STOP, RUN], [RUN] * 5, False),
    ],
)
def test_the_proof_holds_when_exactly_the_dev_instances_stopped_and_started_again(
    dev: list[str], prod: list[str], holds: bool
) -> None:
    assert looks(dev, prod).proof().holds is holds


def test_one_dev_instance_that_stayed_up_is_enough_to_break_the_proof() -> None:
    other = Place("222222222222", "us-east-1", "i-3")
    world = looks([RUN, STOP, RUN], [RUN] * 3)
    assert world.proof().holds
    world.looks.append({DEV: Seen("dev", RUN), other: Seen("dev", RUN)})
    world.observe()
    assert not world.proof().holds


def test_a_world_without_dev_instances_proves_nothing() -> None:
    assert not DemoWorld().proof().holds
