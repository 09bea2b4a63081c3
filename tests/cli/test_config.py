"""`duetime config`: every setting, where it comes from, and nothing secret."""

from pathlib import Path

import pytest
from tests.cli.conftest import Cli

from duetime.app.settings import Settings, variable_of

SECRET = "hunter2-hunter2-hunter2"


def test_every_setting_is_listed_with_its_value_source_and_meaning(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "duetime.toml").write_text("lease_seconds = 7\nplugins = ['a', 'b']", encoding="utf-8")
    monkeypatch.setenv("DUETIME_WORKER_SLOTS", "3")
    answer = cli("config", "--json").json
    assert answer["file"] == str(folder / "duetime.toml")
    found = {each["name"]: each for each in answer["settings"]}
    assert found.keys() == Settings.model_fields.keys()
    assert {name: (each["value"], each["source"]) for name, each in found.items()}.items() >= {
        ("lease_seconds", (7, "file")),
        ("worker_slots", (3, "environment")),
        ("history_days", (400, "default")),
        ("web_session_idle", (8 * 3600, "default")),
    }
    assert found["plugins"]["value"] == ["a", "b"]
    assert all(each["variable"] == variable_of(name) and each["wanted"] for name, each in found.items())
    assert all(each["meaning"] and "](" not in each["meaning"] for each in found.values())
    shown = cli("config").out
    assert all(name in shown for name in Settings.model_fields)
    assert max(map(len, shown.partition("The settings file")[0].splitlines())) <= 80
    assert f"The settings file is {folder}/duetime.toml." in " ".join(shown.split())


def test_nothing_secret_is_shown(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUETIME_DATABASE_URL", f"postgresql://me:{SECRET}@db/name?sslpassword={SECRET}&sslmode=require")
    monkeypatch.setenv("DUETIME_OIDC_CLIENT_SECRET", SECRET)
    address = f"https://tickets.example.org/{SECRET}"
    (folder / "duetime.toml").write_text(
        f"[destinations.tickets]\nwebhook = '{address}'\nsecret = '{SECRET}'", encoding="utf-8"
    )
    for answer in (cli("config"), cli("config", "--json")):
        assert answer.code == 0
        assert SECRET not in answer.out + answer.err
        assert "tickets" in answer.out
    shown = cli("config", "--json").json["settings"][0]["value"]
    assert shown == "postgresql://me:***@db/name?sslmode=require&sslpassword=hidden"


def test_a_setting_that_nobody_knows_is_refused_with_the_nearest(cli: Cli, folder: Path) -> None:
    (folder / "duetime.toml").write_text("web_prot = 80", encoding="utf-8")
    answer = cli("config")
    assert answer.code == 2
    assert answer.err.rstrip().endswith("Did you mean web_port?")


def test_without_a_settings_file_it_says_so(cli: Cli) -> None:
    assert "There is no settings file." in cli("config").out
    assert cli("config", "--json").json["file"] is None
