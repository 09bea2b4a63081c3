"""`duetime history undo`, and what `history list` and `events show` say of it, on a lab's own database."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.cli.conftest import Answer, Cli

from duetime.core.events import Run
from duetime.testing.lab import Lab


@pytest.fixture
def lab(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lab]:
    """Return a lab whose database the command line works on."""
    with Lab(now=datetime(2026, 3, 2, 19, tzinfo=UTC)) as lab:
        monkeypatch.setenv("DUETIME_DATABASE_URL", lab.app.store.url.render_as_string())
        yield lab


@pytest.fixture
def stopped(lab: Lab) -> Run:
    """Return a run that stopped an instance."""
    one = lab.cloud.add()
    lab.harvest()
    event = lab.client.schedule("divvy.stop_resource", lab.now, resource_id=one.resource_id)
    lab.settle()
    (run,) = lab.runs(event_id=event.event_id)
    return run


def undo(cli: Cli, run: Run, *options: object) -> Answer:
    return cli("history", "undo", run.run_id, *options)


def test_a_run_is_undone_and_everything_says_so(cli: Cli, lab: Lab, stopped: Run) -> None:
    assert f"Undo it: `duetime history undo {stopped.run_id}`." in cli("events", "show", stopped.event_id).words
    answer = undo(cli, stopped, "--reason", "needed")
    assert answer.code == 0
    (event,) = lab.events(event_type="divvy.start_resource")
    said = f"Event {event.event_id} (divvy.start_resource) is scheduled to undo run {stopped.run_id}, due at"
    assert said in answer.words
    assert event.created_by.startswith("cli:")
    lab.settle()
    assert [resource.state for resource in lab.cloud.resources()] == ["running"]

    shown = cli("events", "show", event.event_id)
    assert f"undoes run {stopped.run_id}" in shown.words
    assert "needed" in shown.words
    assert "Undo it:" not in cli("events", "show", stopped.event_id).words, "it is being undone"
    assert f"undone by event {event.event_id} (run {stopped.run_id})" in cli("events", "show", stopped.event_id).words
    listed = "".join(cli("history", "list").out.split())  # a run's name is folded where the terminal is narrow
    assert f"undoesrun{stopped.run_id}" in listed
    assert f"undonebyevent{event.event_id}" in listed

    newest, oldest = cli("history", "list", "--json").json
    assert (newest["undoes"], newest["undone_by"]) == (stopped.run_id, None)
    assert (oldest["undoes"], oldest["undone_by"]) == (None, event.event_id)
    assert cli("events", "show", event.event_id, "--json").json["undoes"] == stopped.run_id
    assert cli("events", "show", stopped.event_id, "--json").json["undone_by"] == {stopped.run_id: event.event_id}


def test_a_second_undo_names_the_first(cli: Cli, lab: Lab, stopped: Run) -> None:
    first = undo(cli, stopped, "--in", "1h", "--json").json
    assert (first["is_new"], first["undoes"], first["status"]) == (True, stopped.run_id, "scheduled")
    second = undo(cli, stopped, "--json").json
    assert (second["is_new"], second["event_id"]) == (False, first["event_id"])
    assert "was scheduled before to undo" in undo(cli, stopped).words
    lab.advance(hours=1)
    refused = undo(cli, stopped)
    assert refused.code == 4
    assert f"event {first['event_id']} has undone it already" in refused.err


def test_what_has_changed_since_is_said(cli: Cli, lab: Lab, stopped: Run) -> None:
    lab.advance(minutes=1)
    event = lab.client.schedule("duetime.tag", lab.now, resource_id=stopped.resource_id, args={"tags": {"env": "dev"}})
    lab.settle()
    (newer,) = lab.runs(event_id=event.event_id)
    answer = undo(cli, stopped)
    assert f"changed since, by {newer.run_id}: it goes back to before that too" in answer.words
    assert "duetime events cancel" in answer.words
    assert undo(cli, stopped, "--json").json["later"] == [newer.run_id]


def test_it_may_be_told_when(cli: Cli, lab: Lab, stopped: Run) -> None:
    event = undo(cli, stopped, "--at", "2026-03-03T08:00:00+01:00", "--json").json
    assert event["due_at"] == "2026-03-03T07:00:00+00:00"
    assert undo(cli, stopped, "--at", "2026-03-03T08:00:00Z", "--in", "1h").code == 2


def test_what_cannot_be_undone_says_why(cli: Cli, lab: Lab) -> None:
    one = lab.cloud.add()
    lab.harvest()
    event = lab.client.schedule("duetime.reboot", lab.now, resource_id=one.resource_id)
    lab.settle()
    (run,) = lab.runs(event_id=event.event_id)
    refused = undo(cli, run)
    assert (refused.code, refused.err) == (
        4,
        f"Error: Run {run.run_id} cannot be undone: duetime.reboot is irreversible.\n",
    )
    assert json.loads(undo(cli, run, "--json").out)["error"]["type"] == "CannotUndo"
    assert cli("history", "undo", "17/2026-01-31T19:00:00Z/1").code == 3
    assert cli("history", "undo", "nonsense").code == 3
