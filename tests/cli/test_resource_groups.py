"""`duetime resources groups`: put together by hand, and not taken away from under a bot."""

from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Cli

from duetime.app.settings import read_settings
from duetime.cli.opening import open_app
from duetime.core.resources import Resource

pytestmark = pytest.mark.usefixtures("database")

ASKS = "{uid: duetime.filter.group, settings: {values: [theirs, ours]}}"
ONE, TWO = "instance:10:us-east-1:i-1:", "instance:10:us-east-1:i-2:"


def groups(cli: Cli, *arguments: str) -> Any:
    answer = cli("resources", "groups", *arguments, "--json")
    assert answer.code == 0, answer.err
    return answer.json


def test_a_group_is_made_filled_shown_and_deleted(cli: Cli) -> None:
    with open_app(read_settings()) as app, app.store.write() as tx:
        tx.resources.save(
            [
                Resource.of(
                    resource_type="instance",
                    account="10",
                    region="us-east-1",
                    provider_id="i-1",
                    name="web",
                    state="up",
                )
            ]
        )
    made = cli("resources", "groups", "add", "legal hold", ONE, TWO, "--description", "Not before 2027")
    assert "Resource group legal hold is new." in made.words
    assert "Added 2 of 2; it holds 2 resources now." in made.words
    assert f"1 of them are not in the inventory, such as {TWO}." in made.err
    (listed,) = groups(cli, "list")
    assert (listed["name"], listed["members"], listed["description"]) == ("legal hold", 2, "Not before 2027")
    assert "Not before 2027" in cli("resources", "groups", "list").words
    shown = cli("resources", "groups", "show", "legal hold")
    assert f"{ONE} web up" in shown.words
    assert "not in the inventory" in shown.words
    assert groups(cli, "show", "legal hold")["resource_ids"] == [ONE, TWO]
    assert "more than 1: raise --limit" in cli("resources", "groups", "show", "legal hold", "--limit", "1").err
    assert groups(cli, "remove", "legal hold", ONE)["removed"] == 1
    assert "Took out 0 of 1; it holds 1 resource now." in cli("resources", "groups", "remove", "legal hold", ONE).words
    again = groups(cli, "add", "legal hold", ONE)
    assert (again["created"], again["added"], again["unknown"]) == (False, 1, [])
    assert again["description"] == "Not before 2027"
    assert groups(cli, "delete", "legal hold")["deleted"] is True
    assert groups(cli, "list") == []
    assert "There is no resource group." in cli("resources", "groups", "list").words


def test_who_changed_a_group_is_known(cli: Cli) -> None:
    groups(cli, "add", "ours", ONE, "--reason", "asked for")
    groups(cli, "remove", "ours", ONE)
    groups(cli, "delete", "ours")
    with open_app(read_settings()) as app, app.store.read() as tx:
        kept = [(entry.verb, entry.reason) for entry in tx.audit.about("resource_group:ours")]
    assert sorted(kept) == [
        ("resource_group.add", "asked for"),
        ("resource_group.delete", ""),
        ("resource_group.remove", ""),
    ]


@pytest.mark.parametrize(
    ("bot", "asks"),
    [
        ("filters: [{uid: duetime.filter.group, settings: {values: [ours]}}]", True),
        (f"filters: [{{uid: duetime.filter.not, settings: {{filters: [{ASKS}]}}}}]", True),
        ("filters: [{uid: duetime.filter.group, settings: {values: [theirs]}}]", False),
    ],
)
def test_a_group_that_bots_ask_about_is_not_taken_away_in_silence(
    cli: Cli, tmp_path: Path, bot: str, asks: bool
) -> None:
    groups(cli, "add", "ours", ONE)
    (tmp_path / "bot.yaml").write_text(f"name: nightly\n{bot}\n", encoding="utf-8")
    assert cli("bots", "apply", str(tmp_path / "bot.yaml")).code == 0
    answer = cli("resources", "groups", "delete", "ours")
    if not asks:
        assert answer.code == 0
        return
    assert answer.code == 4
    assert "Bots ask about resource group 'ours' and would fail without it: nightly." in answer.err
    assert [group["name"] for group in groups(cli, "list")] == ["ours"]
    forced = cli("resources", "groups", "delete", "ours", "--force")
    assert forced.code == 0
    assert "fail from now on: nightly" in forced.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("show", "legal hodl"), 3, "There is no resource group 'legal hodl'. Did you mean legal hold"),
        (("remove", "legal hodl", ONE), 3, "Did you mean legal hold"),
        (("delete", "legal hodl"), 3, "Did you mean legal hold"),
        (("add", "legal hold", "i-1"), 2, "'i-1' is no resource id"),
        (("add", " x"), 2, "must be 1 to 200 printable characters"),
    ],
)
def test_what_is_wrong_is_said(cli: Cli, arguments: tuple[str, ...], code: int, words: str) -> None:
    groups(cli, "add", "legal hold")
    answer = cli("resources", "groups", *arguments)
    assert answer.code == code
    assert words in answer.err
    assert [group["name"] for group in groups(cli, "list")] == ["legal hold"]
