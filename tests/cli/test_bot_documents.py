"""`duetime bots validate`, `export` and `import`."""

import json
from pathlib import Path
from typing import Any

import pytest
from tests.cli.conftest import Cli

from duetime.app.settings import read_settings
from duetime.cli.opening import open_app
from duetime.core.resources import Account

GOOD = """\
name: nightly
scope: {regions: [eu-central-1], badges: {any: ["env:dev"]}}
filters:
- {uid: duetime.filter.tag, settings: {key: env}}
actions:
- uid: duetime.action.schedule_event
  settings: {event_type: divvy.stop_resource, after: 8h}
  'on': no-match
triggers: [created]
exempt_tags: [keep]
"""
BAD = """\
- name: one
  filtres: []
  filters: [{uid: duetime.filter.tga}]
  actions:
  - {uid: duetime.action.schedule_event, settings: {event_type: divvy.stop_resource, after: soon}}
- name: two
  triggers: [craeted]
"""
OLDER: dict[str, Any] = {
    "name": "older",
    "description": "",
    "state": "PAUSED",
    "instructions": {
        "resource_types": ["instance"],
        "filters": [{"name": "duetime.filter.tag", "config": {"key": "env"}}],
        "actions": [],
        "hookpoints": ["divvycloud.resource.created"],
        "schedule": {"_type": "daily", "time_of_day": {"hour": 19, "minute": 0, "second": 0}},
    },
}


def write(folder: Path, name: str, text: str) -> str:
    (folder / name).write_text(text, encoding="utf-8")
    return name


def add_account() -> None:
    with open_app(read_settings()) as app, app.store.write() as tx:
        tx.accounts.save(Account("10", "aws", regions=("eu-central-1",), badges={"env": "dev"}))


@pytest.mark.usefixtures("database")
def test_everything_that_is_wrong_is_told_with_line_and_column(cli: Cli, folder: Path) -> None:
    answer = cli("bots", "validate", write(folder, "bad.yaml", BAD))
    assert answer.code == 2
    lines = answer.out.splitlines()
    assert [line.partition(": ")[0] for line in lines[:4]] == [
        "bad.yaml, line 2, column 3",
        "bad.yaml, line 3, column 19",
        "bad.yaml, line 5, column 93",
        "bad.yaml, line 7, column 14",
    ]
    assert "did you mean duetime.filter.tag" in lines[1]
    assert lines[-1] == "2 bots: 4 errors, 0 warnings."
    told = cli("bots", "validate", "bad.yaml", "--json")
    assert told.code == 2
    assert (told.json["valid"], told.json["bots"]) == (False, ["one", "two"])
    first = told.json["problems"][0]
    assert (first["severity"], first["source"], first["line"], first["column"]) == ("error", "bad.yaml", 2, 3)


@pytest.mark.usefixtures("database")
def test_what_nothing_knows_is_a_warning(cli: Cli, folder: Path) -> None:
    path = write(folder, "good.yaml", GOOD)
    answer = cli("bots", "validate", path)
    assert answer.code == 0
    assert "Note: No account is registered, so accounts, regions and badges were not looked up." in answer.out
    assert "1 bot: 0 errors, 0 warnings." in answer.out
    add_account()
    assert cli("bots", "validate", path).out == "1 bot: 0 errors, 0 warnings.\n"
    write(folder, "good.yaml", GOOD.replace("eu-central-1", "eu-centrl-1"))
    answer = cli("bots", "validate", path)
    assert answer.code == 0
    assert "Warning: good.yaml, line 2, column 19: scope.regions[0]: no region 'eu-centrl-1' is known" in answer.out
    (problem,) = cli("bots", "validate", path, "--json").json["problems"]
    assert problem["severity"] == "warning"


def test_files_are_validated_without_a_database_too(cli: Cli, folder: Path, plugin: Path) -> None:
    (plugin / "broken.py").write_text("raise ValueError('no')", encoding="utf-8")
    answer = cli("bots", "validate", write(folder, "good.yaml", GOOD))
    assert answer.code == 0
    assert "There is no database, so what scopes name was not looked up." in answer.out
    assert "greeter failed" in answer.err
    assert cli("bots", "validate", write(folder, "bad.yaml", BAD)).code == 2
    assert not (folder / "duetime.db").exists()


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("command", ["apply", "import"])
def test_a_bot_that_stands_in_two_files_is_not_applied(cli: Cli, folder: Path, command: str) -> None:
    write(folder, "good.yaml", GOOD)
    write(folder, "again.yaml", f"{GOOD}description: Another.\n")
    answer = cli("bots", command, "good.yaml", "again.yaml")
    assert answer.code == 2
    assert "again.yaml, line 1, column 7: name: the bot 'nightly' stands in good.yaml too." in answer.err
    assert cli("bots", "list", "--json").json == []


@pytest.mark.usefixtures("database")
def test_every_file_is_looked_at(cli: Cli, folder: Path) -> None:
    write(folder, "good.yaml", GOOD)
    write(folder, "again.yaml", GOOD)
    answer = cli("bots", "validate", "good.yaml", "missing.yaml", "again.yaml", write(folder, "odd.yaml", "a: [\x07"))
    assert answer.code == 2
    assert "missing.yaml: cannot be read: No such file or directory." in answer.out
    assert "again.yaml, line 1, column 7: name: the bot 'nightly' stands in good.yaml too." in answer.out
    assert "odd.yaml, line 1, column 5: unreadable character" in answer.out
    assert answer.out.splitlines()[-1].endswith("3 errors, 0 warnings.")


@pytest.mark.usefixtures("database")
def test_what_is_exported_is_imported_as_the_same(cli: Cli, folder: Path) -> None:
    assert cli("bots", "export").out == ""
    assert cli("bots", "import", write(folder, "good.yaml", GOOD)).out == "nightly: new, version 1.\n"
    text = cli("bots", "export", "nightly").out
    assert text == (
        "name: nightly\nscope:\n  regions:\n  - eu-central-1\n  badges:\n    any:\n    - env:dev\nfilters:\n"
        "- uid: duetime.filter.tag\n  settings:\n    key: env\nactions:\n- uid: duetime.action.schedule_event\n"
        "  settings:\n    after: 8h\n    event_type: divvy.stop_resource\n  'on': no-match\ntriggers:\n- created\n"
        "exempt_tags:\n- keep\n"
    )
    assert cli("bots", "import", write(folder, "out.yaml", text)).out == "nightly: unchanged, version 1.\n"
    as_json = cli("bots", "export", "--json").out
    assert cli("bots", "apply", write(folder, "out.json", as_json)).out == "nightly: unchanged, version 1.\n"
    assert cli("bots", "export", "nihgtly").code == 3


@pytest.mark.usefixtures("database")
def test_the_older_form_is_taken_in_and_written(cli: Cli, folder: Path) -> None:
    path = write(folder, "older.json", json.dumps(OLDER))
    assert "duetime bots import" in cli("bots", "apply", path).err
    shown = cli("bots", "import", path, "--show")
    assert shown.code == 0
    assert "pause it with `duetime bots pause`" in shown.err
    assert "triggers:\n- created\n" in shown.out
    assert cli("bots", "list", "--json").json == []
    assert cli("bots", "import", path).out == "older: new, version 1.\n"
    written = cli("bots", "export", "older", "--older")
    assert written.json["instructions"]["schedule"] == OLDER["instructions"]["schedule"]
    back = cli("bots", "import", write(folder, "back.json", written.out))
    assert back.out == "older: unchanged, version 1.\n"


@pytest.mark.usefixtures("database")
def test_what_the_older_form_cannot_say_is_named(cli: Cli, folder: Path) -> None:
    cli("bots", "import", write(folder, "good.yaml", GOOD))
    answer = cli("bots", "export", "--older")
    assert answer.code == 2
    assert "cannot be said in the older form: scope.regions; exempt_tags." in answer.err
    lossy = cli("bots", "export", "--older", "--lossy")
    assert lossy.code == 0
    assert lossy.err == "Bot nightly: left out: scope.regions; exempt_tags.\n"
    assert lossy.json["badge_scope_operator"] == "OR"
    assert cli("bots", "export", "--lossy").code == 2


@pytest.mark.usefixtures("database")
def test_nothing_is_imported_when_one_is_wrong(cli: Cli, folder: Path) -> None:
    write(folder, "good.yaml", GOOD)
    for text, said in ((BAD, "unknown key 'filtres'"), (json.dumps({**OLDER, "colour": 1}), "unknown key 'colour'")):
        answer = cli("bots", "import", "good.yaml", write(folder, "wrong.json", text))
        assert answer.code == 2
        assert said in answer.err
    unknown = GOOD.replace("nightly", "other").replace("duetime.filter.tag", "nobodys.filter")
    assert cli("bots", "import", "good.yaml", write(folder, "unknown.yaml", unknown)).code == 2
    assert cli("bots", "list", "--json").json == []
    assert cli("bots", "import", "unknown.yaml", "--allow-unknown").code == 0
