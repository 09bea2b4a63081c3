from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import pytest

from duetime.core.cloud import Cloud
from duetime.core.errors import InvalidSetting, UnknownName
from duetime.core.outcomes import Succeeded
from duetime.core.resources import Account
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.clouds import Clouds
from duetime.providers.fake import FakeCloud

REGION = "us-east-1"


class HandClock:
    def __init__(self) -> None:
        self.elapsed = 0.0

    def now(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=self.elapsed)

    def monotonic(self) -> float:
        return self.elapsed

    def wait(self, signal: Event, *, seconds: float) -> bool:
        self.elapsed += seconds
        return signal.is_set()


class Accounts:
    """A table of accounts that counts how often it is read."""

    def __init__(self, *accounts: Account) -> None:
        self.rows = {account.account: account for account in accounts}
        self.reads = 0

    def __call__(self) -> Mapping[str, Account]:
        self.reads += 1
        return self.rows


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def fake() -> FakeCloud:
    return FakeCloud()


@pytest.fixture
def accounts() -> Accounts:
    return Accounts(Account("10", provider="fake"), Account("11", provider="gone"))


@pytest.fixture
def clouds(accounts: Accounts, fake: FakeCloud, clock: HandClock) -> Clouds:
    return Clouds(accounts, providers={"fake": fake}, clock=clock, cached_for=timedelta(seconds=30))


def test_every_verb_reaches_the_provider_of_the_account(clouds: Clouds, fake: FakeCloud) -> None:
    cloud: Cloud = clouds
    one = fake.add(account="10")
    where: Any = {"account": "10", "region": REGION}
    fake.offer_client("sns", "a client")
    assert list(cloud.pages(resource_type="instance", **where)) == [[one]]
    assert cloud.read(resource_type="instance", provider_ids=[one.provider_id], **where) == {one.provider_id: one}
    outcomes = cloud.act("stop", resource_type="instance", provider_ids=[one.provider_id], **where)
    assert isinstance(outcomes[one.provider_id], Succeeded)
    assert cloud.client("sns", **where) == "a client"
    assert [call.operation for call in fake.calls()] == ["list", "read", "stop"]


def test_accounts_are_looked_up_when_first_needed_and_then_kept(clouds: Clouds, accounts: Accounts) -> None:
    assert accounts.reads == 0
    for _ in range(5):
        assert clouds.knows("10")
    assert accounts.reads == 1


def test_accounts_are_looked_up_again_after_a_while(clouds: Clouds, accounts: Accounts, clock: HandClock) -> None:
    assert clouds.knows("10")
    del accounts.rows["10"]
    clock.elapsed = 29.9
    assert clouds.knows("10")
    clock.elapsed = 30
    assert not clouds.knows("10")


def test_accounts_are_looked_up_again_on_request(clouds: Clouds, accounts: Accounts) -> None:
    assert clouds.knows("10")
    del accounts.rows["10"]
    clouds.refresh()
    assert not clouds.knows("10")


def test_a_new_account_serves_after_a_second(clouds: Clouds, accounts: Accounts, clock: HandClock) -> None:
    assert not clouds.knows("12")
    accounts.rows["12"] = Account("12", provider="fake")
    clock.elapsed = 1
    assert clouds.knows("12")


def test_an_account_nobody_has_is_not_looked_up_for_every_batch(clouds: Clouds, accounts: Accounts) -> None:
    for _ in range(5):
        assert not clouds.knows("12")
        assert clouds.knows("10")
    assert accounts.reads == 1


def test_a_request_to_look_again_forgets_what_was_missing(clouds: Clouds, accounts: Accounts) -> None:
    assert not clouds.knows("12")
    accounts.rows["12"] = Account("12", provider="fake")
    clouds.refresh()
    assert clouds.knows("12")


def test_an_account_without_its_provider_is_not_known(clouds: Clouds) -> None:
    assert not clouds.knows("11")
    with pytest.raises(UnknownName, match="provider 'gone'"):
        clouds.pages(account="11", region=REGION, resource_type="instance")


def test_an_unknown_account_is_refused_with_its_nearest(clouds: Clouds) -> None:
    with pytest.raises(UnknownName, match=r"account '100'.*mean 10"):
        clouds.client("sns", account="100", region=REGION)


def test_an_account_is_judged_by_its_provider(fake: FakeCloud) -> None:
    clouds = Clouds(dict, providers={"fake": fake, "aws": AwsProvider()})
    clouds.check(Account("10", provider="fake", settings={"anything": 1}))
    with pytest.raises(InvalidSetting, match="profile"):
        clouds.check(Account("12", provider="aws", settings={"profil": "x"}))
    with pytest.raises(UnknownName, match="fake"):
        clouds.check(Account("13", provider="fak"))


def test_closing_closes_every_provider() -> None:
    closed: list[str] = []

    class Closing(FakeCloud):
        def close(self) -> None:
            closed.append("closed")

    Clouds(dict, providers={"a": Closing(), "b": Closing()}).close()
    assert closed == ["closed", "closed"]
