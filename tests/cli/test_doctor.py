"""`duetime doctor`: its answer, and its exit code."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from tests.cli.conftest import Cli

from duetime.engine.worker import Worker

pytestmark = pytest.mark.usefixtures("database")


def test_without_a_worker_something_needs_attention(cli: Cli) -> None:
    answer = cli("doctor")
    assert answer.code == 6
    assert "workers look none is alive. Start one: duetime worker, or duetime up." in answer.words
    assert answer.out.endswith("1 of 8 need attention.\n")
    assert max(map(len, answer.out.splitlines())) <= 80


def test_with_a_worker_all_is_well(cli: Cli, working: Callable[[], AbstractContextManager[Worker]]) -> None:
    with working():
        answer = cli("doctor")
        found = cli("doctor", "--json")
    assert (answer.code, found.code) == (0, 0)
    assert answer.out.endswith("All is well.\n")
    assert found.json["healthy"] is True
    assert found.json["backend"] == "sqlite"
    assert [check["name"] for check in found.json["checks"]] == [
        "database",
        "clock",
        "workers",
        "oldest due event",
        "event types",
        "plugins",
        "accounts",
        "held events",
    ]
    assert found.json["workers"][0]["slots"] == 8
    assert found.json["events"] == {"scheduled": 1}


def test_programs_get_the_report_with_exit_code_6(cli: Cli) -> None:
    answer = cli("doctor", "--json")
    assert answer.code == 6
    assert answer.json["healthy"] is False
    assert [check["name"] for check in answer.json["checks"] if not check["ok"]] == ["workers"]
