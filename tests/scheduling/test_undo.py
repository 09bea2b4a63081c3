"""Undoing a run, in the Lab: what the run's job wrote down becomes an event of its own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.store.scene import Scene

from duetime.core.errors import CannotUndo, UnknownEventType, UnknownName
from duetime.core.event_types import EventType
from duetime.core.events import Event, Run
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus
from duetime.scheduling.client import Client
from duetime.scheduling.undo import undo_run
from duetime.store.note_table import NewNote
from duetime.store.store import Store
from duetime.testing.lab import Lab

STOP, START = "divvy.stop_resource", "divvy.start_resource"


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=datetime(2026, 3, 2, 19, tzinfo=UTC)) as lab:
        yield lab


def done(lab: Lab, resource: Resource, event_type: str = STOP, **args: Any) -> Run:
    """Run an event of this type for a resource; return its last run."""
    lab.harvest()
    event = lab.client.schedule(event_type, lab.now, resource_id=resource.resource_id, args=args)
    lab.settle()
    return lab.runs(event_id=event.event_id)[-1]


def undo(lab: Lab, run: Run, **parts: Any) -> Event:
    return undo_run(lab.client, run.run_id, **parts).event


def state(lab: Lab, resource: Resource) -> str | None:
    now = lab.cloud.get(resource)
    return now.state if now else None


def test_an_undo_is_an_event_of_its_own(lab: Lab) -> None:
    one = lab.cloud.add()
    run = done(lab, one)
    event = undo(lab, run, actor="ada", reason="needed after all")
    assert (event.event_type, event.resource_id, event.parent_id) == (START, one.resource_id, run.event_id)
    assert (event.due_at, event.created_by, event.bot_id) == (lab.now, "ada", None)
    assert event.description == f"undoes {STOP} of run {run.run_id}"
    lab.settle()
    assert state(lab, one) == "running"
    assert lab.client.get(event.event_id).status is EventStatus.SUCCEEDED
    with lab.app.store.read() as tx:
        (entry,) = tx.audit.about(f"event:{event.event_id}")
        assert tx.notes.undone_runs([event.event_id]) == {event.event_id: run.run_id}
        assert tx.notes.undoing_events([run.event_id]) == {run.run_id: event.event_id}
    assert (entry.actor, entry.verb, entry.reason) == ("ada", "event.undo", "needed after all")


def test_former_values_come_back(lab: Lab) -> None:
    one = lab.cloud.add(tags={"env": "dev", "keep": "1"})
    run = done(lab, one, "duetime.tag", tags={"env": "prod", "new": "x"})
    assert undo(lab, run).args == {"tags": {"env": "dev"}, "absent": ["new"]}
    lab.settle()
    assert lab.cloud.get(one) == one


def test_it_says_what_has_changed_the_resource_since(lab: Lab) -> None:
    one, other = lab.cloud.add(tags={"env": "dev"}), lab.cloud.add()
    run = done(lab, one, "duetime.tag", tags={"env": "prod"})
    lab.advance(hours=1)
    done(lab, other, "duetime.tag", tags={"env": "prod"})
    taken_back = done(lab, one, "duetime.tag", tags={"env": "gone"})
    undo(lab, taken_back)
    lab.settle()
    assert undo_run(lab.client, run.run_id, when=lab.now + timedelta(days=1)).later == ()
    lab.advance(hours=1)
    newer = done(lab, one, "duetime.tag", tags={"env": "test"})
    assert done(lab, other).resource_id == other.resource_id
    undone = undo_run(lab.client, run.run_id)
    assert (undone.later, undone.is_new) == ((newer.run_id,), False)
    assert undo_run(lab.client, newer.run_id).later == ()


def test_it_may_be_due_later(lab: Lab) -> None:
    one = lab.cloud.add()
    event = undo(lab, done(lab, one), when=lab.now + timedelta(hours=12))
    lab.advance(hours=11)
    assert state(lab, one) == "stopped"
    lab.advance(hours=1)
    assert state(lab, one) == "running"
    assert lab.client.get(event.event_id).status is EventStatus.SUCCEEDED


def test_asking_twice_does_not_undo_twice(lab: Lab) -> None:
    one = lab.cloud.add()
    run = done(lab, one)
    first = undo_run(lab.client, run.run_id)
    second = undo_run(lab.client, run.run_id)
    assert (first.is_new, second.is_new) == (True, False)
    assert first.event.event_id == second.event.event_id
    lab.settle()
    (own,) = lab.runs(event_id=first.event.event_id)
    with pytest.raises(CannotUndo, match=f"has undone it already.*duetime history undo {own.run_id}"):
        undo(lab, run)
    assert undo(lab, own).event_type == STOP


def test_an_undo_that_came_to_nothing_may_be_asked_for_again(lab: Lab) -> None:
    one = lab.cloud.add()
    run = done(lab, one)
    first = undo(lab, run, when=lab.now + timedelta(hours=1))
    lab.client.cancel(first.event_id)
    second = undo_run(lab.client, run.run_id)
    assert second.is_new
    lab.settle()
    assert state(lab, one) == "running"
    with lab.app.store.read() as tx:
        assert tx.notes.undoing_events([run.event_id]) == {run.run_id: second.event.event_id}


def test_each_due_time_of_a_recurring_event_is_undone_alone(lab: Lab) -> None:
    one = lab.cloud.add(tags={"day": "0"})
    lab.harvest()
    event = lab.client.schedule(
        "duetime.tag", {"_type": "periodic", "hours": 24}, resource_id=one.resource_id, args={"tags": {"day": "new"}}
    )
    lab.advance(hours=24)
    lab.cloud.set_tags(one, {"day": "1"})
    lab.advance(hours=24)
    first, second = lab.runs(event_id=event.event_id)[:2]
    assert undo(lab, first).args["tags"] == {"day": "0"}
    assert undo(lab, second).args["tags"] == {"day": "1"}


def test_what_did_not_succeed_is_refused(lab: Lab) -> None:
    one = lab.cloud.add()
    lab.cloud.faults.refuse(one)
    with pytest.raises(CannotUndo, match="it ended as 'failed'"):
        undo(lab, done(lab, one))


@pytest.mark.parametrize("event_type", ["duetime.reboot", "duetime.delete", "duetime.snapshot_then_delete"])
def test_what_is_irreversible_is_refused(lab: Lab, event_type: str) -> None:
    with pytest.raises(CannotUndo, match=f"{event_type} is irreversible"):
        undo(lab, done(lab, lab.cloud.add(), event_type))


def test_what_changed_nothing_is_refused(lab: Lab) -> None:
    with pytest.raises(CannotUndo, match="it changed nothing"):
        undo(lab, done(lab, lab.cloud.add(state="stopped")))


def test_what_is_irreversible_for_this_type_of_resource_is_refused(lab: Lab) -> None:
    run = done(lab, lab.cloud.add())
    _rewrite(lab, run, {"operation": "stop", "undo": None})
    with pytest.raises(CannotUndo, match="for this type of resource it is irreversible"):
        undo(lab, run)


def test_what_nobody_knows_any_more_is_refused(lab: Lab) -> None:
    run = done(lab, lab.cloud.add())
    _rewrite(lab, run, None)
    with pytest.raises(CannotUndo, match="the note is gone"):
        undo(lab, run)


def test_the_note_of_a_plugins_job_may_leave_the_type_to_its_inverse(lab: Lab) -> None:
    run = done(lab, lab.cloud.add())
    _rewrite(lab, run, {"undo": {"args": {}}})
    assert undo(lab, run).event_type == START


def test_an_inverse_that_nobody_has_brought_is_refused(lab: Lab) -> None:
    run = done(lab, lab.cloud.add())
    _rewrite(lab, run, {"undo": {"event_type": "plugin.unstop", "args": {}}})
    with pytest.raises(UnknownEventType, match=r"plugin\.unstop"):
        undo(lab, run)
    with pytest.raises(UnknownName, match="run"):
        undo_run(lab.client, "nonsense")
    assert len(lab.events()) == 1


def test_pruning_takes_the_notes_of_pruned_runs(lab: Lab) -> None:
    old = done(lab, lab.cloud.add())
    lab.advance(hours=48)
    young = done(lab, lab.cloud.add())
    lab.client.schedule("duetime.prune", lab.now, args={"days": 1})
    lab.settle()
    with lab.app.store.read() as tx:
        kept = tx.notes.read([(run.event_id, run.due_at) for run in (old, young)])
    assert set(kept) == {young.event_id}


def test_two_who_ask_at_once_get_one_event(store: Store) -> None:
    """On both databases: the second waits for the first, and finds what it has scheduled."""
    scene = Scene(store)
    with store.write() as tx:
        tx.event_types.publish([EventType(STOP, plugin="p", inverse=START), EventType(START, plugin="p")])
    claim = scene.claim_one(event_type=STOP)
    with store.write() as tx:
        tx.notes.write([NewNote(claim.event_id, claim.token, claim.due_at, {"undo": {"args": {}}})])
    scene.end(claim)
    (run,) = scene.runs(claim.event_id)
    client = Client(store)
    with ThreadPoolExecutor(4) as pool:
        asked = list(pool.map(lambda _: undo_run(client, run.run_id), range(4)))
    assert len({undo.event.event_id for undo in asked}) == 1
    assert sorted(undo.is_new for undo in asked) == [False, False, False, True]
    assert len(scene.ids()) == 2


def _rewrite(lab: Lab, run: Run, note: Any) -> None:
    """Put another note, or none, in place of the one that the run left."""
    from sqlalchemy import delete

    from duetime.store.tables import notes

    with lab.app.store.write() as tx:
        if note is None:
            tx.notes._connection.execute(delete(notes).where(notes.c.event_id == run.event_id))
        else:
            token = lab.client.get(run.event_id).claim_token
            tx.notes.write([NewNote(run.event_id, token, run.due_at, note)])
