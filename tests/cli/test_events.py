"""`duetime events`: scheduling by hand, finding, steering, and every refusal on the way."""

import json
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.cli.conftest import Cli, eventually

from duetime.app.settings import read_settings
from duetime.cli.opening import open_app
from duetime.core.events import Event
from duetime.engine.worker import Worker

pytestmark = pytest.mark.usefixtures("database")

INSTANCE = "instance:10:us-east-1:i-1:"
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0)


def schedule(cli: Cli, *arguments: str) -> int:
    """Schedule a prune far from now and return its id."""
    return int(cli("events", "schedule", "duetime.prune", *(arguments or ("--in", "1h")), "--json").json["event_id"])


def hold(event_id: int) -> None:
    with open_app(read_settings()) as app, app.store.engine.connect() as connection:
        connection.exec_driver_sql(f"UPDATE events SET status = 'held' WHERE event_id = {event_id}")
        connection.commit()


def test_an_event_is_scheduled_and_found(cli: Cli) -> None:
    answer = cli(
        "events", "schedule", "divvy.stop_resource", "--resource", INSTANCE, "--in", "1h30m", "--description", "For now"
    )
    assert answer.code == 0
    assert "Event 2 is scheduled, due at" in answer.words
    assert "(in 1 h 30 min)" in answer.words or "(in 1 h 29 min)" in answer.words
    assert "No worker is alive" in answer.words
    (event, standing) = cli("events", "list", "--json").json
    assert (event["event_id"], event["event_type"], event["status"]) == (2, "divvy.stop_resource", "scheduled")
    assert (event["resource_id"], event["description"]) == (INSTANCE, "For now")
    due_at = datetime.fromisoformat(event["due_at"])
    assert due_at.utcoffset() == timedelta(0)
    assert timedelta(minutes=89) < due_at - datetime.now(UTC) <= timedelta(minutes=90)
    assert standing["event_type"] == "duetime.prune"


def test_json_has_the_field_names_of_the_dataclass(cli: Cli) -> None:
    schedule(cli)
    event = cli("events", "list", "--json").json[0]
    assert set(Event.__dataclass_fields__) == event.keys() - {"recurring"}


def test_an_instant_and_a_schedule_can_be_given(cli: Cli) -> None:
    at = cli("events", "schedule", "duetime.prune", "--at", TOMORROW.isoformat(), "--json").json
    assert datetime.fromisoformat(at["due_at"]) == TOMORROW
    hourly = json.dumps({"_type": "periodic", "hours": 1})
    recurring = cli("events", "schedule", "duetime.prune", "--schedule", hourly, "--json").json
    assert recurring["recurring"] is True
    assert recurring["schedule"]["hours"] == 1
    assert "Then every hour" in cli("events", "schedule", "duetime.prune", "--schedule", hourly).words


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "One of them must say when: --in 10s, --at"),
        (["--in", "1s", "--at", "2026-01-31T19:00:00Z"], "Only one of them can hold"),
        (["--in", "soon"], "--in takes a length of time such as 10s, 5m, 1h30m or 2d, not 'soon'."),
        (["--in", "5"], "--in takes a length of time"),
        (["--at", "2026-01-31T19:00:00"], "write 2026-01-31T19:00:00Z for UTC, or 2026-01-31T19:00:00+02:00"),
        (["--at", "tomorrow"], "--at must be an instant with a time zone, such as"),
        (["--at", "2026-01-31"], "--at must be an instant with a time zone, such as"),
        (["--schedule", "{"], "The schedule is no JSON text"),
        (["--schedule", '{"_type": "dayly"}'], "did you mean daily?"),
        (["--schedule", '{"_type": "cron", "expression": "x"}'], "Examples:"),
        (["--in", "1h", "--args", "{"], "the text is not JSON"),
        (["--in", "1h", "--args", "[1]"], "a JSON object is needed"),
        (["--in", "1h", "--args", '{"dyas": 1}'], "did you mean days"),
        (["--in", "1h", "--args", '{"days": "x"}'], "must be of type integer"),
        (["--in", "1h", "--resource", "i-1"], "is no resource id; write type:account:region:provider_id:"),
        (["--in", "1h", "--expires-after", "x"], "--expires-after takes a length of time"),
        (["--in", "1h", "--catch-up", "never"], "catch_up must be one of latest, all, skip"),
    ],
)
def test_what_is_wrong_is_refused_with_what_would_be_right(cli: Cli, arguments: list[str], words: str) -> None:
    answer = cli("events", "schedule", "duetime.prune", *arguments)
    assert answer.code == 2
    assert words in answer.err
    assert answer.out == ""
    assert len(cli("events", "list", "--json").json) == 1


def test_arguments_above_the_limit_of_the_settings_are_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUETIME_MAX_ARGUMENT_BYTES", "1024")
    large = json.dumps({"account": "x" * 2000})
    answer = cli("events", "schedule", "duetime.harvest", "--in", "1h", "--args", large)
    assert answer.code == 2
    assert "at most 1024 are allowed" in answer.err


def test_an_unknown_type_is_refused_with_the_nearest_unless_it_is_allowed(cli: Cli) -> None:
    answer = cli("events", "schedule", "divvy.stop_resorce", "--in", "1h")
    assert answer.code == 3
    assert "Did you mean divvy.stop_resource" in answer.err
    error = cli("events", "schedule", "divvy.stop_resorce", "--in", "1h", "--json").json["error"]
    assert error["near"][0] == "divvy.stop_resource"
    assert cli("events", "schedule", "divvy.stop_resorce", "--in", "1h", "--allow-unknown").code == 0


def test_a_list_is_narrowed_down(cli: Cli) -> None:
    first = schedule(cli)
    cli("events", "schedule", "divvy.stop_resource", "--resource", INSTANCE, "--in", "5m", "--description", "Night")
    third = schedule(cli, "--in", "2h")
    cli("events", "cancel", first)

    def ids(*arguments: object) -> list[int]:
        return [event["event_id"] for event in cli("events", "list", *arguments, "--json").json]

    assert ids() == [4, 3, 2, 1]
    assert ids("--status", "cancelled") == [first]
    assert ids("--status", "cancelled", "--status", "scheduled") == [4, 3, 2, 1]
    assert ids("--type", "divvy.stop_resource") == ids("--resource", INSTANCE) == ids("--text", "night") == [3]
    assert ids("--limit", 2) == [4, 3]
    assert ids("--limit", 2, "--before", 3) == [2, 1]
    assert ids("--next", "--limit", 2) == [3, third]
    assert ids("--text", "nothing like it") == []
    assert cli("events", "list", "--limit", 2).err == "There are more: add --before 3.\n"
    assert cli("events", "list", "--limit", 4).err == ""
    assert cli("events", "list", "--bot", "nobody").code == 3
    assert cli("events", "list", "--status", "sleeping").code == 2


def test_a_list_for_people_fits_80_columns_and_shows_times_with_their_offset(cli: Cli) -> None:
    resource = "instance:111111111111:eu-central-1:i-0123456789abcdef0:"
    cli("events", "schedule", "divvy.stop_resource", "--resource", resource, "--at", TOMORROW.isoformat())
    answer = cli("events", "list", "--type", "divvy.stop_resource")
    head, row = answer.out.splitlines()
    assert head.split() == ["id", "type", "status", "due", "resource"]
    assert row.split() == [
        "2",
        "divvy.stop_resource",
        "scheduled",
        *f"{TOMORROW:%Y-%m-%d %H:%M:%S}Z".split(),
        "i-0123456789abcdef0",
    ]
    assert max(map(len, answer.out.splitlines())) <= 80


def test_a_wider_terminal_is_used(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = cli("events", "list").out
    monkeypatch.setenv("COLUMNS", "160")
    assert len(cli("events", "list").out.splitlines()) < len(narrow.splitlines())


def test_an_event_is_shown_with_its_times_history_changes_and_reasons(cli: Cli) -> None:
    hourly = json.dumps({"_type": "periodic", "hours": 1})
    event_id = schedule(cli, "--schedule", hourly)
    cli("events", "pause", event_id, "--reason", "maintenance")
    shown = cli("events", "show", event_id, "--json").json
    assert shown["event_id"] == event_id
    assert shown["status"] == "paused"
    assert len(shown["next_times"]) == 5
    assert [entry["verb"] for entry in shown["audit"]] == ["event.pause", "event.schedule"]
    assert shown["audit"][0]["reason"] == "maintenance"
    assert shown["audit"][0]["actor"].startswith("cli:")
    assert shown["runs"] == []
    assert "it is paused" in shown["explanation"][0]
    assert shown["schedule_in_words"].startswith("every hour")
    words = cli("events", "show", event_id).words
    for part in ("every hour", "next times", "Why it did or did not run", "maintenance", "It has not run yet."):
        assert part in words


def test_an_event_that_has_ended_has_no_next_times(cli: Cli) -> None:
    event_id = schedule(cli)
    cli("events", "cancel", event_id)
    shown = cli("events", "show", event_id, "--json").json
    assert shown["next_times"] == []
    assert "cancelled" in shown["explanation"][0]


def test_the_verbs_steer_an_event(cli: Cli) -> None:
    event_id = schedule(cli)
    assert cli("events", "pause", event_id, "--json").json["status"] == "paused"
    assert cli("events", "resume", event_id, "--catch-up", "skip", "--json").json["catch_up"] == "skip"
    moved = cli("events", "reschedule", event_id, "--at", TOMORROW.isoformat(), "--json").json
    assert datetime.fromisoformat(moved["due_at"]) == TOMORROW
    assert "is scheduled, due at" in cli("events", "reschedule", event_id, "--in", "2d").words
    assert cli("events", "reschedule", event_id).code == 2
    now = cli("events", "run", event_id, "--json").json
    assert now["event_id"] == event_id
    assert datetime.fromisoformat(now["due_at"]) <= datetime.now(UTC)
    assert cli("events", "cancel", event_id).words == f"Event {event_id} is cancelled."
    again = cli("events", "run", event_id, "--json").json
    assert again["parent_id"] == event_id


def test_what_the_status_does_not_allow_is_a_conflict(cli: Cli) -> None:
    event_id = schedule(cli)
    cli("events", "cancel", event_id)
    for verb in (["pause"], ["resume"], ["cancel"], ["reschedule", "--in", "1h"]):
        answer = cli("events", verb[0], event_id, *verb[1:])
        assert answer.code == 4, verb
        assert f"Event {event_id} is cancelled and cannot be" in answer.err
    assert cli("events", "cancel", 999).code == 3


def test_a_held_event_is_resolved_with_a_reason(cli: Cli) -> None:
    event_id = schedule(cli)
    assert cli("events", "resolve", event_id, "--as", "failed", "--reason", "x").code == 4
    hold(event_id)
    assert "events resolve" in cli("events", "show", event_id).words
    assert cli("events", "resolve", event_id, "--as", "done", "--reason", "x").code == 2
    assert cli("events", "resolve", event_id, "--as", "succeeded").code == 2
    assert cli("events", "resolve", event_id, "--as", "succeeded", "--reason", " ").code == 2
    resolved = cli("events", "resolve", event_id, "--as", "succeeded", "--reason", "seen it", "--json").json
    assert resolved["status"] == "succeeded"
    assert "seen it" in resolved["status_reason"]


def test_types_are_listed_with_who_can_run_them(
    cli: Cli, plugin: Path, working: Callable[[], AbstractContextManager[Worker]]
) -> None:
    assert "greeter.greet" not in cli("events", "types").out
    with working():
        eventually(lambda: "greeter.greet" in cli("events", "types").out)
        cli("events", "schedule", "greeter.greet", "--in", "1h")
        types = {kind["event_type"]: kind for kind in cli("events", "types", "--json").json}
    assert (types["greeter.greet"]["plugin"], types["greeter.greet"]["scheduled"]) == ("greeter", 1)
    assert types["divvy.stop_resource"]["workers"] == 1
    assert types["divvy.stop_resource"]["timeout"] == 120.0


def test_an_event_runs_and_its_history_says_what_came_of_it(
    cli: Cli, plugin: Path, working: Callable[[], AbstractContextManager[Worker]]
) -> None:
    with working():
        eventually(lambda: "greeter.greet" in cli("events", "types").out)
        scheduled = cli("events", "schedule", "greeter.greet", "--args", '{"name": "Ada"}', "--in", "0s")
        assert "No worker is alive" not in scheduled.out
        eventually(lambda: cli("history", "list", "--json").json)
    (run,) = cli("history", "list", "--json").json
    assert (run["status"], run["result"], run["event_id"]) == ("succeeded", "Good morning, Ada.", 2)
    shown = cli("events", "show", 2)
    assert "It ran and succeeded." in shown.words
    assert "Good morning, Ada." in shown.words
