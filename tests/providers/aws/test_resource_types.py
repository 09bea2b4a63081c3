"""Each resource type of the catalogue on the simulated AWS: listing, reading, and every operation with its inverse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from tests.providers.aws.makers import MAKERS, MISSING, public_policy

from duetime.core.errors import InvalidArguments
from duetime.core.json_types import JsonObject, canonical
from duetime.core.outcomes import Failed, JobOutcome, Skipped, Succeeded
from duetime.core.resource_types import GLOBAL_REGION
from duetime.core.resources import Account, Resource, ResourceId
from duetime.providers.aws.catalogue import CATALOGUE
from duetime.providers.aws.provider import AwsProvider

REGION = "us-east-1"


@dataclass
class World:
    """One account of the simulated AWS, and one resource type in it."""

    provider: AwsProvider
    account: Account
    resource_type: str

    def make(self) -> str:
        return MAKERS[self.resource_type](self.client)

    def client(self, service: str) -> Any:
        return self.provider.client(service, account=self.account, region=REGION)

    @property
    def missing(self) -> str:
        return MISSING.get(self.resource_type, "none")

    def listed(self) -> list[Resource]:
        pages = self.provider.pages(account=self.account, region=REGION, resource_type=self.resource_type)
        return [resource for page in pages for resource in page]

    def read(self, *ids: str) -> Mapping[str, Resource]:
        return self.provider.read(
            account=self.account, region=REGION, resource_type=self.resource_type, provider_ids=ids
        )

    def one(self, provider_id: str) -> Resource:
        return self.read(provider_id)[provider_id]

    def before(self, operation: str, ids: Sequence[str], **arguments: Any) -> Mapping[str, JsonObject]:
        return self.provider.before(operation, arguments=arguments, provider_ids=ids, **self.place)

    def act(self, operation: str, provider_id: str, **arguments: Any) -> JobOutcome:
        outcomes = self.provider.act(operation, arguments=arguments, provider_ids=[provider_id], **self.place)
        return outcomes[provider_id]

    @property
    def place(self) -> dict[str, Any]:
        return {"account": self.account, "region": REGION, "resource_type": self.resource_type}


@pytest.fixture
def world(request: pytest.FixtureRequest, aws: AwsProvider, account: Account) -> World:
    return World(aws, account, request.param)


def of(*resource_types: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("world", resource_types, indirect=True, ids=resource_types)


def having(operation: str, *, but: str = "") -> pytest.MarkDecorator:
    """Return all types with an operation, but for one to which the simulation cannot do it; see `test_told_calls`."""
    return of(*(name for name, kind in CATALOGUE.items() if operation in kind.actions and name != but))


@of(*CATALOGUE)
def test_what_is_there_is_listed_and_read_alike(world: World) -> None:
    kind = CATALOGUE[world.resource_type]
    made = {world.make(), world.make()}
    listed = {resource.provider_id: resource for resource in world.listed()}
    assert made <= set(listed)
    read = world.read(*made, world.missing)
    assert set(read) == made
    for provider_id in made:
        one = listed[provider_id]
        assert (one.name, one.state, one.tags, one.attached) == (
            read[provider_id].name,
            read[provider_id].state,
            read[provider_id].tags,
            read[provider_id].attached,
        )
        assert canonical(one.data)
        assert canonical(read[provider_id].data)
        assert one.tags.get("env") == ("dev" if kind.columns.tags else None)
        # Of an ECS service, the simulation alone does not say it.
        says_when = kind.columns.created_at != "" and world.resource_type != "containerservice"
        assert (one.created_at is not None) == says_when
        region = REGION if kind.regional else GLOBAL_REGION
        assert ResourceId.from_string(one.resource_id) == (
            world.resource_type,
            world.account.account,
            region,
            provider_id,
        )


@having("tag", but="nodegroup")
def test_tags_are_set_and_put_back(world: World) -> None:
    one = world.make()
    (former,) = world.before("tag", [one], tags={"env": "live", "new": "1"}).values()
    assert former == {"tags": {"env": "dev"}, "absent": ["new"]}
    assert isinstance(world.act("tag", one, tags={"env": "live", "new": "1"}), Succeeded)
    tags = world.one(one).tags
    assert (tags["env"], tags["new"]) == ("live", "1")
    again = world.before("restore_tags", [one], **former)
    assert isinstance(world.act("restore_tags", one, **former), Succeeded)
    assert world.one(one).tags["env"] == "dev"
    assert "new" not in world.one(one).tags
    world.act("restore_tags", one, **again[one])
    assert world.one(one).tags["new"] == "1"


@having("untag", but="nodegroup")
def test_tags_are_taken_off_and_put_back(world: World) -> None:
    one = world.make()
    world.act("tag", one, tags={"stays": "yes"})
    (former,) = world.before("untag", [one], keys=["env", "never"]).values()
    assert former == {"tags": {"env": "dev"}, "absent": ["never"]}
    assert isinstance(world.act("untag", one, keys=["env", "never"]), Succeeded)
    assert world.one(one).tags == {"stays": "yes"}
    world.act("restore_tags", one, **former)
    assert world.one(one).tags == {"stays": "yes", "env": "dev"}


@having("delete")
def test_what_is_deleted_is_gone(world: World) -> None:
    one = world.make()
    kind = CATALOGUE[world.resource_type]
    arguments = {"final_snapshot": None} if "final_snapshot" in kind.actions["delete"].takes else {}
    first = {"notebookinstance": "stop", "volume": "detach"}.get(world.resource_type)
    if first is not None:
        world.act(first, one)
    assert isinstance(world.act("delete", one, **arguments), Succeeded)
    left = world.read(one)
    if world.resource_type == "dbinstance":
        # The simulation takes it out only at the next look.
        left = world.read(one)
    assert one not in left or left[one].state in kind.actions["delete"].wanted
    assert world.before("delete", [one], **arguments) == {}


@having("stop")
def test_what_is_stopped_can_be_started(world: World) -> None:
    one = world.make()
    stop = CATALOGUE[world.resource_type].actions["stop"]
    start = CATALOGUE[world.resource_type].actions["start"]
    (arguments,) = world.before("stop", [one]).values()
    assert isinstance(world.act("stop", one), Succeeded)
    assert world.one(one).state in stop.wanted
    assert stop.inverse == "start"
    assert isinstance(world.act("start", one, **arguments), Succeeded)
    assert world.one(one).state in start.wanted | {"started"}  # what the simulation says of an Aurora cluster


@having("reboot")
def test_what_is_rebooted_is_there(world: World) -> None:
    one = world.make()
    assert isinstance(world.act("reboot", one), Succeeded)
    assert world.one(one).state in {"running", "available"}


@having("snapshot")
def test_a_snapshot_can_be_read_until_it_is_complete(world: World) -> None:
    one = world.make()
    outcome = world.act("snapshot", one, name="before-the-change", tags={"env": "dev"})
    assert isinstance(outcome, Succeeded)
    snapshot = World(world.provider, world.account, outcome.data["snapshot_type"])
    taken = snapshot.one(outcome.data["snapshot_id"])
    assert taken.state in {"completed", "available"}
    if CATALOGUE[snapshot.resource_type].columns.tags:
        assert taken.tags["env"] == "dev"


@of("dbinstance", "dbcluster", "distributedtable", "bigdatainstance", "volume")
def test_a_snapshot_needs_no_name(world: World) -> None:
    one = world.make()
    first, second = world.act("snapshot", one), world.act("snapshot", one)
    assert isinstance(first, Succeeded)
    assert isinstance(second, Succeeded)
    assert first.data["snapshot_id"] != second.data["snapshot_id"]


@of("dbinstance", "dbcluster", "bigdatainstance")
def test_a_database_leaves_the_last_snapshot_that_was_asked_for(world: World) -> None:
    one = world.make()
    with pytest.raises(InvalidArguments, match="final_snapshot has to be said: a text or null"):
        world.act("delete", one)
    assert world.one(one).state == "available"
    assert isinstance(world.act("delete", one, final_snapshot="the-last-one"), Succeeded)
    snapshot_type = CATALOGUE[world.resource_type].actions["snapshot"].data["snapshot_type"].strip("'")
    snapshot = World(world.provider, world.account, snapshot_type)
    world.read(one)
    assert "the-last-one" in snapshot.read("the-last-one")


@having("scale")
def test_what_is_scaled_can_be_scaled_back(world: World) -> None:
    one = world.make()
    takes = CATALOGUE[world.resource_type].actions["scale"].takes
    sizes = {name: size for name, size in {"minimum": 0, "maximum": 1, "desired": 0}.items() if name in takes}
    former = world.one(one).data
    (kept,) = world.before("scale", [one], **sizes).values()
    assert kept["desired"] == 2
    outcome = world.act("scale", one, **sizes)
    assert isinstance(outcome, Succeeded)
    assert outcome.data == {"before": 2, "after": 0}
    assert world.before("scale", [one], **sizes)[one] == sizes
    world.act("scale", one, **kept)
    assert _settled(world.one(one).data) == _settled(former)


def _settled(data: Mapping[str, Any]) -> dict[str, Any]:
    moving = {"runningCount", "pendingCount"}
    return {key: value for key, value in data.items() if key not in moving}


@having("disable", but="serverlessfunction")
def test_what_is_disabled_can_be_enabled(world: World) -> None:
    one = world.make()
    actions = CATALOGUE[world.resource_type].actions
    before = world.one(one).state
    (kept,) = world.before("disable", [one]).values()
    assert isinstance(world.act("disable", one), Succeeded)
    assert world.one(one).state in actions["disable"].wanted
    assert isinstance(world.act("enable", one, **kept), Succeeded)
    assert world.one(one).state == before


@having("detach")
def test_what_is_detached_can_be_attached(world: World) -> None:
    one = world.make()
    former = world.one(one)
    assert former.attached
    (kept,) = world.before("detach", [one]).values()
    assert isinstance(world.act("detach", one), Succeeded)
    assert world.one(one).attached is False
    again = world.act("detach", one)
    assert again == Succeeded({"changed": False, "note": "there was nothing to do"})
    assert isinstance(world.act("attach", one, **kept), Succeeded)
    assert world.one(one).attached
    (restored,) = world.before("detach", [one]).values()
    # The simulation forgets which instance an interface is of.
    assert {**restored, "instance": ""} == {**kept, "instance": ""}


@of("publicip")
def test_an_address_is_released(world: World) -> None:
    one = world.make()
    world.act("detach", one)
    assert isinstance(world.act("release", one), Succeeded)
    assert world.read(one) == {}


@of("storagecontainer")
def test_public_access_is_blocked_and_restored(world: World) -> None:
    one = world.make()
    assert world.one(one).public is True
    nothing = world.before("block_public_access", [one])
    assert nothing == {one: {"configuration": None}}
    assert isinstance(world.act("block_public_access", one), Succeeded)
    assert world.one(one).public is False
    assert isinstance(world.act("restore_public_access", one, **nothing[one]), Succeeded)
    assert world.one(one).public is True
    partly = {
        "BlockPublicAcls": True,
        "IgnorePublicAcls": True,
        "BlockPublicPolicy": False,
        "RestrictPublicBuckets": False,
    }
    world.act("restore_public_access", one, configuration=partly)
    kept = world.before("block_public_access", [one])
    world.act("block_public_access", one)
    world.act("restore_public_access", one, **kept[one])
    assert world.before("block_public_access", [one]) == {one: {"configuration": partly}}


@of("storagecontainer")
def test_a_grant_to_everybody_makes_a_bucket_public(world: World) -> None:
    one = world.make()
    world.act("remove_policy", one)
    assert world.one(one).public is False
    world.client("s3").put_bucket_acl(Bucket=one, ACL="public-read")
    assert world.one(one).public is True
    world.act("block_public_access", one)
    assert world.one(one).public is False


@of("storagecontainer")
def test_a_policy_is_attached_removed_and_put_back(world: World) -> None:
    one = world.make()
    former = public_policy(one)
    other = {**former, "Statement": [{**former["Statement"][0], "Effect": "Deny"}]}
    kept = world.before("attach_policy", [one], policy=other)
    assert kept == {one: {"policy": former}}
    assert isinstance(world.act("attach_policy", one, policy=other), Succeeded)
    assert world.one(one).data["Policy"] == other
    world.act("attach_policy", one, **kept[one])
    assert world.one(one).data["Policy"] == former
    kept = world.before("remove_policy", [one])
    assert isinstance(world.act("remove_policy", one), Succeeded)
    assert "Policy" not in world.one(one).data
    assert world.before("attach_policy", [one], policy=other) == {one: {"policy": None}}
    world.act("attach_policy", one, **kept[one])
    assert world.one(one).data["Policy"] == former


@of("storagecontainer")
def test_buckets_are_listed_where_they_are(world: World) -> None:
    one = world.make()
    elsewhere = world.provider.client("s3", account=world.account, region="eu-west-1")
    elsewhere.create_bucket(Bucket="far-away", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    names = {resource.provider_id for resource in world.listed()}
    assert one in names
    assert "far-away" not in names


@of("loggroup")
def test_a_retention_is_set_and_put_back(world: World) -> None:
    one = world.make()
    kept = world.before("set_retention", [one], days=7)
    assert kept == {one: {"days": None}}
    world.act("set_retention", one, days=7)
    assert world.one(one).data["retentionInDays"] == 7
    world.act("set_retention", one, **kept[one])
    assert "retentionInDays" not in world.one(one).data


@of("loadbalancer")
def test_a_protected_load_balancer_says_so(world: World) -> None:
    one = world.make()
    assert world.one(one).protected is False
    world.client("elbv2").modify_load_balancer_attributes(
        LoadBalancerArn=one, Attributes=[{"Key": "deletion_protection.enabled", "Value": "true"}]
    )
    assert world.one(one).protected is True


@of("dbinstance")
def test_a_protected_database_is_not_deleted(world: World) -> None:
    one = world.make()
    world.client("rds").modify_db_instance(DBInstanceIdentifier=one, DeletionProtection=True)
    assert world.one(one).protected is True
    outcome = world.act("delete", one, final_snapshot=None)
    assert isinstance(outcome, Failed)
    assert not outcome.retry


@of("serviceaccesskey")
def test_a_key_that_was_never_used_says_nothing_of_its_last_use(world: World) -> None:
    assert world.one(world.make()).last_used_at is None


UNTOLD = {
    # Where the simulation says that it has done it to what is not there.
    ("loadbalancer", "delete"),
    ("natgateway", "delete"),  # it breaks down
    ("notificationtopic", "delete"),
    ("messagequeue", "tag"),
    ("messagequeue", "untag"),
}
ARGUMENTS: Mapping[str, Mapping[str, Any]] = {
    "tag": {"tags": {"a": "b"}},
    "untag": {"keys": ["a"]},
    "restore_tags": {"tags": {"a": "b"}},
    "scale": {"desired": 1},
    "attach_policy": {"policy": {"Version": "2012-10-17"}},
    "restore_public_access": {"configuration": None},
    "set_retention": {"days": 7},
}
EC2_TAGS = {"tag", "untag", "restore_tags"}


@of(*CATALOGUE)
def test_what_is_gone_is_skipped(world: World) -> None:
    kind = CATALOGUE[world.resource_type]
    for name in kind.actions:
        if (world.resource_type, name) in UNTOLD or (kind.service == "ec2" and name in EC2_TAGS):
            continue
        arguments = dict(ARGUMENTS.get(name, {}))
        if name == "delete" and "final_snapshot" in kind.actions[name].takes:
            arguments = {"final_snapshot": None}
        if name == "attach":
            continue  # told below, by what answers as AWS does
        outcome = world.act(name, world.missing, **arguments)
        assert isinstance(outcome, Skipped), (name, outcome)
        if kind.actions[name].undone_with:
            assert world.before(name, [world.missing], **arguments) == {}
