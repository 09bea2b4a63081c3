"""`duetime history`: finding what happened, page by page, and counting it."""

from datetime import timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Cli

from duetime.app.settings import read_settings
from duetime.cli.opening import open_app
from duetime.core.events import Run
from duetime.core.statuses import RunStatus
from duetime.store.run_table import DueTime

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture(autouse=True)
def _history(database: Path) -> None:
    """Write five answers at one instant, and an older one."""
    with open_app(read_settings()) as app:
        now = app.store.now()
        due = [DueTime(n, now, 0, "a.type", f"instance:{10 + n % 2}:us-east-1:i-{n}:", None) for n in range(1, 6)]
        old = DueTime(9, now - timedelta(days=3), 0, "b.type", None, None)
        with app.store.write() as tx:
            tx.runs.answer(due, status=RunStatus.SKIPPED, reason="the resource is gone", now=now)
            tx.runs.answer([old], status=RunStatus.EXPIRED, reason="too late", now=now - timedelta(days=2))


def ids(cli: Cli, *arguments: object) -> list[int]:
    return [run["event_id"] for run in cli("history", "list", *arguments, "--json").json]


def test_runs_are_listed_newest_first_with_the_fields_of_the_dataclass(cli: Cli) -> None:
    runs = cli("history", "list", "--json").json
    assert [run["event_id"] for run in runs] == [5, 4, 3, 2, 1, 9]
    assert set(Run.__dataclass_fields__) == runs[0].keys() - {"run_id", "duration", "undoes", "undone_by"}
    assert runs[0]["run_id"].startswith("5/")


def test_pages_follow_each_other_without_a_gap(cli: Cli) -> None:
    seen = ids(cli, "--limit", 2)
    page = cli("history", "list", "--limit", 2, "--json").json
    answer = cli("history", "list", "--limit", 2)
    assert answer.err == f"There are more: add --before {page[-1]['run_id']}\n"
    while page := cli("history", "list", "--limit", 2, "--before", page[-1]["run_id"], "--json").json:
        seen += [run["event_id"] for run in page]
    assert seen == [5, 4, 3, 2, 1, 9]
    assert cli("history", "list", "--before", "nothing").code == 3


def test_a_list_is_narrowed_down(cli: Cli) -> None:
    assert ids(cli, "--status", "expired") == [9]
    assert ids(cli, "--type", "a.type") == [5, 4, 3, 2, 1]
    assert ids(cli, "--event", 3) == ids(cli, "--resource", "instance:11:us-east-1:i-3:") == [3]
    assert ids(cli, "--account", "10") == [4, 2]
    assert ids(cli, "--text", "TOO LATE") == [9]
    assert ids(cli, "--since", "1d") == [5, 4, 3, 2, 1]
    unknown = cli("history", "list", "--event", 404)
    assert (unknown.code, unknown.out) == (3, "")
    assert cli("history", "list", "--status", "sleeping").code == 2
    assert cli("history", "list", "--since", "yesterday").code == 2
    assert cli("history", "list", "--bot", "nobody").code == 3


def test_people_see_why_in_80_columns(cli: Cli) -> None:
    answer = cli("history", "list", "--limit", 1)
    assert max(map(len, answer.out.splitlines())) <= 80
    assert "i-5 the resource is gone" in answer.words


def test_runs_are_counted_by_type_and_status(cli: Cli) -> None:
    assert cli("history", "stats", "--json").json == [
        {"event_type": "a.type", "status": "skipped", "runs": 5},
        {"event_type": "b.type", "status": "expired", "runs": 1},
    ]
    head, first, second = (row.split() for row in cli("history", "stats").out.splitlines())
    assert head == ["type", "skipped", "expired", "all"]
    assert (first, second) == (["a.type", "5", "0", "5"], ["b.type", "0", "1", "1"])
    assert [count["runs"] for count in cli("history", "stats", "--since", "1d", "--json").json] == [5]
    assert cli("history", "stats", "--type", "c.type").words == "Nothing has happened yet."
