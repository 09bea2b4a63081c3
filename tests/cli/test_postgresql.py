"""The command line on PostgreSQL: the same answers, and the server's clock."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from tests.cli.conftest import Cli, eventually

from duetime.engine.worker import Worker

pytestmark = pytest.mark.postgres


def test_everything_works_on_postgresql_too(
    cli: Cli,
    postgresql_url: str,
    monkeypatch: pytest.MonkeyPatch,
    working: Callable[[], AbstractContextManager[Worker]],
) -> None:
    monkeypatch.setenv("DUETIME_DATABASE_URL", postgresql_url)
    upgraded = cli("db", "upgrade", "--json")
    assert upgraded.code == 0
    assert upgraded.json["location"].startswith("postgresql")
    with working():
        event_id = cli("events", "schedule", "duetime.prune", "--in", "0s", "--json").json["event_id"]
        eventually(lambda: cli("events", "show", event_id, "--json").json["status"] == "succeeded")
        doctor = cli("doctor", "--json")
    assert doctor.code == 0
    assert doctor.json["backend"] == "postgresql"
    assert abs(doctor.json["clock_offset"]) < 2
    run = cli("history", "list", "--json").json[0]
    assert run["event_id"] == event_id
    assert cli("history", "list", "--before", run["run_id"], "--json").json == []
    assert "duetime.prune" in cli("history", "stats").out


def test_a_server_that_does_not_answer_is_unavailable(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUETIME_DATABASE_URL", "postgresql://me:hunter2@127.0.0.1:9/name")
    answer = cli("events", "list")
    assert answer.code == 5
    assert answer.err.startswith("Error: The database is not available: ")
    assert "hunter2" not in answer.err
