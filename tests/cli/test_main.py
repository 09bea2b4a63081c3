"""What holds for every command: help, --json, exit codes, errors in words, and a terminal that is left in peace."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
from tests.cli.conftest import Cli

from duetime.cli.main import app
from duetime.cli.output import printable


def commands_of(group: typer.Typer, *, prefix: str = "") -> Iterator[str]:
    """Return every command as it is typed."""
    for command in group.registered_commands:
        assert command.callback is not None
        yield prefix + (command.name or command.callback.__name__)
    for inner in group.registered_groups:
        assert inner.typer_instance is not None
        yield from commands_of(inner.typer_instance, prefix=f"{prefix}{inner.name} ")


COMMANDS = list(commands_of(app))


def test_no_command_is_missing() -> None:
    verbs = {
        "access-groups": "add delete list remove save",
        "accounts": "add badge harvest list remove",
        "actions": "list",
        "api-keys": "create list revoke",
        "audit": "list verify",
        "bots": "activate apply archive compare export import list pause plan resume run validate versions",
        "db": "upgrade",
        "destinations": "list test",
        "events": "cancel list pause reschedule resolve resume run schedule show types",
        "filters": "list",
        "history": "list stats undo",
        "logins": "add disable enable list reset set-password",
        "plugins": "list load reload unload",
        "resources": "list types",
        "resources groups": "add delete list remove show",
        "users": "add allow disable enable list",
    }
    grouped = [f"{group} {verb}" for group, words in verbs.items() for verb in words.split()]
    assert sorted(COMMANDS) == sorted(["config", "demo", "doctor", "up", "web", "worker", *grouped])


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_explains_itself_in_80_columns_and_takes_json(cli: Cli, command: str, option: str) -> None:
    answer = cli(*command.split(), option)
    assert answer.code == 0
    assert "--json" in answer.out
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "\x1b" not in answer.out


@pytest.mark.parametrize("group", [[], ["events"], ["db"]])
def test_a_group_without_a_command_shows_its_help(cli: Cli, group: list[str]) -> None:
    answer = cli(*group)
    assert "Usage: duetime" in answer.out
    assert (answer.code, answer.err) == (2, "")


def test_the_version_is_told(cli: Cli) -> None:
    assert cli("--version").out.startswith("duetime 0.")


def test_a_missing_database_is_named_by_its_full_path_and_not_made(cli: Cli, folder: Path) -> None:
    answer = cli("events", "list")
    assert answer.code == 5
    assert answer.err == f"Error: {folder}/duetime.db: there is no database file. Run `duetime db upgrade` first.\n"
    assert answer.out == ""
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    "command",
    [
        "events list",
        "events show 1",
        "history list",
        "bots list",
        "resources list",
        "accounts list",
        "plugins list",
        "doctor",
        "web",
        "worker",
    ],
)
def test_no_command_makes_a_database(cli: Cli, folder: Path, command: str) -> None:
    assert cli(*command.split(), "--json").json["error"]["type"] == "DatabaseMissing"
    assert list(folder.iterdir()) == []


def test_a_database_without_our_schema_is_refused(cli: Cli, folder: Path) -> None:
    sqlite3.connect(folder / "duetime.db").close()
    answer = cli("events", "list")
    assert answer.code == 5
    assert "it has no duetime schema. Run `duetime db upgrade` first." in answer.err


def test_errors_for_programs_are_one_document_on_standard_output(cli: Cli, database: Path) -> None:
    answer = cli("events", "show", 999, "--json")
    assert answer.code == 3
    assert answer.err == ""
    assert answer.json["error"] == {
        "type": "UnknownName",
        "message": "There is no event 999. List them to see the known ones.",
        "exit_code": 3,
    }


def test_usage_errors_name_the_help(cli: Cli) -> None:
    answer = cli("events", "list", "--statsu", "failed")
    assert answer.code == 2
    assert answer.err.splitlines()[-1] == "Try: duetime events list -h"
    assert cli("events", "list", "--statsu", "--json").json["error"]["exit_code"] == 2


def test_an_unknown_setting_is_refused_by_every_command_with_the_nearest(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DUETIME_DATABASE_ULR", "x")
    answer = cli("events", "list")
    assert answer.code == 2
    assert answer.err.rstrip().endswith("Did you mean DUETIME_DATABASE_URL?")


def test_a_password_is_never_shown(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUETIME_DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:9/name")
    answer = cli("--debug", "events", "list")
    assert answer.code == 5
    assert "hunter2" not in answer.out + answer.err


def test_our_own_faults_are_told_apart_and_debug_shows_where(
    cli: Cli, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        message = "oh no"
        raise ZeroDivisionError(message)

    monkeypatch.setattr("duetime.store.event_table.EventTable.find", fail)
    answer = cli("events", "list")
    assert answer.code == 1
    assert answer.err.splitlines()[0] == "Error: ZeroDivisionError: oh no"
    assert "duetime --debug" in answer.err
    assert "Traceback" not in answer.err
    assert "Traceback" in cli("--debug", "events", "list").err
    assert cli("events", "list", "--json").json["error"]["exit_code"] == 1


def test_known_errors_have_no_traceback_unless_asked_for(cli: Cli, database: Path) -> None:
    assert "Traceback" not in cli("events", "show", 999).err
    assert "Traceback" in cli("--debug", "events", "show", 999).err


def test_ctrl_c_is_no_fault(cli: Cli, database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("duetime.store.event_table.EventTable.find", interrupt)
    assert cli("events", "list").code == 130


def test_what_others_have_written_cannot_steer_the_terminal(cli: Cli, database: Path) -> None:
    cli("events", "schedule", "duetime.prune", "--in", "1h", "--description", "\x1b[31mred\x07 [bold]b[/bold]")
    shown = cli("events", "show", 2).out
    assert "\\x1b[31mred\\x07 [bold]b[/bold]" in shown
    assert "\x1b" not in shown
    assert "\x1b" not in cli("events", "list").out
    assert printable("a\x9bb\nc") == "a\\x9bb\nc"


def test_a_reader_that_goes_away_is_no_fault(database: Path, folder: Path) -> None:
    shell = f"{sys.executable} -m duetime events types --json; echo code $? >&2"
    with subprocess.Popen(["/bin/sh", "-c", f"({shell}) | exec true"], stderr=subprocess.PIPE, text=True) as piped:
        _, errors = piped.communicate(timeout=60)
    assert "Traceback" not in errors
    assert errors.strip().splitlines()[-1] in ("code 141", "code 0")  # 0 when it had written all before


def test_names_that_a_shell_shows_are_the_programs(folder: Path) -> None:
    installed = Path(sys.executable).with_name("duetime")
    by_name = subprocess.run([installed, "--version"], capture_output=True, text=True, check=True)
    by_module = subprocess.run(
        [sys.executable, "-m", "duetime", "--version"], capture_output=True, text=True, check=True
    )
    assert by_name.stdout == by_module.stdout
    missing = subprocess.run([installed, "events", "list", "--json"], capture_output=True, text=True, check=False)
    assert (missing.returncode, missing.stderr) == (5, "")
    assert json.loads(missing.stdout)["error"]["type"] == "DatabaseMissing"
