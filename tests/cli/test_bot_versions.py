"""`duetime bots versions`, `compare` and `activate`."""

from pathlib import Path

import pytest
from tests.cli.conftest import Cli

FIRST = """\
name: nightly
filters:
- {uid: duetime.filter.tag, settings: {key: env, values: [dev]}}
schedule: 0 18 * * *
"""
SECOND = FIRST.replace("[dev]", "[dev, test]").replace("0 18", "0 19")


@pytest.fixture(autouse=True)
def _two_versions(cli: Cli, folder: Path, database: Path) -> None:
    for text in (FIRST, SECOND):
        (folder / "bot.yaml").write_text(text, encoding="utf-8")
        assert cli("bots", "apply", "bot.yaml").code == 0


def test_versions_are_listed_with_who_and_what(cli: Cli) -> None:
    listed = cli("bots", "versions", "nightly")
    assert listed.out.index("2 (active)") < listed.out.index("1  ")
    assert "filters[0].settings.values[1]" in listed.out.replace("\n", "").replace(" ", "")
    newest, oldest = cli("bots", "versions", "nightly", "--json").json
    assert (newest["version"], newest["active"], newest["changed"]) == (
        2,
        True,
        ["filters[0].settings.values[1]", "schedule.expression"],
    )
    assert newest["created_by"].startswith("cli:")
    assert (oldest["version"], oldest["active"], oldest["changed"]) == (1, False, [])


def test_versions_are_compared_key_by_key_and_as_texts(cli: Cli) -> None:
    answer = cli("bots", "compare", "nightly", "1", "2")
    assert "schedule.expression" in answer.words
    assert "0 18 * * * 0 19 * * *" in answer.words
    assert cli("bots", "compare", "nightly", "1").out == answer.out
    diff = cli("bots", "compare", "nightly", "1", "2", "--diff").out
    assert diff.startswith("--- nightly, version 1\n+++ nightly, version 2\n")
    assert "-  expression: 0 18 * * *\n+  expression: 0 19 * * *\n" in diff
    told = cli("bots", "compare", "nightly", "2", "1", "--json").json
    assert told["differences"][0] == {"path": "filters[0].settings.values[1]", "before": "test", "after": None}
    assert cli("bots", "compare", "nightly", "2", "2").out == "Versions 2 and 2 of bot nightly are the same.\n"
    assert cli("bots", "compare", "nightly", "1", "9").code == 3


def test_an_earlier_version_is_activated_with_its_schedule(cli: Cli) -> None:
    assert cli("bots", "activate", "nightly", "1").out == "nightly: version 3 says what version 1 said.\n"
    (bot,) = cli("bots", "list", "--json").json
    assert (bot["version"], bot["definition"]["schedule"]["expression"]) == (3, "0 18 * * *")
    assert "T18:00" in bot["next_run_at"]
    again = cli("bots", "activate", "nightly", "1")
    assert again.out == "nightly: unchanged, version 3 says what version 1 said.\n"
    assert cli("bots", "activate", "nightly", "2", "--json").json["version"] == 4
    assert cli("bots", "activate", "nightly", "9").code == 3
    assert cli("bots", "activate", "nightly", "1", "--pending", "burn").code == 2
    cli("bots", "archive", "nightly", "--yes")
    assert cli("bots", "activate", "nightly", "1").code == 4
