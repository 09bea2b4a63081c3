"""`duetime db upgrade`: makes the database, for its owner alone, and says what can be scheduled."""

import stat
from pathlib import Path

import pytest
from tests.cli.conftest import Cli


def test_a_database_is_made_for_its_owner_alone(cli: Cli, folder: Path) -> None:
    answer = cli("db", "upgrade")
    assert answer.code == 0
    assert f"The database {folder}/duetime.db has schema" in answer.words
    assert stat.S_IMODE((folder / "duetime.db").stat().st_mode) == 0o600


def test_upgrading_twice_changes_nothing(cli: Cli, folder: Path) -> None:
    first = cli("db", "upgrade", "--json").json
    assert cli("db", "upgrade", "--json").json == first
    assert first["location"] == str(folder / "duetime.db")
    events = cli("events", "list", "--json").json
    assert [event["event_type"] for event in events] == ["duetime.prune"]


def test_everything_found_can_be_scheduled_before_a_worker_starts(cli: Cli, plugin: Path) -> None:
    upgraded = cli("db", "upgrade", "--json").json
    assert upgraded["failures"] == []
    assert {"greeter.greet", "divvy.start_resource", "divvy.stop_resource"} <= set(upgraded["event_types"])
    assert cli("events", "schedule", "greeter.greet", "--in", "1h").code == 0
    assert [each["plugin"] for each in cli("plugins", "list", "--json").json["plugins"]] == ["greeter"]


def test_a_plugin_that_fails_is_a_warning(cli: Cli, plugin: Path) -> None:
    (plugin / "jobs.py").write_text("\nraise RuntimeError('no')\n", encoding="utf-8")
    answer = cli("db", "upgrade")
    assert answer.code == 0
    assert answer.err.startswith("Warning: Plugin greeter failed at ")
    assert "jobs.py:2" in answer.err


def test_history_is_kept_for_ever_when_the_settings_say_so(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUETIME_HISTORY_DAYS", "0")
    cli("db", "upgrade")
    assert cli("events", "list", "--json").json == []


def test_a_folder_that_is_not_there_is_named(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUETIME_DATABASE_URL", f"sqlite:///{folder}/nowhere/duetime.db")
    answer = cli("db", "upgrade")
    assert answer.code == 5
    assert f"{folder}/nowhere/duetime.db" in answer.err
    assert "created" in answer.err


def test_a_settings_file_that_others_may_write_is_refused(cli: Cli, folder: Path) -> None:
    (folder / "duetime.toml").write_text("worker_slots = 2", encoding="utf-8")
    (folder / "duetime.toml").chmod(0o666)
    answer = cli("db", "upgrade")
    assert answer.code == 2
    assert f"{folder}/duetime.toml is not trusted" in answer.err
    assert not (folder / "duetime.db").exists()
