"""`duetime users`: registered, disabled, enabled, allowed, with what is said when that cannot be done."""

import pytest
from tests.cli.conftest import Cli

pytestmark = pytest.mark.usefixtures("database")


def test_a_user_is_registered_and_changed(cli: Cli) -> None:
    assert "No user is registered." in cli("users", "list").words
    added = cli("users", "add", "divvyuser:7", "--name", "Ann", "--allow", "divvy.stop_*", "--allow", "divvy.start_*")
    assert added.out == "User divvyuser:7 is active and may have done: divvy.stop_*, divvy.start_*.\n"
    assert cli("users", "add", "divvyuser:8").words.endswith("may have done: everything.")
    assert "is disabled" in cli("users", "disable", "divvyuser:7", "--reason", "left").out
    (ann, ben) = cli("users", "list", "--json").json
    assert (ann["user_resource_id"], ann["name"], ann["status"]) == ("divvyuser:7", "Ann", "disabled")
    assert ben["event_types"] == ["*"]
    assert "divvyuser:7 Ann disabled divvy.stop_*, divvy.start_*" in cli("users", "list").words
    assert cli("users", "enable", "divvyuser:7", "--json").json["status"] == "active"
    assert cli("users", "allow", "divvyuser:7", "x.*", "y.z", "--json").json["event_types"] == ["x.*", "y.z"]


def test_what_cannot_be_done_is_refused_with_what_to_do(cli: Cli) -> None:
    cli("users", "add", "divvyuser:7")
    twice = cli("users", "add", "divvyuser:7")
    assert twice.code == 4
    assert "duetime users allow divvyuser:7" in twice.err
    for verb in (("disable",), ("enable",), ("allow",)):
        missing = cli("users", *verb, "divvyuser:77", *(["*"] if verb == ("allow",) else []))
        assert missing.code == 3
        assert "Did you mean divvyuser:7?" in missing.err
    assert cli("users", "add", "two words").code == 2
    assert cli("users", "allow", "divvyuser:7").code == 2
