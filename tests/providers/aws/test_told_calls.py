"""What the simulated AWS cannot be brought to say: the SDK's own stub answers, and checks what is asked."""

from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.stub import Stubber

from duetime.core.errors import InvalidArguments, ProviderFailed
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Skipped, Succeeded
from duetime.core.resources import Account
from duetime.providers.aws.options import ClientOptions
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.errors import OutcomeUnknown

REGION = "us-east-1"
ARN = "arn:aws:eks:us-east-1:1:nodegroup/prod/web/1"


class Told:
    """The AWS provider, with clients that answer what they are told and nothing else."""

    def __init__(self, stack: ExitStack) -> None:
        self.provider = AwsProvider(loopback_only=True, options=ClientOptions(attempts=1))
        self.account = Account(
            "10",
            provider="aws",
            regions=(REGION,),
            settings={"endpoint_url": "http://127.0.0.1:9", "dummy_credentials": True},
        )
        self._stack = stack

    def service(self, name: str) -> Stubber:
        stub = Stubber(self.provider.client(name, account=self.account, region=REGION))
        self._stack.callback(stub.assert_no_pending_responses)
        self._stack.enter_context(stub)
        return stub

    def act(self, operation: str, resource_type: str, *ids: str, **arguments: Any) -> dict[str, JobOutcome]:
        return dict(
            self.provider.act(
                operation,
                account=self.account,
                region=REGION,
                resource_type=resource_type,
                provider_ids=ids,
                arguments=arguments,
            )
        )

    def before(self, operation: str, resource_type: str, *ids: str, **arguments: Any) -> dict[str, Any]:
        return dict(
            self.provider.before(
                operation,
                account=self.account,
                region=REGION,
                resource_type=resource_type,
                provider_ids=ids,
                arguments=arguments,
            )
        )

    def read(self, resource_type: str, *ids: str) -> dict[str, Any]:
        return dict(
            self.provider.read(account=self.account, region=REGION, resource_type=resource_type, provider_ids=ids)
        )

    def pages(self, resource_type: str) -> list[list[str]]:
        pages = self.provider.pages(account=self.account, region=REGION, resource_type=resource_type)
        return [[resource.provider_id for resource in page] for page in pages]


@pytest.fixture
def told() -> Iterator[Told]:
    with ExitStack() as stack:
        world = Told(stack)
        yield world
    world.provider.close()


def _function(concurrency: int | None) -> dict[str, Any]:
    said: dict[str, Any] = {"Configuration": {"FunctionName": "report", "State": "Active"}, "Tags": {"env": "dev"}}
    return said if concurrency is None else {**said, "Concurrency": {"ReservedConcurrentExecutions": concurrency}}


def test_a_function_without_concurrency_is_disabled(told: Told) -> None:
    stub = told.service("lambda")
    for concurrency in (0, 5, None):
        stub.add_response("get_function", _function(concurrency), {"FunctionName": "report"})
    assert [told.read("serverlessfunction", "report")["report"].state for _ in range(3)] == [
        "Disabled",
        "Active",
        "Active",
    ]


@pytest.mark.parametrize("former", [None, 0, 5])
def test_a_reserved_concurrency_survives_being_disabled(told: Told, former: int | None) -> None:
    stub = told.service("lambda")
    stub.add_response("get_function", _function(former))
    kept = told.before("disable", "serverlessfunction", "report")["report"]
    assert kept == {"concurrency": former}
    asked = {"FunctionName": "report", "ReservedConcurrentExecutions": 0}
    stub.add_response("put_function_concurrency", {"ReservedConcurrentExecutions": 0}, asked)
    assert told.act("disable", "serverlessfunction", "report") == {"report": Succeeded({})}
    if former is None:
        stub.add_response("delete_function_concurrency", {}, {"FunctionName": "report"})
    else:
        stub.add_response("put_function_concurrency", {}, {**asked, "ReservedConcurrentExecutions": former})
    assert told.act("enable", "serverlessfunction", "report", **kept) == {"report": Succeeded({})}


def test_node_groups_are_tagged_by_their_arn(told: Told) -> None:
    stub = told.service("eks")
    group = {"clusterName": "prod", "nodegroupName": "web", "nodegroupArn": ARN, "tags": {"env": "dev"}}
    place = {"clusterName": "prod", "nodegroupName": "web"}
    stub.add_response("describe_nodegroup", {"nodegroup": group}, place)
    assert told.before("untag", "nodegroup", "prod/web", keys=["env"]) == {
        "prod/web": {"tags": {"env": "dev"}, "absent": []}
    }
    stub.add_response("describe_nodegroup", {"nodegroup": group}, place)
    stub.add_response("untag_resource", {}, {"resourceArn": ARN, "tagKeys": ["env"]})
    told.act("untag", "nodegroup", "prod/web", keys=["env"])
    stub.add_response("describe_nodegroup", {"nodegroup": group}, place)
    stub.add_response("tag_resource", {}, {"resourceArn": ARN, "tags": {"env": "dev"}})
    told.act("restore_tags", "nodegroup", "prod/web", tags={"env": "dev"}, absent=[])


def test_when_a_key_was_used_is_read(told: Told) -> None:
    stub = told.service("iam")
    key = {"UserName": "ann", "AccessKeyId": "AKIA0000000000000001", "Status": "Active"}
    stub.add_response("list_access_keys", {"AccessKeyMetadata": [key]}, {"UserName": "ann"})
    used = {"LastUsedDate": datetime(2026, 1, 1, tzinfo=UTC), "ServiceName": "s3", "Region": REGION}
    stub.add_response("get_access_key_last_used", {"AccessKeyLastUsed": used}, {"AccessKeyId": key["AccessKeyId"]})
    one = told.read("serviceaccesskey", "ann/AKIA0000000000000001")["ann/AKIA0000000000000001"]
    assert one.last_used_at == datetime(2026, 1, 1, tzinfo=UTC)
    assert one.region == "global"


def test_what_is_found_beside_what_was_asked_for_is_passed_over(told: Told) -> None:
    stub = told.service("iam")
    ids = ["AKIA0000000000000001", "AKIA0000000000000002"]
    keys = [{"UserName": "ann", "AccessKeyId": key} for key in ids]
    stub.add_response("list_access_keys", {"AccessKeyMetadata": keys})
    stub.add_response("get_access_key_last_used", {}, {"AccessKeyId": ids[1]})
    assert list(told.read("serviceaccesskey", f"ann/{ids[1]}")) == [f"ann/{ids[1]}"]


def test_a_read_that_is_refused_for_one_is_made_for_each(told: Told) -> None:
    stub = told.service("rds")
    stub.add_client_error("describe_db_instances", "DBInstanceNotFound")
    stub.add_response("describe_db_instances", {"DBInstances": [{"DBInstanceIdentifier": "db-1"}]})
    stub.add_client_error("describe_db_instances", "DBInstanceNotFound")
    assert list(told.read("dbinstance", "db-1", "db-2")) == ["db-1"]


def test_what_goes_while_it_is_listed_is_passed_over(told: Told) -> None:
    stub = told.service("iam")
    users = [
        {"Path": "/", "UserName": name, "UserId": "AIDA000000000000", "Arn": f"arn:aws:iam::1:user/{name}"}
        | {"CreateDate": datetime(2026, 1, 1, tzinfo=UTC)}
        for name in ("gone", "ann", "bob")
    ]
    stub.add_response("list_users", {"Users": users, "IsTruncated": False})
    stub.add_client_error("list_access_keys", "NoSuchEntity")
    for name in ("ann", "bob"):
        key = {"UserName": name, "AccessKeyId": f"AKIA00000000000000{name}"}
        stub.add_response("list_access_keys", {"AccessKeyMetadata": [key], "IsTruncated": False})
        if name == "ann":
            stub.add_client_error("get_access_key_last_used", "NoSuchEntity")
        else:
            used = {"ServiceName": "N/A", "Region": "N/A", "LastUsedDate": datetime(2026, 1, 1, tzinfo=UTC)}
            stub.add_response("get_access_key_last_used", {"AccessKeyLastUsed": used})
    assert told.pages("serviceaccesskey") == [["bob/AKIA00000000000000bob"]]


def test_services_of_a_cluster_are_read_ten_at_a_time(told: Told) -> None:
    stub = told.service("ecs")
    ids = [f"prod/web-{number}" for number in range(11)] + ["test/web"]
    for cluster, names in (("prod", range(10)), ("prod", range(10, 11)), ("test", None)):
        named = ["web"] if names is None else [f"web-{number}" for number in names]
        services = [{"clusterArn": f"arn:aws:ecs:r:1:cluster/{cluster}", "serviceName": name} for name in named]
        stub.add_response(
            "describe_services", {"services": services}, {"cluster": cluster, "services": named, "include": ["TAGS"]}
        )
    assert list(told.read("containerservice", *ids)) == ids


def _bucket(stub: Stubber, *denied: str, listed: tuple[tuple[str, ...], ...] = (("logs",),)) -> None:
    for names in listed:
        stub.add_response("list_buckets", {"Buckets": [{"Name": name} for name in names]})
    for method, code in (
        ("get_public_access_block", "NoSuchPublicAccessBlockConfiguration"),
        ("get_bucket_policy", "NoSuchBucketPolicy"),
        ("get_bucket_policy_status", "NoSuchBucketPolicy"),
    ):
        stub.add_client_error(method, "AccessDenied" if method in denied else code)
    stub.add_response("get_bucket_acl", {"Grants": []})
    stub.add_client_error("get_bucket_tagging", "AccessDenied" if "get_bucket_tagging" in denied else "NoSuchTagSet")


def test_a_bucket_that_hides_its_policy_is_kept_and_says_so(told: Told) -> None:
    _bucket(told.service("s3"), "get_bucket_policy", "get_bucket_policy_status")
    one = told.read("storagecontainer", "logs")["logs"]
    assert one.public is None
    assert one.data["Unreadable"] == ["Policy: AccessDenied", "PolicyStatus: AccessDenied"]


def test_what_cannot_be_kept_is_not_said_to_have_been_nothing(told: Told) -> None:
    stub = told.service("s3")
    _bucket(stub, "get_public_access_block")
    with pytest.raises(ProviderFailed, match="logs does not let us read what would be changed"):
        told.before("block_public_access", "storagecontainer", "logs")
    _bucket(stub, "get_public_access_block", listed=(("logs",), ()))
    with pytest.raises(GroupRefused, match="logs does not let us read"):
        told.before("block_public_access", "storagecontainer", "logs", "other")


def test_tags_that_cannot_be_read_are_not_overwritten(told: Told) -> None:
    _bucket(told.service("s3"), "get_bucket_tagging")
    with pytest.raises(ProviderFailed, match=r"logs does not let us read .* \(Tags: AccessDenied\)"):
        told.act("tag", "storagecontainer", "logs", tags={"env": "dev"})


def test_tags_of_buckets_are_written_with_those_that_stay(told: Told) -> None:
    stub = told.service("s3")
    _bucket(stub)
    stub.add_response(
        "put_bucket_tagging", {}, {"Bucket": "logs", "Tagging": {"TagSet": [{"Key": "env", "Value": "dev"}]}}
    )
    told.act("tag", "storagecontainer", "logs", tags={"env": "dev"})
    _bucket(stub)
    stub.add_response("delete_bucket_tagging", {}, {"Bucket": "logs"})
    told.act("untag", "storagecontainer", "logs", keys=["env"])


def test_one_refusal_is_its_own_where_there_is_no_call_for_several(told: Told) -> None:
    stub = told.service("ec2")
    stub.add_response("delete_volume", {}, {"VolumeId": "vol-1"})
    stub.add_client_error("delete_volume", "VolumeInUse", "attached")
    stub.add_client_error("delete_volume", "InvalidVolume.NotFound")
    stub.add_client_error("delete_volume", "UnauthorizedOperation", "no")
    assert told.act("delete", "volume", "vol-1", "vol-2", "vol-3", "vol-4") == {
        "vol-1": Succeeded({}),
        "vol-2": Failed("VolumeInUse (attached)", retry=True),
        "vol-3": Skipped("the resource does not exist any more"),
        "vol-4": Failed("UnauthorizedOperation (no)", retry=False),
    }


def test_a_person_has_to_lift_a_protection(told: Told) -> None:
    stub = told.service("ec2")
    stub.add_client_error("delete_security_group", "DependencyViolation", "has a dependent object")
    outcome = told.act("delete", "resourceaccesslist", "sg-1")["sg-1"]
    assert outcome == Failed("DependencyViolation (has a dependent object)", retry=False)


@pytest.mark.parametrize(
    ("message", "outcome"),
    [
        ("Desired capacity is above max", Failed("ValidationError (Desired capacity is above max)", retry=False)),
        ("AutoScalingGroup name not found", Skipped("the resource does not exist any more")),
    ],
)
def test_one_code_may_mean_two_things(told: Told, message: str, outcome: JobOutcome) -> None:
    stub = told.service("autoscaling")
    group = {"AutoScalingGroupName": "web", "MinSize": 1, "MaxSize": 3, "DesiredCapacity": 2, "DefaultCooldown": 1}
    group |= {"AvailabilityZones": [], "HealthCheckType": "EC2", "CreatedTime": datetime(2026, 1, 1, tzinfo=UTC)}
    stub.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": [group]})
    stub.add_client_error("update_auto_scaling_group", "ValidationError", message)
    assert told.act("scale", "autoscalinggroup", "web", desired=9) == {"web": outcome}


def test_what_was_done_is_told_even_if_a_later_call_has_no_answer(told: Told) -> None:
    stub = told.service("ec2")
    stub.add_response("delete_volume", {})
    stub.add_client_error("delete_volume", "InternalError", "broken", http_status_code=500)
    with pytest.raises(OutcomeUnknown) as raised:
        told.act("delete", "volume", "vol-1", "vol-2", "vol-3")
    assert raised.value.known.keys() == {"vol-1", "vol-3"}
    assert raised.value.known["vol-1"] == Succeeded({})
    assert isinstance(untried := raised.value.known["vol-3"], Failed)
    assert untried.retry
    assert untried.error.startswith("not tried")


def test_a_first_call_without_an_answer_leaves_the_others_untried(told: Told) -> None:
    told.service("ec2").add_client_error("delete_volume", "InternalError", http_status_code=500)
    with pytest.raises(OutcomeUnknown) as raised:
        told.act("delete", "volume", "vol-1", "vol-2")
    assert isinstance(untried := raised.value.known["vol-2"], Failed)
    assert untried.retry
    assert "vol-1" not in raised.value.known


def test_what_was_done_is_told_even_if_a_later_call_finds_no_credentials(told: Told) -> None:
    stub = told.service("ec2")
    stub.add_response("delete_volume", {})
    stub.add_client_error("delete_volume", "AuthFailure", http_status_code=401)
    outcomes = told.act("delete", "volume", "vol-1", "vol-2", "vol-3")
    assert outcomes["vol-1"] == Succeeded({})
    for provider_id in ("vol-2", "vol-3"):
        assert isinstance(outcome := outcomes[provider_id], Failed)
        assert outcome.retry


def test_more_than_one_call_takes_is_several_calls_and_a_refused_one_is_tried_singly(told: Told) -> None:
    stub = told.service("ec2")
    ids = [f"i-{number:017}" for number in range(102)]
    stub.add_response("reboot_instances", {}, {"InstanceIds": ids[:100]})
    stub.add_client_error("reboot_instances", "InvalidInstanceID.NotFound")
    stub.add_response("reboot_instances", {}, {"InstanceIds": [ids[100]]})
    stub.add_client_error("reboot_instances", "InvalidInstanceID.NotFound")
    outcomes = told.act("reboot", "instance", *ids)
    assert set(outcomes) == set(ids)
    assert isinstance(outcomes[ids[100]], Succeeded)
    assert isinstance(outcomes[ids[101]], Skipped)


def test_hibernation_is_a_stop_that_asks_for_it(told: Told) -> None:
    stopping = {"InstanceId": "i-1", "PreviousState": {"Name": "running"}, "CurrentState": {"Name": "stopping"}}
    stub = told.service("ec2")
    stub.add_response("stop_instances", {"StoppingInstances": [stopping]}, {"InstanceIds": ["i-1"], "Hibernate": True})
    assert told.act("hibernate", "instance", "i-1") == {"i-1": Succeeded({"before": "running", "after": "stopping"})}


def test_an_address_goes_back_to_the_instance_where_no_interface_was_said(told: Told) -> None:
    stub = told.service("ec2")
    asked = {"AllocationId": "eipalloc-1", "AllowReassociation": False}
    stub.add_response("associate_address", {}, {**asked, "InstanceId": "i-1"})
    told.act("attach", "publicip", "eipalloc-1", instance="i-1", interface=None, private_address=None)
    stub.add_response("associate_address", {}, {**asked, "NetworkInterfaceId": "eni-1", "PrivateIpAddress": "10.0.0.1"})
    told.act("attach", "publicip", "eipalloc-1", instance="i-1", interface="eni-1", private_address="10.0.0.1")


def test_tags_of_many_instances_are_one_call(told: Told) -> None:
    stub = told.service("ec2")
    asked = {"Resources": ["i-1", "i-2"], "Tags": [{"Key": "env", "Value": "dev"}]}
    stub.add_response("create_tags", {}, asked)
    assert set(told.act("tag", "instance", "i-1", "i-2", tags={"env": "dev"})) == {"i-1", "i-2"}
    stub.add_client_error("create_tags", "InvalidInstanceID.NotFound")
    with pytest.raises(GroupRefused):
        told.act("tag", "instance", "i-1", "i-2", tags={"env": "dev"})


@pytest.mark.parametrize(
    ("operation", "resource_type", "arguments", "problem"),
    [
        ("scale", "containerservice", {"desired": 1, "minimum": 0}, "it does not take 'minimum'; it takes: desired"),
        ("delete", "volume", {"final_snapshot": "last"}, "final_snapshot must be null, not 'last'"),
        ("tag", "volume", {}, "tags has to be said: an object"),
    ],
)
def test_arguments_are_judged_before_any_call(
    told: Told, operation: str, resource_type: str, arguments: dict[str, Any], problem: str
) -> None:
    for ask in (told.act, told.before):
        with pytest.raises(InvalidArguments, match=problem):
            ask(operation, resource_type, "any", **arguments)


def test_nobody_is_asked_about_nothing(told: Told) -> None:
    assert told.act("scale", "autoscalinggroup") == {}
    assert told.before("tag", "volume", tags={"a": "b"}) == {}
    assert told.read("loadbalancer") == {}
