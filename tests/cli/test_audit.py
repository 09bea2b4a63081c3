"""`duetime audit`: the trail as it stands, and whether it is whole."""

import sqlite3
from pathlib import Path

import pytest
from tests.cli.conftest import Cli

pytestmark = pytest.mark.usefixtures("database")


def change(folder: Path, statement: str) -> None:
    """Do something to the trail that its triggers refuse, as the owner of the file can."""
    connection = sqlite3.connect(folder / "duetime.db")
    for name in ("update", "delete"):
        connection.execute(f"DROP TRIGGER audit_entries_keep_{name}")
    connection.execute(statement)
    connection.commit()
    connection.close()


def register(cli: Cli, *numbers: int) -> None:
    for number in numbers:
        cli("users", "add", f"divvyuser:{number}")


def test_the_trail_is_listed_page_by_page_and_filtered(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    register(cli, 1, 2, 3)
    cli("users", "disable", "divvyuser:2", "--reason", "left the company")
    everything = cli("audit", "list", "--json").json
    assert [(each["verb"], each["subject"]) for each in everything[:4]] == [
        ("user.disable", "user:divvyuser:2"),
        *(("user.add", f"user:divvyuser:{number}") for number in (3, 2, 1)),
    ]
    assert everything[0]["before"] == {"status": "active"}
    first = cli("audit", "list", "--limit", "1")
    assert "left the company" in first.words
    assert first.err == f"There are more: add --before {everything[0]['audit_id']}.\n"
    actor = everything[0]["actor"]
    for options, found in (
        (["--verb", "user.disable"], 1),
        (["--subject", "user:divvyuser:2"], 2),
        (["--text", "COMPANY"], 1),
        (["--actor", actor, "--verb", "user.add", "--since", "1h"], 3),
        (["--before", str(everything[0]["audit_id"]), "--verb", "user.add", "--limit", "2"], 2),
        (["--actor", "nobody"], 0),
    ):
        monkeypatch.setattr("duetime.store.page.MOST_LOOKED_AT", 2)  # a page may stop early; the command goes on
        assert len(cli("audit", "list", *options, "--json").json) == found
    assert cli("audit", "list", "--actor", "nobody").out == "There are no such entries.\n"
    assert "--since takes a length of time" in cli("audit", "list", "--since", "soon").err


def test_a_whole_trail_says_its_head_and_a_noted_head_is_found_again(cli: Cli) -> None:
    register(cli, 1)
    shown = cli("audit", "verify")
    assert shown.code == 0
    assert "nothing was changed or removed in between" in shown.words
    head = shown.out.split()[-1]
    register(cli, 2)
    report = cli("audit", "verify", "--head", head.upper(), "--json")
    assert report.code == 0
    assert (report.json["broken"], report.json["head"] == head) == (None, False)


@pytest.mark.parametrize("as_json", [False, True])
def test_a_changed_entry_is_named(cli: Cli, folder: Path, as_json: bool) -> None:
    register(cli, 1, 2, 3)
    changed = cli("audit", "list", "--json").json[1]["audit_id"]
    change(folder, f"UPDATE audit_entries SET actor = 'eve' WHERE audit_id = {changed}")
    answer = cli("audit", "verify", *(["--json"] if as_json else []))
    assert answer.code == 6
    if as_json:
        assert answer.json["broken"] == {"audit_id": changed, "problem": f"Entry {changed} was changed."}
    else:
        assert answer.words.startswith(f"Entry {changed} was changed. {changed - 1} entr")


def test_an_end_that_is_missing_is_told_with_a_noted_head_alone(cli: Cli, folder: Path) -> None:
    register(cli, 1, 2)
    head = cli("audit", "verify", "--json").json["head"]
    change(folder, "DELETE FROM audit_entries WHERE audit_id = (SELECT max(audit_id) FROM audit_entries)")
    assert cli("audit", "verify").code == 0
    answer = cli("audit", "verify", "--head", head)
    assert answer.code == 6
    assert "entries were removed at the end" in answer.words


def test_what_is_no_head_is_refused(cli: Cli) -> None:
    answer = cli("audit", "verify", "--head", "5f1c")
    assert answer.code == 2
    assert "takes the 64 hexadecimal digits" in answer.err
