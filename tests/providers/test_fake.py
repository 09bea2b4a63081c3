import threading
from collections.abc import Sequence

import pytest

from duetime.core.errors import ProviderFailed, UnknownName
from duetime.core.outcomes import Failed, GroupRefused, JobOutcome, Skipped, Succeeded
from duetime.core.resources import Account, Resource
from duetime.providers.errors import OutcomeUnknown
from duetime.providers.fake import FakeCloud
from duetime.providers.faults import FakeCall

REGION = "us-east-1"
ACCOUNT = Account("10", provider="fake")


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


def act(cloud: FakeCloud, operation: str, *resources: Resource, account: Account = ACCOUNT) -> list[JobOutcome]:
    ids = [resource.provider_id for resource in resources]
    outcomes = cloud.act(operation, account=account, region=REGION, resource_type="instance", provider_ids=ids)
    return [outcomes[provider_id] for provider_id in ids]


def state(cloud: FakeCloud, resource: Resource) -> str | None:
    now = cloud.get(resource)
    return now.state if now else None


def pages(cloud: FakeCloud, account: str = "10", region: str = REGION, kind: str = "instance") -> list[Sequence[str]]:
    found = cloud.pages(account=Account(account, provider="fake"), region=region, resource_type=kind)
    return [[resource.provider_id for resource in page] for page in found]


def test_ids_are_numbered_by_type(cloud: FakeCloud) -> None:
    kinds = ["instance", "volume", "instance", "queue"]
    assert [cloud.add(resource_type=kind).provider_id for kind in kinds] == [
        "i-000001",
        "vol-000001",
        "i-000002",
        "queue-000001",
    ]


def test_a_listing_is_of_one_account_region_and_type(cloud: FakeCloud) -> None:
    cloud.add()
    cloud.add(account="20")
    cloud.add(region="eu-central-1")
    cloud.add(resource_type="volume")
    assert pages(cloud) == [["i-000001"]]
    assert pages(cloud, kind="volume") == [["vol-000001"]]
    assert pages(cloud, account="20") == [["i-000002"]]
    assert pages(cloud, region="eu-central-1") == [["i-000003"]]


@pytest.mark.parametrize(("number", "sizes"), [(0, [0]), (2, [2]), (3, [2, 1]), (4, [2, 2])])
def test_a_listing_has_pages(number: int, sizes: list[int]) -> None:
    cloud = FakeCloud(page_size=2)
    for _ in range(number):
        cloud.add()
    assert [len(page) for page in pages(cloud)] == sizes
    assert len(cloud.calls("list")) == len(sizes)


def test_accounts_are_those_that_had_a_resource(cloud: FakeCloud) -> None:
    cloud.add(account="10", region="us-east-1")
    cloud.remove(cloud.add(account="20", region="eu-central-1"))
    cloud.add(account="20", region="ap-south-1")
    accounts = cloud.accounts()
    assert {name: account.regions for name, account in accounts.items()} == {
        "10": ("us-east-1",),
        "20": ("ap-south-1", "eu-central-1"),
    }
    assert {account.provider for account in accounts.values()} == {"fake"}


def test_others_change_state_and_tags(cloud: FakeCloud) -> None:
    one = cloud.add(tags={"env": "dev"})
    cloud.set_state(one, "stopped")
    changed = cloud.set_tags(one.resource_id, {"env": "prod"})
    assert (changed.state, changed.tags) == ("stopped", {"env": "prod"})
    assert cloud.get(one) == changed
    assert cloud.resources() == (changed,)
    with pytest.raises(UnknownName, match="i-000009"):
        cloud.set_state(one.resource_id.replace("i-000001", "i-000009"), "stopped")


@pytest.mark.parametrize("operation", ["delete", "terminate"])
def test_what_is_deleted_is_gone(cloud: FakeCloud, operation: str) -> None:
    one = cloud.add(resource_type="volume")
    outcomes = cloud.act(
        operation, account=ACCOUNT, region=REGION, resource_type="volume", provider_ids=[one.provider_id]
    )
    assert outcomes == {one.provider_id: Succeeded({"before": "running", "after": "gone"})}
    assert cloud.get(one) is None


def test_every_call_is_noted(cloud: FakeCloud) -> None:
    one, two = cloud.add(), cloud.add()
    act(cloud, "stop", one, two)
    cloud.faults.throttle()
    with pytest.raises(ProviderFailed):
        act(cloud, "start", one)
    assert cloud.calls() == (
        FakeCall("stop", "10", REGION, "instance", ("i-000001", "i-000002")),
        FakeCall("start", "10", REGION, "instance", ("i-000001",)),
    )
    assert [call.operation for call in cloud.calls("start")] == ["start"]


def test_a_client_is_what_was_offered(cloud: FakeCloud) -> None:
    with pytest.raises(ProviderFailed, match="offer_client"):
        cloud.client("sns", account=ACCOUNT, region=REGION)
    topic = object()
    cloud.offer_client("sns", topic)
    assert cloud.client("sns", account=ACCOUNT, region=REGION) is topic


def test_slow_calls_its_hook_before_the_work(cloud: FakeCloud) -> None:
    one = cloud.add()
    seen: list[tuple[str, str | None]] = []
    cloud.faults.slow(lambda call: seen.append((call.operation, state(cloud, one))), operation="stop", times=1)
    act(cloud, "start", one)
    act(cloud, "stop", one)
    act(cloud, "stop", one)
    assert seen == [("stop", "running")]


def test_a_slow_call_holds_up_nobody_else(cloud: FakeCloud) -> None:
    one, two = cloud.add(), cloud.add(account="20")
    entered, go_on = threading.Event(), threading.Event()

    def wait(call: FakeCall) -> None:
        entered.set()
        assert go_on.wait(10)

    cloud.faults.slow(wait, account="10")
    slow = threading.Thread(target=act, args=(cloud, "stop", one))
    slow.start()
    assert entered.wait(10)
    act(cloud, "stop", two, account=Account("20", provider="fake"))
    assert state(cloud, two) == "stopped"
    assert state(cloud, one) == "running"
    go_on.set()
    slow.join(10)
    assert state(cloud, one) == "stopped"


def test_a_refusal_takes_a_predicate_an_error_and_a_number_of_calls(cloud: FakeCloud) -> None:
    one, two = cloud.add(tags={"keep": "yes"}), cloud.add()
    cloud.faults.refuse(lambda resource: "keep" in resource.tags, error="Busy", operation="stop", retry=True, times=2)
    act(cloud, "start", one, two)
    act(cloud, "stop", two)
    with pytest.raises(GroupRefused, match="Busy"):
        act(cloud, "stop", one, two)
    assert act(cloud, "stop", one) == [Failed("Busy", retry=True)]
    assert act(cloud, "stop", one) == [Succeeded({"before": "running", "after": "stopped"})]


def test_a_refused_group_changes_nothing(cloud: FakeCloud) -> None:
    one, two = cloud.add(), cloud.add()
    cloud.faults.refuse(two)
    with pytest.raises(GroupRefused):
        act(cloud, "stop", one, two)
    assert state(cloud, one) == "running"


def test_throttling_strikes_the_next_calls_and_changes_nothing(cloud: FakeCloud) -> None:
    one = cloud.add()
    cloud.faults.throttle(times=2, operation="stop")
    assert pages(cloud) == [["i-000001"]]
    for _ in range(2):
        with pytest.raises(ProviderFailed, match="throttled"):
            act(cloud, "stop", one)
    assert state(cloud, one) == "running"
    act(cloud, "stop", one)
    assert state(cloud, one) == "stopped"


def test_an_unavailable_account_answers_nothing_and_others_do(cloud: FakeCloud) -> None:
    one = cloud.add()
    cloud.add(account="20")
    cloud.faults.unavailable("10")
    for _ in range(3):
        with pytest.raises(ProviderFailed, match="account 10: does not answer"):
            act(cloud, "stop", one)
    with pytest.raises(ProviderFailed):
        pages(cloud)
    assert pages(cloud, account="20") == [["i-000002"]]
    cloud.faults.clear()
    assert pages(cloud) == [["i-000001"]]


def test_a_cut_connection_leaves_the_work_done_and_the_caller_in_doubt(cloud: FakeCloud) -> None:
    one = cloud.add()
    cloud.faults.cut(operation="stop")
    with pytest.raises(OutcomeUnknown):
        act(cloud, "stop", one)
    assert state(cloud, one) == "stopped"


def test_a_cut_connection_leaves_no_doubt_about_a_read(cloud: FakeCloud) -> None:
    cloud.add()
    cloud.faults.cut()
    with pytest.raises(ProviderFailed) as caught:
        pages(cloud)
    assert not isinstance(caught.value, OutcomeUnknown)


def test_a_resource_vanishes_between_the_read_and_the_act(cloud: FakeCloud) -> None:
    one, two = cloud.add(), cloud.add()
    cloud.faults.gone(one)
    assert pages(cloud) == [["i-000001", "i-000002"]]
    with pytest.raises(GroupRefused, match="i-000001"):
        act(cloud, "stop", one, two)
    assert pages(cloud) == [["i-000002"]]
    (alone,) = act(cloud, "stop", one)
    assert isinstance(alone, Skipped)


def test_cleared_faults_are_all_forgotten(cloud: FakeCloud) -> None:
    one = cloud.add()
    calls: list[FakeCall] = []
    cloud.faults.gone(one)
    cloud.faults.refuse(one)
    cloud.faults.throttle(times=None)
    cloud.faults.slow(calls.append)
    cloud.faults.clear()
    assert act(cloud, "stop", one) == [Succeeded({"before": "running", "after": "stopped"})]
    assert not calls


def test_nobody_changes_anything_in_the_middle_of_an_act(cloud: FakeCloud) -> None:
    one = cloud.add()
    outside = threading.Thread(target=cloud.set_state, args=(one, "changed by others"))

    def judge(resource: Resource) -> bool:
        outside.start()
        outside.join(0.05)
        assert outside.is_alive(), "the change did not wait for the act"
        return False

    cloud.faults.refuse(judge, times=1)
    act(cloud, "stop", one)
    outside.join(10)
    assert state(cloud, one) == "changed by others"


def test_many_threads_lose_nothing(cloud: FakeCloud) -> None:
    def work() -> None:
        for _ in range(200):
            act(cloud, "stop", cloud.add())

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len({resource.provider_id for resource in cloud.resources()}) == 800
    assert {resource.state for resource in cloud.resources()} == {"stopped"}
    assert len(cloud.calls("stop")) == 800
