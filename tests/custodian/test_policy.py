from datetime import UTC, datetime
from typing import Any, cast

import pytest
from tests.custodian.conftest import MakePart
from tests.providers.conftest import REGION

from duetime.core.errors import InvalidSetting, ProviderFailed, Throttled, UnknownName
from duetime.core.resource_types import GLOBAL_REGION
from duetime.core.resources import Account
from duetime.custodian.kinds import KINDS
from duetime.custodian.policy import PolicyPart
from duetime.providers.aws.catalogue import CATALOGUE
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.clouds import Clouds

pytestmark = [
    # Custodian's own imports and its SDK's.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::PendingDeprecationWarning"),
]


def test_a_policy_finds_what_its_filters_say(part: MakePart, launch: Any) -> None:
    dev = launch(3, env="dev")
    launch(2, env="prod")
    assert part([{"tag:env": "dev"}]).matching() == set(dev)
    assert len(part([]).matching()) == 5
    assert part([{"tag:env": "dev"}, {"State.Name": "stopped"}]).matching() == set()


def test_the_same_filters_are_asked_of_chosen_resources_afresh(part: MakePart, launch: Any, ec2: Any) -> None:
    first, second, third = launch(3, env="dev")
    asked = part([{"tag:env": "dev"}, {"State.Name": "running"}])
    assert asked.still_matching([first, second]) == {first, second}
    ec2.create_tags(Resources=[first], Tags=[{"Key": "env", "Value": "prod"}])
    ec2.stop_instances(InstanceIds=[third])
    # One that is gone has AWS refuse the whole call.
    assert asked.still_matching([first, second, third, "i-00000000000000000"]) == {second}
    assert asked.still_matching(["i-00000000000000000"]) == set()


def test_an_action_is_done_to_what_was_read_and_to_nothing_else(part: MakePart, launch: Any, ec2: Any) -> None:
    ids = launch(3)
    policy = part([])
    policy.do("stop", policy.read(ids[:2]).values())
    states = {
        instance["InstanceId"]: instance["State"]["Name"]
        for reservation in ec2.describe_instances(InstanceIds=ids)["Reservations"]
        for instance in reservation["Instances"]
    }
    assert states == {ids[0]: "stopped", ids[1]: "stopped", ids[2]: "running"}


def test_two_accounts_in_one_thread_keep_apart(aws: AwsProvider, account: Account, launch: Any) -> None:
    """Custodian remembers its session by thread and region alone."""
    mine = launch(1)
    other = Account(
        "399999999999",
        provider="aws",
        regions=(REGION,),
        settings={**account.settings, "role_arn": "arn:aws:iam::399999999999:role/duetime"},
    )
    clouds = Clouds(lambda: {account.account: account, other.account: other}, providers={"aws": aws})
    here = PolicyPart("ec2", [], cloud=clouds, account=account.account, region=REGION)
    there = PolicyPart("ec2", [], cloud=clouds, account=other.account, region=REGION)
    assert here.matching() == set(mine)
    assert there.matching() == set()
    assert there.read(mine) == {}
    assert here.matching() == set(mine)


def test_an_action_that_there_is_not_is_refused_with_the_nearest(part: MakePart) -> None:
    with pytest.raises(InvalidSetting) as refused:
        part([]).check_action("sotp")
    assert "stop" in refused.value.near
    with pytest.raises(InvalidSetting, match="mark-for-op specifies invalid op"):
        part([]).check_action({"type": "mark-for-op", "op": "explode", "days": 1})
    part([]).check_action({"type": "tag", "key": "seen", "value": "yes"})


@pytest.mark.parametrize("filters", [[{"type": "no-such-filter"}], [{"type": "value", "key": "x", "op": "no-such-op"}]])
def test_filters_that_custodian_refuses_are_refused_in_its_words(part: MakePart, filters: list[Any]) -> None:
    with pytest.raises(InvalidSetting, match="Cloud Custodian refuses them"):
        part(filters)


def test_a_resource_type_without_a_counterpart_is_refused(part: MakePart) -> None:
    with pytest.raises(UnknownName, match=r"aws\.ecc2"):
        part([], resource="aws.ecc2")


class Busy:
    """A cloud that has no room for calls."""

    def client(self, *_: Any, **__: Any) -> Any:
        raise Throttled("AWS", "no room", until=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_cloud_that_is_busy_says_until_when() -> None:
    policy = PolicyPart("ec2", [{"State.Name": "running"}], cloud=cast("Any", Busy()), account="10", region=REGION)
    for ask in (policy.matching, lambda: policy.read(["i-1"]), lambda: policy.still_matching(["i-1"])):
        with pytest.raises(Throttled):
            ask()


def test_a_cloud_that_does_not_answer_is_no_empty_answer(aws: AwsProvider, account: Account) -> None:
    closed = Account(
        account.account,
        provider="aws",
        regions=(REGION,),
        settings={"endpoint_url": "http://127.0.0.1:9", "dummy_credentials": True},
    )
    clouds = Clouds(lambda: {closed.account: closed}, providers={"aws": aws})
    policy = PolicyPart("ec2", [], cloud=clouds, account=closed.account, region=REGION)
    with pytest.raises(ProviderFailed, match="could not be read"):
        policy.matching()
    with pytest.raises(ProviderFailed, match="could not be read"):
        policy.still_matching(["i-00000000000000000"])


@pytest.mark.parametrize("resource", sorted(KINDS))
def test_every_type_can_be_read_and_is_named_by_the_same_id_on_both_sides(
    resource: str, clouds: Clouds, aws: AwsProvider, account: Account
) -> None:
    kind = CATALOGUE[KINDS[resource]]
    region = REGION if kind.regional else GLOBAL_REGION
    asked = PolicyPart(resource, [], cloud=clouds, account=account.account, region=region)
    assert asked._id == kind.identity
    ours = {
        each.provider_id
        for page in aws.pages(account=account, region=region, resource_type=kind.resource_type)
        for each in page
    }
    assert asked.matching() == ours
