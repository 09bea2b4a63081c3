"""`duetime bots`: applied all or none, run and waited for, paused, resumed and archived."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.cli.conftest import Cli, eventually

from duetime.app.settings import read_settings
from duetime.cli.opening import open_app
from duetime.core.resources import Resource
from duetime.engine.worker import Worker

pytestmark = pytest.mark.usefixtures("database")

NIGHTLY = """
name: nightly-stop
description: Dev need not run at night.
filters:
  - uid: duetime.filter.tag
    settings: {key: env, values: [dev]}
actions:
  - uid: duetime.action.schedule_event
    settings: {event_type: divvy.stop_resource, after: 8h}
schedule: "0 18 * * mon-fri"
timezone: Europe/Berlin
"""
ON_DEMAND = NIGHTLY.replace("nightly-stop", "on-demand").partition("schedule:")[0].strip() + "\n"
FAILING = ON_DEMAND.replace("on-demand", "failing").replace("divvy.stop_resource", "no.such.type")

Working = Callable[[], AbstractContextManager[Worker]]


@pytest.fixture
def nightly(cli: Cli, folder: Path) -> Path:
    path = folder / "nightly.yaml"
    path.write_text(NIGHTLY, encoding="utf-8")
    return path


def put_resource() -> None:
    with open_app(read_settings()) as app, app.store.write() as tx:
        tags = {"env": "dev"}
        tx.resources.save([Resource.of(resource_type="instance", account="1", region="r", provider_id="i", tags=tags)])


def put(cli: Cli, folder: Path, text: str) -> None:
    (folder / "bot.yaml").write_text(text, encoding="utf-8")
    assert cli("bots", "apply", "bot.yaml", "--allow-unknown").code == 0


def test_bots_are_applied_changed_and_listed(cli: Cli, nightly: Path) -> None:
    assert cli("bots", "apply", nightly).out == "nightly-stop: new, version 1.\n"
    assert cli("bots", "apply", nightly).out == "nightly-stop: unchanged, version 1.\n"
    nightly.write_text(NIGHTLY.replace("0 18", "0 19"), encoding="utf-8")
    (applied,) = cli("bots", "apply", nightly, "--json").json
    assert (applied["name"], applied["version"], applied["is_new"], applied["is_changed"]) == (
        "nightly-stop",
        2,
        False,
        True,
    )
    (bot,) = cli("bots", "list", "--json").json
    assert (bot["name"], bot["status"], bot["definition"]["name"]) == ("nightly-stop", "RUNNING", "nightly-stop")
    assert bot["next_run_at"] is not None
    listed = cli("bots", "list")
    assert "nightly-stop RUNNING 2" in listed.words
    assert max(map(len, listed.out.splitlines())) <= 80


def test_nothing_is_applied_when_one_file_is_wrong(cli: Cli, nightly: Path, folder: Path) -> None:
    (folder / "wrong.yaml").write_text(ON_DEMAND.replace("values: [dev]", "vales: [dev]"), encoding="utf-8")
    answer = cli("bots", "apply", nightly, "wrong.yaml")
    assert answer.code == 2
    assert answer.err.startswith("Error: wrong.yaml, line 5, column")
    assert "values" in answer.err
    assert cli("bots", "list", "--json").json == []
    error = cli("bots", "apply", "wrong.yaml", "--json").json["error"]
    assert (error["source"], error["line"]) == ("wrong.yaml", 5)
    assert cli("bots", "apply", "missing.yaml").code == 2


def test_standard_input_is_a_file_too(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(NIGHTLY))
    assert cli("bots", "apply", "-").out == "nightly-stop: new, version 1.\n"


def test_what_a_plugin_brings_may_be_used_and_what_nobody_brings_must_be_allowed(
    cli: Cli, nightly: Path, plugin: Path, folder: Path
) -> None:
    (plugin / "more.py").write_text(
        "from duetime.bots.registration import FilterRegistryWrapper\n"
        "from duetime.core.predicates import TypeIn\n"
        "filters = FilterRegistryWrapper()\n"
        "@filters.filter(uid='greeter.filter', name='Mine', description='Mine.')\n"
        "def mine(settings):\n    return TypeIn(('instance',))\n"
        "def load():\n    filters.load()\n"
        "def unload():\n    filters.unload()\n",
        encoding="utf-8",
    )
    text = NIGHTLY.replace("duetime.filter.tag", "greeter.filter").replace("settings: {key: env, values: [dev]}", "")
    nightly.write_text(text, encoding="utf-8")
    assert cli("bots", "apply", nightly).code == 0
    nightly.write_text(text.replace("greeter.filter", "nobodys.filter"), encoding="utf-8")
    assert "there is no filter 'nobodys.filter'" in cli("bots", "apply", nightly).err
    assert cli("bots", "apply", nightly, "--allow-unknown").code == 0


def test_a_run_without_a_worker_says_so_plainly(cli: Cli, folder: Path) -> None:
    put(cli, folder, ON_DEMAND)
    answer = cli("bots", "run", "on-demand")
    assert answer.code == 0
    assert "A run of bot on-demand is scheduled as event 2." in answer.words
    assert answer.err == "No worker is alive, so nothing runs it yet. Start one with `duetime worker`.\n"
    asked = cli("bots", "run", "on-demand", "--wait", "--json")
    assert asked.code == 6
    assert (asked.json["worker_alive"], asked.json["run"], asked.json["status"]) == (False, None, "scheduled")


def test_a_run_is_waited_for_and_says_what_was_found(cli: Cli, folder: Path, working: Working) -> None:
    put(cli, folder, ON_DEMAND)
    with working():
        answer = cli("bots", "run", "on-demand", "--timeout", "30s")
        as_json = cli("bots", "run", "on-demand", "--json").json
    assert answer.code == 0
    assert "has run (event 2): 0 resources matched; duetime.action.schedule_event for 0." in answer.words
    assert answer.err == ""
    assert (as_json["status"], as_json["run"]["status"]) == ("succeeded", "succeeded")


def test_a_run_that_fails_is_told_and_exits_with_6(cli: Cli, folder: Path, working: Working) -> None:
    put(cli, folder, FAILING)
    put_resource()
    with working():
        answer = cli("bots", "run", "failing")
    assert answer.code == 6
    assert "The run of bot failing, event 2, ended as failed: " in answer.words
    assert "no.such.type" in answer.words


def test_a_run_need_not_be_waited_for(cli: Cli, folder: Path, working: Working) -> None:
    put(cli, folder, ON_DEMAND)
    with working():
        event = cli("bots", "run", "on-demand", "--no-wait", "--json").json
        assert event["run"] is None
        eventually(lambda: cli("events", "show", event["event_id"], "--json").json["status"] == "succeeded")


def test_a_run_that_does_not_come_about_in_time_is_still_scheduled(cli: Cli, folder: Path, working: Working) -> None:
    put(cli, folder, ON_DEMAND)
    with working() as worker:
        worker.dispatcher.stop()
        worker.dispatcher.join()
        answer = cli("bots", "run", "on-demand", "--timeout", "0.3s")
    assert answer.code == 6
    assert "The run of bot on-demand, event 2, is still scheduled." in answer.words


def test_a_bot_is_paused_resumed_and_archived(cli: Cli, nightly: Path) -> None:
    cli("bots", "apply", nightly)
    assert cli("bots", "pause", "nightly-stop", "--reason", "holidays").out == "Bot nightly-stop is paused.\n"
    answer = cli("bots", "run", "nightly-stop")
    assert answer.code == 4
    assert "is paused and does not run. Resume it first." in answer.err
    assert cli("bots", "resume", "nightly-stop", "--json").json["status"] == "RUNNING"
    assert cli("bots", "archive", "nightly-stop", "--json").json["cancelled"] == 1
    assert cli("bots", "archive", "nightly-stop").code == 0
    assert cli("bots", "apply", nightly).code == 4
    assert "nightly-stop ARCHIVED" in cli("bots", "list").words


@pytest.mark.parametrize("verb", ["run", "pause", "resume", "archive"])
def test_a_bot_that_is_not_there_is_answered_with_the_nearest(cli: Cli, nightly: Path, verb: str) -> None:
    cli("bots", "apply", nightly)
    answer = cli("bots", verb, "nightly-sotp")
    assert answer.code == 3
    assert "Did you mean nightly-stop?" in answer.err


@pytest.fixture
def pending(cli: Cli, nightly: Path, working: Working) -> Path:
    """Return the file of a bot that has one event pending."""
    cli("bots", "apply", nightly)
    put_resource()
    with working():
        assert cli("bots", "run", "nightly-stop", "--timeout", "30s").code == 0
    return nightly


def status_of(cli: Cli) -> str:
    (event,) = cli("events", "list", "--type", "divvy.stop_resource", "--json").json
    return str(event["status"])


def test_a_run_says_what_became_of_its_events(cli: Cli, pending: Path, working: Working) -> None:
    with working():
        again = cli("bots", "run", "nightly-stop", "--timeout", "30s")
    assert "1 resource matched; duetime.action.schedule_event for 1; events: kept 1." in again.words


def test_a_changed_bot_keeps_what_it_scheduled_unless_told_otherwise(cli: Cli, pending: Path) -> None:
    pending.write_text(NIGHTLY.replace("8h", "9h"), encoding="utf-8")
    assert cli("bots", "apply", pending).out == "nightly-stop: changed, version 2; 1 pending event kept.\n"
    pending.write_text(NIGHTLY.replace("8h", "7h"), encoding="utf-8")
    refused = cli("bots", "apply", pending, "--pending", "cancel")
    assert refused.code == 2
    assert refused.out == "nightly-stop: would cancel 1.\n"
    assert "This would cancel 1 pending event of nightly-stop." in refused.err
    assert "add --yes to do it, or leave --pending out to keep them" in refused.err
    assert status_of(cli) == "scheduled"
    done = cli("bots", "apply", pending, "--pending", "cancel", "--yes", "--json").json[0]
    assert (done["version"], done["cancelled"], done["pending"]["cancelled"]) == (3, 1, 1)
    assert status_of(cli) == "cancelled"


def test_a_changed_bot_may_look_at_its_events_again(cli: Cli, pending: Path) -> None:
    text = NIGHTLY.replace("[dev]", "[dev, test]")
    pending.write_text(text, encoding="utf-8")
    again = cli("bots", "apply", pending, "--pending", "re-evaluate")
    assert again.out == ("nightly-stop: would keep 1.\nnightly-stop: changed, version 2; 1 pending event kept.\n")
    pending.write_text(NIGHTLY.replace("[dev]", "[test]"), encoding="utf-8")
    assert cli("bots", "apply", pending, "--pending", "re-evaluate").code == 2
    assert cli("bots", "apply", pending, "--pending", "re-evaluate", "--yes").code == 0
    assert status_of(cli) == "cancelled"
    assert "keep, re-evaluate or cancel, not 'drop'" in cli("bots", "apply", pending, "--pending", "drop").err


def test_a_paused_bot_may_take_its_events_along(cli: Cli, pending: Path) -> None:
    assert cli("bots", "pause", "nightly-stop").out == "Bot nightly-stop is paused: 1 pending event kept.\n"
    paused = cli("bots", "pause", "nightly-stop", "--pending", "pause")
    assert paused.out == "Bot nightly-stop is paused: 1 pending event paused.\n"
    assert status_of(cli) == "paused"
    assert cli("bots", "resume", "nightly-stop").out == "Bot nightly-stop is running: 1 pending event resumed.\n"
    assert cli("bots", "pause", "nightly-stop", "--pending", "cancel").code == 2
    done = cli("bots", "pause", "nightly-stop", "--pending", "cancel", "--yes", "--json").json
    assert (done["status"], done["pending"]["cancelled"]) == ("PAUSED", 1)


def test_archiving_always_cancels_and_asks_first(cli: Cli, pending: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = cli("bots", "archive", "nightly-stop")
    assert refused.code == 2
    assert "pause it: duetime bots pause nightly-stop" in refused.err

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr("sys.stdin", Terminal("n\n"))
    answer = cli("bots", "archive", "nightly-stop")
    assert (answer.code, status_of(cli)) == (130, "scheduled")
    assert "Nothing was changed." in answer.err
    monkeypatch.setattr("sys.stdin", Terminal("y\n"))
    assert cli("bots", "archive", "nightly-stop").code == 0
    assert status_of(cli) == "cancelled"


def test_a_plan_says_what_a_run_would_do(cli: Cli, nightly: Path) -> None:
    cli("bots", "apply", nightly)
    put_resource()
    answer = cli("bots", "plan", "nightly-stop")
    assert answer.code == 0
    assert "Bot nightly-stop, version 1: 1 resource matches. A run would schedule 1." in answer.words
    assert "matches:" in answer.words
    as_json = cli("bots", "plan", "nightly-stop", "--json").json
    assert as_json["counts"] == {"schedule": 1, "keep": 0, "replace": 0, "cancel": 0, "drop": 0}
    (event,) = as_json["events"]
    assert (event["effect"], event["resource_id"], event["event_id"]) == ("schedule", "instance:1:r:i:", None)
    assert as_json["actions"][0]["is_pure"] is True
    assert cli("events", "list", "--type", "divvy.stop_resource", "--json").json == []
    cli("bots", "archive", "nightly-stop")
    assert cli("bots", "plan", "nightly-stop").code == 4


def test_opposite_wishes_are_shown_by_plan_and_by_the_event(cli: Cli, pending: Path, folder: Path) -> None:
    put(cli, folder, ON_DEMAND.replace("divvy.stop_resource", "divvy.start_resource"))
    planned = cli("bots", "plan", "on-demand")
    assert "Opposite wishes for instance:1:r:i:" in planned.words
    assert "so the resource ends up as divvy.start_resource leaves it." in planned.words
    assert "is also in the scope of bot nightly-stop" in planned.words
    (stop,) = cli("events", "list", "--type", "divvy.stop_resource", "--json").json
    cli("events", "schedule", "divvy.start_resource", "--at", stop["due_at"], "--resource", "instance:1:r:i:")
    shown = cli("events", "show", stop["event_id"])
    assert "Opposite wishes for instance:1:r:i: at one time" in shown.words
    assert len(cli("events", "show", stop["event_id"], "--json").json["conflicts"]) == 1


def test_a_long_plan_shows_its_beginning(cli: Cli, nightly: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    cli("bots", "apply", nightly)
    with open_app(read_settings()) as app, app.store.write() as tx:
        tags = {"env": "dev"}
        tx.resources.save(
            [
                Resource.of(resource_type="instance", account="1", region="r", provider_id=f"i-{n:02}", tags=tags)
                for n in range(25)
            ]
        )
    short, long = cli("bots", "plan", "nightly-stop"), cli("bots", "plan", "nightly-stop", "--all")
    assert "And 5 more; --all shows them." in short.words
    assert ("i-24" in short.out, "i-24" in long.out) == (False, True)
    assert len(cli("bots", "plan", "nightly-stop", "--json").json["events"]) == 25
