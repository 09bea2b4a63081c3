"""How many calls listing and reading take, on the simulated AWS."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from duetime.core.resources import Account
from duetime.providers.aws.counter import CallCounter
from duetime.providers.aws.entries.instances import INSTANCE
from duetime.providers.aws.options import ClientOptions
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.aws.resource_reads import ResourceReads
from duetime.providers.aws.sessions import Sessions

REGION = "us-east-1"
MISSING = "i-0123456789abcdef0"


class Calls:
    """The calls of one kind, with small limits, and how many requests they became."""

    def __init__(self, account: Account) -> None:
        self.counter = CallCounter()
        self.account = account
        self.sessions = Sessions(options=ClientOptions(), loopback_only=True, counter=self.counter)

    def of(self, *, page_size: int = 1000, ids_per_read: int = 1000, ids_per_filter: int = 200) -> ResourceReads:
        by_ids, by_filter = INSTANCE.reading
        kind = replace(
            INSTANCE,
            listing=replace(INSTANCE.listing, page_size=page_size),
            reading=(replace(by_ids, most=ids_per_read), replace(by_filter, most=ids_per_filter)),
        )
        return ResourceReads(kind, sessions=self.sessions, account=self.account, region=REGION)

    def described(self) -> int:
        return Counter({call.operation: number for call, number in self.counter.snapshot().items()})[
            "DescribeInstances"
        ]


@pytest.fixture
def calls(account: Account) -> Calls:
    return Calls(account)


@pytest.fixture(autouse=True)
def _closed(calls: Calls) -> object:
    yield
    calls.sessions.close()


def test_a_listing_follows_every_page(calls: Calls, launch: Callable[..., list[str]]) -> None:
    ids = {provider_id for _ in range(7) for provider_id in launch(1)}
    pages = [[resource.provider_id for resource in page] for page in calls.of(page_size=5).pages()]
    assert [len(page) for page in pages] == [5, 2]
    assert {provider_id for page in pages for provider_id in page} == ids
    assert calls.described() == 2


def test_a_listing_asks_for_the_largest_page(aws: AwsProvider, scripted: Any) -> None:
    scripted.describe()
    list(aws.pages(account=scripted.account(), region=REGION, resource_type="instance"))
    assert scripted.requests[0].parameters["MaxResults"] == "1000"


def test_a_read_by_ids_names_no_page_size_because_aws_refuses_both(aws: AwsProvider, scripted: Any) -> None:
    ids = [f"i-{number:017}" for number in range(1000)]
    scripted.describe()
    aws.read(account=scripted.account(), region=REGION, resource_type="instance", provider_ids=ids)
    (request,) = scripted.requests
    assert "MaxResults" not in request.parameters
    assert sum(key.startswith("InstanceId.") for key in request.parameters) == 1000


def test_a_read_by_filter_stays_within_its_limit(aws: AwsProvider, scripted: Any) -> None:
    ids = [f"i-{number:017}" for number in range(1000)]
    scripted.refuse(400, "InvalidInstanceID.NotFound")
    for _ in range(5):
        scripted.describe()
    aws.read(account=scripted.account(), region=REGION, resource_type="instance", provider_ids=ids)
    _, *filtered = scripted.requests
    assert [sum(".Value." in key for key in request.parameters) for request in filtered] == [200] * 5
    assert {request.parameters["MaxResults"] for request in filtered} == {"1000"}


def test_no_id_is_no_call(aws: AwsProvider, scripted: Any) -> None:
    assert aws.read(account=scripted.account(), region=REGION, resource_type="instance", provider_ids=[]) == {}
    assert not scripted.requests


def test_a_read_is_one_call_for_as_many_ids_as_it_takes(calls: Calls, launch: Callable[..., list[str]]) -> None:
    ids = launch(5)
    assert set(calls.of().read(ids)) == set(ids)
    assert calls.described() == 1
    assert set(calls.of(ids_per_read=2).read(ids)) == set(ids)
    assert calls.described() == 1 + 3


def test_a_missing_one_costs_further_calls_for_its_part_alone(calls: Calls, launch: Callable[..., list[str]]) -> None:
    ids = launch(5)
    wanted = [ids[0], ids[1], MISSING, ids[2], ids[3], ids[4]]
    assert set(calls.of(ids_per_read=3, ids_per_filter=2).read(wanted)) == set(ids)
    assert calls.described() == 1 + 2 + 1


def test_an_id_of_another_form_hides_no_other(calls: Calls, launch: Callable[..., list[str]]) -> None:
    ids = launch(1)
    assert set(calls.of().read([*ids, "not an instance"])) == set(ids)


def test_regions_and_accounts_are_apart(aws: AwsProvider, account: Account, launch: Callable[..., list[str]]) -> None:
    ids = launch(1)
    for other, region in ((account, "eu-central-1"), (replace(account, account="x", settings=_role(account)), REGION)):
        assert not aws.read(account=other, region=region, resource_type="instance", provider_ids=ids)


def _role(account: Account) -> dict[str, object]:
    return {**account.settings, "role_arn": "arn:aws:iam::299999999999:role/duetime"}
