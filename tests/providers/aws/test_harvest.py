"""Harvests of several accounts and regions of a simulated AWS over HTTP, at once."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from duetime.core.resources import Account
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.clouds import Clouds
from duetime.providers.harvest import harvest_accounts
from duetime.providers.harvest_options import HarvestOptions
from duetime.providers.harvest_report import AccountHarvest
from duetime.store.store import Store

REGIONS = ("eu-central-1", "us-east-1")
_numbers = count(700_000_000_000)

Counts = dict[tuple[str, str, str], tuple[int, int, int, int, int]]


@pytest.fixture
def accounts(account: Account) -> list[Account]:
    numbers = [str(next(_numbers)) for _ in range(2)]
    return [
        replace(
            account,
            account=number,
            regions=REGIONS,
            settings={**account.settings, "role_arn": f"arn:aws:iam::{number}:role/duetime", "external_id": "ours"},
        )
        for number in numbers
    ]


@pytest.fixture
def harvest(aws: AwsProvider, accounts: list[Account], sqlite_store: Store) -> Callable[[], Counts]:
    """Return a function that harvests both accounts and says what it found where."""
    with sqlite_store.write() as tx:
        for account in accounts:
            tx.accounts.save(account)
    clouds = Clouds(lambda: {each.account: each for each in accounts}, providers={"aws": aws})

    def run() -> Counts:
        harvests: list[AccountHarvest] = harvest_accounts(
            accounts,
            store=sqlite_store,
            cloud=clouds,
            options=HarvestOptions(("instance", "volume", "serviceuser"), threads=4),
        )
        assert [each.problems for each in harvests] == [(), ()]
        return {
            (part.account, part.region, part.resource_type): (
                *(part.seen, part.created, part.changed, part.tags_changed),
                part.gone,
            )
            for each in harvests
            for part in each.parts
        }

    return run


@pytest.mark.slow
def test_accounts_and_regions_are_read_at_once_and_read_again(
    aws: AwsProvider, accounts: list[Account], harvest: Callable[[], Counts]
) -> None:
    ids: dict[tuple[str, str], list[str]] = {}
    clients: dict[tuple[str, str], Any] = {}
    for account in accounts:
        for number, region in enumerate(REGIONS, start=3):
            place = account.account, region
            clients[place] = aws.client("ec2", account=account, region=region)
            answer = clients[place].run_instances(ImageId="ami-00000000", MinCount=number, MaxCount=number)
            ids[place] = [instance["InstanceId"] for instance in answer["Instances"]]
    one, other = (account.account for account in accounts)
    aws.client("iam", account=accounts[0], region=REGIONS[0]).create_user(UserName="ana")
    first = harvest()
    assert first[one, "eu-central-1", "instance"] == (3, 3, 0, 0, 0)
    assert first[other, "us-east-1", "volume"] == (4, 4, 0, 0, 0)
    assert first[one, "global", "serviceuser"] == (1, 1, 0, 0, 0)
    assert len(first) == 2 * (2 * 2 + 1), "users are read once for an account, whatever its regions"
    assert {counts[1:] for counts in harvest().values()} == {(0, 0, 0, 0)}

    place = one, "eu-central-1"
    clients[place].stop_instances(InstanceIds=ids[place][:1])
    clients[place].create_tags(Resources=ids[place][1:2], Tags=[{"Key": "owner", "Value": "ana"}])
    clients[place].terminate_instances(InstanceIds=ids[place][2:3])
    third = harvest()
    assert third[one, "eu-central-1", "instance"] == (2, 0, 1, 1, 1)
    quiet = [counts[1:] for key, counts in third.items() if key[:2] != place]
    assert quiet == [(0, 0, 0, 0)] * len(quiet)
