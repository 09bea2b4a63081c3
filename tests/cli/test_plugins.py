"""`duetime plugins`: the wish is written, the workers that are alive answer, and failures name file and line."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from tests.cli.conftest import Cli, eventually

from duetime.app.settings import read_settings
from duetime.cli.opening import open_app
from duetime.cli.plugin_wish import make_wish
from duetime.engine.worker import Worker
from duetime.store.plugin_table import PluginState

pytestmark = pytest.mark.usefixtures("database")

Working = Callable[[], AbstractContextManager[Worker]]


def reached(cli: Cli) -> list[str]:
    (plugin,) = cli("plugins", "list", "--json").json["plugins"]
    return [worker["state"] for worker in plugin["workers"]]


def test_without_plugins_the_setting_is_named(cli: Cli) -> None:
    assert "Name their folders in the setting `plugins`" in cli("plugins", "list").words
    listed = cli("plugins", "list", "--json").json
    assert (listed["plugins"], listed["workers"]) == ([], 0)


def test_without_a_worker_the_wish_stands(cli: Cli, plugin: Path) -> None:
    answer = cli("plugins", "unload", "greeter")
    assert answer.code == 0
    assert answer.out == "Plugin greeter is wished unloaded (generation 1).\n"
    assert answer.err == "No worker is alive; the next one that starts will do so.\n"
    assert "greeter unloaded" in cli("plugins", "list").words


def test_a_plugin_that_nobody_knows_is_answered_with_the_nearest(cli: Cli, plugin: Path) -> None:
    answer = cli("plugins", "load", "greetr")
    assert answer.code == 3
    assert "Did you mean greeter?" in answer.err


def test_a_plugin_is_unloaded_and_loaded_while_a_worker_runs(cli: Cli, plugin: Path, working: Working) -> None:
    with working():
        eventually(lambda: able(cli, "greeter.greet") == 1)
        cli("events", "schedule", "greeter.greet", "--in", "0s")
        eventually(lambda: cli("history", "list", "--json").json)
        unloaded = cli("plugins", "unload", "greeter", "--json")
        assert unloaded.code == 0
        assert [worker["state"] for worker in unloaded.json["workers"]] == ["unloaded"]
        eventually(lambda: able(cli, "greeter.greet") == 0)
        event_id = cli("events", "schedule", "greeter.greet", "--in", "0s", "--json").json["event_id"]
        eventually(lambda: waits(cli, "greeter.greet"))
        assert "it waits for a handler" in cli("events", "show", event_id).words
        assert "greeter.greet waits for a handler: 1 events, 1 of them due, last brought by plugin greeter" in (
            cli("plugins", "list").err
        )
        loaded = cli("plugins", "load", "greeter")
        assert loaded.code == 0
        assert ": loaded" in loaded.out
        eventually(lambda: cli("events", "show", event_id, "--json").json["status"] == "succeeded")


def able(cli: Cli, event_type: str) -> int:
    """Return how many workers can run a type; it is published when the first of them has loaded it."""
    kinds = cli("events", "types", "--json").json
    return sum(kind["workers"] for kind in kinds if kind["event_type"] == event_type)


def waits(cli: Cli, event_type: str) -> bool:
    listed = cli("plugins", "list", "--json").json
    return event_type in [waiting["event_type"] for waiting in listed["waiting_for_handler"]]


def test_a_reload_that_fails_names_file_and_line_and_the_old_one_goes_on(
    cli: Cli, plugin: Path, working: Working
) -> None:
    with working():
        eventually(lambda: reached(cli) == ["loaded"])
        (plugin / "jobs.py").write_text("\n\nraise RuntimeError('half done')\n", encoding="utf-8")
        answer = cli("plugins", "reload", "greeter")
        assert answer.code == 6
        assert "jobs.py:3" in answer.out
        assert "half done" in answer.words
        listed = cli("plugins", "list", "--json").json["plugins"][0]
        assert (listed["wish"], listed["workers"][0]["state"]) == ("loaded", "failed")
        assert cli("doctor", "--json").code == 6
        cli("events", "schedule", "greeter.greet", "--in", "0s")
        eventually(lambda: cli("history", "list", "--status", "succeeded", "--json").json)


def test_a_worker_that_does_not_answer_in_time_is_told(cli: Cli, plugin: Path, working: Working) -> None:
    with working() as worker:
        eventually(lambda: reached(cli) == ["loaded"])
        worker.plugins.stop()
        worker.plugins.join()
        answer = cli("plugins", "reload", "greeter", "--timeout", "0.2s")
    assert answer.code == 6
    assert "no answer yet" in answer.words


def test_a_worker_that_ends_meanwhile_is_not_waited_for(database: Path) -> None:
    with open_app(read_settings()) as app:
        with app.store.write() as tx:
            tx.plugins.ensure(["greeter"])
            staying = tx.sessions.open(worker="host:1", lease_seconds=600, slots=1)
            ending = tx.sessions.open(worker="host:2", lease_seconds=600, slots=1)
        wish = make_wish(app, "greeter", wish="loaded")
        with app.store.write() as tx:
            tx.plugins.report(PluginState(staying, "greeter", wish.generation - 1, "loaded"))
            tx.sessions.stop(ending)
        (answer,) = wish.answers(app.store)
        assert (answer.worker, answer.has_answered) == ("host:1", False)
        with app.store.write() as tx:
            tx.plugins.report(PluginState(staying, "greeter", wish.generation, "loaded"))
        assert [each.state for each in wish.answers(app.store)] == ["loaded"]


def test_an_overridden_builtin_is_shown(cli: Cli, plugin: Path, working: Working) -> None:
    code = (plugin / "jobs.py").read_text(encoding="utf-8").replace("greeter.greet", "divvy.stop_resource")
    (plugin / "jobs.py").write_text(code, encoding="utf-8")
    with working():
        eventually(lambda: reached(cli) == ["loaded"])
        assert "instead of our own: divvy.stop_resource" in cli("plugins", "list").words
        doctor = cli("doctor")
    assert "overridden built-ins: divvy.stop_resource" in doctor.words


def test_the_wish_is_in_the_audit_trail(cli: Cli, plugin: Path, database: Path) -> None:
    cli("plugins", "load", "greeter")
    with open_app(read_settings()) as app, app.store.read() as tx:
        (entry,) = tx.audit.about("plugin:greeter")
    assert entry.verb == "plugin.load"
    assert entry.actor.startswith("cli:")
