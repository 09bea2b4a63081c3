"""Our event types end to end: scheduled, run by a worker, done by the simulated AWS over HTTP, undone."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from duetime.app.app import App
from duetime.core.events import Event, Run
from duetime.core.resources import Account, ResourceId
from duetime.core.statuses import EventStatus
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import WorkerSettings
from duetime.providers.aws.provider import AwsProvider
from duetime.scheduling.undo import undo_run
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

REGION = "us-east-1"


class Works:
    """An app and a worker of it that is stepped by hand, on one account of the simulated AWS."""

    def __init__(self, store: Store, clock: ManualClock, aws: AwsProvider, account: Account) -> None:
        self.app = App(store, clock=clock, providers={"aws": aws}, installed_plugins=False)
        with store.write() as tx:
            tx.accounts.save(account)
        self.aws = aws
        self.account = account
        self.clock = clock
        self._worker = self.app.worker(settings=WorkerSettings(), executor=InlineExecutor())
        self._worker.plugins.round()
        self._worker.heartbeat.round()

    def client(self, service: str) -> Any:
        return self.aws.client(service, account=self.account, region=REGION)

    def id_of(self, resource_type: str, provider_id: str) -> str:
        return ResourceId(resource_type, self.account.account, REGION, provider_id).to_string()

    def schedule(self, event_type: str, *resource_ids: str, **args: Any) -> list[Event]:
        now = self.app.store.now()
        return [self.app.client.schedule(event_type, now, resource_id=one, args=args) for one in resource_ids]

    def do(self, event_type: str, resource_id: str, **args: Any) -> Run:
        """Run one event; return the run that succeeded."""
        (event,) = self.schedule(event_type, resource_id, **args)
        self.settle()
        return self.succeeded(event)

    def undo(self, run: Run) -> Run:
        event = undo_run(self.app.client, run.run_id).event
        self.settle()
        return self.succeeded(event)

    def settle(self) -> None:
        for _ in range(100):
            delay = self._worker.dispatcher.round()
            if not self._worker.outbox.flush() and delay > 0:
                return

    def pass_time(self, **length: float) -> None:
        span = timedelta(**length)
        self.clock.move_to(self.clock.now() + span)
        self.clock.elapsed += span.total_seconds()
        self._worker.heartbeat.round()
        self.settle()

    def succeeded(self, event: Event) -> Run:
        with self.app.store.read() as tx:
            run = tx.runs.of_event(event.event_id)[-1]
            assert (run.error, tx.events.get(event.event_id).status) == ("", EventStatus.SUCCEEDED)
        return run


@pytest.fixture
def works(sqlite_store: Store, clock: ManualClock, aws: AwsProvider, account: Account) -> Iterator[Works]:
    works = Works(sqlite_store, clock, aws, account)
    yield works
    works.app.clouds.close()


@pytest.fixture
def states(works: Works, ec2: Any) -> Callable[[], set[str]]:
    def read() -> set[str]:
        reservations = ec2.describe_instances()["Reservations"]
        return {one["State"]["Name"] for each in reservations for one in each["Instances"]}

    return read


def test_fifty_stops_are_one_call_and_one_of_them_is_undone(
    works: Works, launch: Callable[..., list[str]], states: Callable[[], set[str]], aws: AwsProvider
) -> None:
    ids = [works.id_of("instance", one) for one in launch(50)]
    before = sum(aws.calls().values())
    events = works.schedule("divvy.stop_resource", *ids)
    works.settle()
    assert sum(aws.calls().values()) - before == 2  # the guards' fresh read, and the stop
    assert states() == {"stopped"}
    works.undo(works.succeeded(events[7]))
    assert states() == {"stopped", "running"}


def test_what_is_stopped_already_is_not_stopped_again(works: Works, launch: Callable[..., list[str]]) -> None:
    (one,) = launch(1)
    resource_id = works.id_of("instance", one)
    works.do("divvy.stop_resource", resource_id)
    again = works.do("divvy.stop_resource", resource_id)
    assert json.loads(again.result or "")["changed"] is False


def test_tags_come_back_as_they_were(works: Works, launch: Callable[..., list[str]], ec2: Any) -> None:
    (one,) = launch(1, env="dev", keep="1")

    def tags() -> dict[str, str]:
        found = ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [one]}])["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    run = works.do("duetime.tag", works.id_of("instance", one), tags={"env": "prod", "new": "x"})
    assert tags() == {"env": "prod", "keep": "1", "new": "x"}
    undone = works.undo(run)
    assert tags() == {"env": "dev", "keep": "1"}
    works.undo(undone)
    assert tags() == {"env": "prod", "keep": "1", "new": "x"}
    works.do("duetime.untag", works.id_of("instance", one), keys=["env", "never-there"])
    assert tags() == {"keep": "1", "new": "x"}


def test_a_group_is_scaled_to_nothing_and_back(works: Works, ec2: Any) -> None:
    scaling = works.client("autoscaling")
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    scaling.create_launch_configuration(LaunchConfigurationName="lc", ImageId="ami-00000000", InstanceType="t2.micro")
    scaling.create_auto_scaling_group(
        AutoScalingGroupName="web",
        LaunchConfigurationName="lc",
        MinSize=1,
        MaxSize=5,
        DesiredCapacity=2,
        AvailabilityZones=[zone],
    )

    def sizes() -> tuple[int, ...]:
        (group,) = scaling.describe_auto_scaling_groups(AutoScalingGroupNames=["web"])["AutoScalingGroups"]
        return group["MinSize"], group["MaxSize"], group["DesiredCapacity"]

    run = works.do("duetime.scale", works.id_of("autoscalinggroup", "web"), minimum=0, desired=0)
    assert sizes() == (0, 5, 0)
    works.undo(run)
    assert sizes() == (1, 5, 2)


def test_a_buckets_policy_and_public_access_are_taken_and_given_back(works: Works) -> None:
    s3 = works.client("s3")
    name = f"site-{works.account.account}"
    s3.create_bucket(Bucket=name)
    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{name}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    bucket = works.id_of("storagecontainer", name)

    works.undo(works.do("duetime.attach_policy", bucket, policy=policy))
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=name)
    works.do("duetime.attach_policy", bucket, policy=policy)
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == policy
    removed = works.do("duetime.remove_policy", bucket)
    with pytest.raises(s3.exceptions.ClientError, match="NoSuchBucketPolicy"):
        s3.get_bucket_policy(Bucket=name)
    works.undo(removed)
    assert json.loads(s3.get_bucket_policy(Bucket=name)["Policy"]) == policy

    def blocked() -> dict[str, bool]:
        try:
            return dict(s3.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"])
        except s3.exceptions.ClientError:
            return {}

    before = blocked()
    run = works.do("duetime.block_public_access", bucket)
    assert set(blocked().values()) == {True}
    works.undo(run)
    assert blocked() == before


def test_an_access_key_is_disabled_and_enabled(works: Works) -> None:
    iam = works.client("iam")
    iam.create_user(UserName="ada")
    key = iam.create_access_key(UserName="ada")["AccessKey"]["AccessKeyId"]
    resource_type = "serviceaccesskey"
    (found,) = [
        one
        for page in works.aws.pages(account=works.account, region=REGION, resource_type=resource_type)
        for one in page
        if key in one.provider_id
    ]

    def state() -> str:
        (one,) = iam.list_access_keys(UserName="ada")["AccessKeyMetadata"]
        return str(one["Status"])

    run = works.do("duetime.disable", found.resource_id)
    assert state() == "Inactive"
    works.undo(run)
    assert state() == "Active"


def test_a_volume_is_deleted_once_there_is_a_snapshot_of_it(works: Works, ec2: Any) -> None:
    zone = ec2.describe_availability_zones()["AvailabilityZones"][0]["ZoneName"]
    volume = ec2.create_volume(AvailabilityZone=zone, Size=8)["VolumeId"]
    (event,) = works.schedule("duetime.snapshot_then_delete", works.id_of("volume", volume), tags={"why": "unused"})
    works.settle()
    works.pass_time(minutes=1)
    result = json.loads(works.succeeded(event).result or "")
    (snapshot,) = ec2.describe_snapshots(SnapshotIds=[result["snapshot_id"]])["Snapshots"]
    assert snapshot["VolumeId"] == volume
    assert {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}["why"] == "unused"
    assert not ec2.describe_volumes(Filters=[{"Name": "volume-id", "Values": [volume]}])["Volumes"]


def test_a_database_is_deleted_after_a_snapshot_and_not_without_a_word_about_the_last_one(works: Works) -> None:
    rds = works.client("rds")
    for name in ("one", "two"):
        rds.create_db_instance(
            DBInstanceIdentifier=name,
            DBInstanceClass="db.t3.micro",
            Engine="postgres",
            MasterUsername="root",
            MasterUserPassword="not-a-secret",
            AllocatedStorage=10,
        )
    (event,) = works.schedule("duetime.snapshot_then_delete", works.id_of("dbinstance", "one"))
    (silent,) = works.schedule("duetime.delete", works.id_of("dbinstance", "two"))
    works.settle()
    works.pass_time(minutes=1)
    result = json.loads(works.succeeded(event).result or "")
    assert result["snapshot_id"] in {one["DBSnapshotIdentifier"] for one in rds.describe_db_snapshots()["DBSnapshots"]}
    assert [one["DBInstanceIdentifier"] for one in rds.describe_db_instances()["DBInstances"]] == ["two"]
    with works.app.store.read() as tx:
        (run,) = tx.runs.of_event(silent.event_id)
    assert "final_snapshot" in run.error


def test_a_type_without_the_operation_says_what_it_has(works: Works) -> None:
    sqs = works.client("sqs")
    url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
    (found,) = [
        one
        for page in works.aws.pages(account=works.account, region=REGION, resource_type="messagequeue")
        for one in page
        if one.provider_id in url or "jobs" in one.provider_id
    ]
    (event,) = works.schedule("divvy.stop_resource", found.resource_id)
    works.settle()
    with works.app.store.read() as tx:
        (run,) = tx.runs.of_event(event.event_id)
    assert "resources of type messagequeue have no operation stop; they have: " in run.error
    assert "delete" in run.error
