"""`duetime accounts` and `duetime resources`, against a simulated AWS over HTTP."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import Cli

from duetime.cli.demo_world import DemoWorld
from duetime.core.resources import Resource
from duetime.store.store import Store

pytestmark = pytest.mark.usefixtures("database")

SHOP = "111111111111"
REGIONS = ("--region", "eu-central-1", "--region", "us-east-1")


@pytest.fixture(scope="module")
def world() -> Iterator[DemoWorld]:
    with DemoWorld(instances_per_region=6) as filled:
        yield filled


def add(cli: Cli, world: DemoWorld, account: str = SHOP, *more: str) -> None:
    role = f"arn:aws:iam::{account}:role/duetime"
    answer = cli(
        *("accounts", "add", account, "--provider", "aws", "--endpoint-url", world.endpoint_url, "--role-arn", role),
        *("--setting", "dummy_credentials=true", *REGIONS, *more),
    )
    assert answer.code == 0, answer.err


def test_an_account_is_added_and_harvested_by_itself(cli: Cli) -> None:
    answer = cli("accounts", "add", SHOP, "--profile", "duetime", "--name", "shop", *REGIONS)
    assert answer.code == 0
    assert "Workers harvest it every hour" in answer.words
    (account,) = cli("accounts", "list", "--json").json
    assert (account["account"], account["provider"], account["name"]) == (SHOP, "aws", "shop")
    assert account["settings"] == {"profile": "duetime"}
    assert account["regions"] == ["eu-central-1", "us-east-1"]
    (event,) = cli("events", "list", "--type", "duetime.harvest", "--json").json
    assert event["args"] == {"account": SHOP}
    again = cli("accounts", "add", SHOP, "--every", "15m", *REGIONS, "--json").json
    assert again["harvest_event"]["event_id"] == event["event_id"]
    assert again["harvest_event"]["schedule"]["minutes"] == 15
    never = cli("accounts", "add", SHOP, "--every", "0", *REGIONS)
    assert "Workers do not harvest it." in never.words
    assert cli("events", "list", "--type", "duetime.harvest", "--status", "scheduled", "--json").json == []


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (REGIONS[:0], 2, "at least one --region"),
        ((*REGIONS, "--provider", "awz"), 3, "Did you mean aws?"),
        ((*REGIONS, "--setting", "profle=x"), 2, "Did you mean profile"),
        ((*REGIONS, "--setting", "secret_key=x"), 2, "secrets are not kept in the database"),
        ((*REGIONS, "--setting", "profile"), 2, "--setting takes KEY=VALUE"),
        ((*REGIONS, "--setting", "dummy_credentials=true"), 2, "only an endpoint on loopback"),
        ((*REGIONS, "--every", "often"), 2, "--every takes a length of time"),
    ],
)
def test_what_is_wrong_with_an_account_is_refused(cli: Cli, arguments: tuple[str, ...], code: int, words: str) -> None:
    answer = cli("accounts", "add", SHOP, *arguments)
    assert answer.code == code
    assert words in answer.err
    assert cli("accounts", "list", "--json").json == []


@pytest.mark.slow
def test_accounts_are_harvested_here_and_now(cli: Cli, world: DemoWorld) -> None:
    add(cli, world)
    add(cli, world, "222222222222")
    answer = cli("accounts", "harvest")
    assert answer.code == 0
    assert answer.err == ""
    assert f"{SHOP} eu-central-1 instance 6 6 0 0 0" in answer.words
    harvested = cli("accounts", "harvest", SHOP, "--type", "instance", "--threads", "1", "--json").json
    assert [(part["region"], part["seen"], part["created"]) for part in harvested["harvested"]] == [
        ("eu-central-1", 6, 0),
        ("us-east-1", 6, 0),
    ]
    assert harvested["failures"] == {}
    assert "Account 111111111111: 2 parts" in cli("accounts", "harvest", SHOP, "--type", "instance", "--resume").words
    assert "Did you mean instance or" in cli("accounts", "harvest", "--type", "instanc").err
    assert all(account["harvested_at"] for account in cli("accounts", "list", "--json").json)
    assert cli("accounts", "harvest", "111111111112").code == 3


@pytest.mark.slow
def test_an_account_that_fails_keeps_nobody_from_the_others(cli: Cli, world: DemoWorld) -> None:
    cli("accounts", "add", "1", "--endpoint-url", "http://127.0.0.1:9", "--setting", "dummy_credentials=true", *REGIONS)
    add(cli, world)
    answer = cli("accounts", "harvest")
    assert answer.code == 6
    assert answer.err.startswith("Account 1 failed: ")
    assert f"{SHOP} eu-central-1 instance 6 6 0 0 0" in answer.words
    failing, well = cli("accounts", "list", "--json").json
    assert (failing["failures"], well["failures"]) == (1, 0)
    assert "1 times:" in cli("accounts", "list").words
    assert list(cli("accounts", "harvest", "1", "--json").json["failures"]) == ["1"]


def test_a_harvest_can_be_left_to_a_worker(cli: Cli) -> None:
    cli("accounts", "add", SHOP, "--every", "0", *REGIONS)
    assert cli("accounts", "harvest", "--event").words == f"Harvest account {SHOP} is scheduled as event 2."
    (event,) = cli("accounts", "harvest", SHOP, "--event", "--json").json
    assert (event["event_type"], event["args"]["account"]) == ("duetime.harvest", SHOP)


@pytest.mark.slow
def test_the_inventory_is_listed_and_narrowed_down(cli: Cli, world: DemoWorld, folder: Path) -> None:
    assert "`duetime accounts harvest` reads them in" in cli("resources", "list").words
    add(cli, world)
    cli("accounts", "harvest")

    def count(*arguments: str) -> int:
        return len(cli("resources", "list", *arguments, "--json").json)

    assert count("--type", "instance") == 12
    assert count("--type", "volume") == 18, "without --type, all types are read"
    assert count() == count("--account", SHOP) > 24
    assert count("--region", "us-east-1", "--type", "instance") == count("--tag", "env=dev") == 6
    assert count("--tag", "env=dev", "--tag", "owner=ana") == 2
    assert count("--tag", "owner", "--type", "instance") == 12
    assert count("--state", "stopped") == count("--tag", "nothing") == 0
    assert count("--limit", "5") == 5
    assert cli("resources", "list", "--tag", "=x").code == 2
    listed = cli("resources", "list", "--limit", "5")
    assert max(map(len, listed.out.splitlines())) <= 80
    assert "There are more than 5" in listed.err
    resource = cli("resources", "list", "--type", "instance", "--limit", "1", "--json").json[0]
    assert resource["resource_id"].startswith(f"instance:{SHOP}:eu-central-1:i-")
    assert resource["tags"]["env"] in ("dev", "prod")


def test_badges_are_given_and_taken(cli: Cli) -> None:
    cli("accounts", "add", SHOP, *REGIONS, "--badge", "env:production", "--badge", "shared")
    assert cli("accounts", "badge", SHOP).words == f"Account {SHOP} has env:production, shared."
    answer = cli("accounts", "badge", SHOP, "team:a", "env:dev", "--remove", "shared")
    assert answer.words == f"Account {SHOP} has env:dev, team:a."
    assert cli("accounts", "badge", SHOP, "team:a", "--json").json["badges"] == {"env": "dev", "team": "a"}
    cli("accounts", "add", SHOP, *REGIONS, "--badge", "team:b")
    (account,) = cli("accounts", "list", "--json").json
    assert account["badges"] == {"env": "dev", "team": "b"}, "adding it again keeps what is not said anew"
    assert "env:dev," in cli("accounts", "list").words
    assert "Did you mean team?" in cli("accounts", "badge", SHOP, "--remove", "tam").err
    assert cli("accounts", "badge", SHOP, ":x").code == 2
    assert cli("accounts", "badge", "1", "team:a").code == 3


def test_an_account_is_removed_with_what_was_planned_for_it(cli: Cli, database: Path) -> None:
    cli("accounts", "add", SHOP, *REGIONS)
    mine = Resource.of(resource_type="instance", account=SHOP, region="us-east-1", provider_id="i-1")
    other = Resource.of(resource_type="instance", account="9", region="us-east-1", provider_id="i-1")
    with Store(f"sqlite:///{database}") as store, store.write() as tx:
        tx.resources.save([mine, other])
    for resource in (mine, other):
        cli("events", "schedule", "divvy.stop_resource", "--resource", resource.resource_id, "--in", "1h")
    refused = cli("accounts", "remove", SHOP)
    assert refused.code == 2
    assert f"would cancel 1 pending event of resources in account {SHOP}" in " ".join(refused.err.split())
    answer = cli("accounts", "remove", SHOP, "--yes")
    assert answer.words == f"Account {SHOP} is removed: 1 resources forgotten, 1 pending event cancelled."
    assert cli("accounts", "list", "--json").json == []
    assert [each["account"] for each in cli("resources", "list", "--json").json] == ["9"]
    live = cli("events", "list", "--status", "scheduled", "--json").json
    assert [event["resource_id"] for event in live if event["resource_id"]] == [other.resource_id]
    assert "duetime.harvest" not in {event["event_type"] for event in live}
    (cancelled,) = cli("events", "list", "--type", "divvy.stop_resource", "--status", "cancelled", "--json").json
    assert cancelled["status_reason"] == f"account {SHOP} was removed"
    assert cli("accounts", "remove", SHOP).code == 3
