"""Notes of jobs, on both databases: fenced by their claims, kept as long as their runs."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError
from tests.store.scene import HOUR, INSTANCE, MINUTE, START, STOP, Scene, fenced_off

from duetime.core.claims import Claim
from duetime.core.errors import StaleClaim
from duetime.core.events import run_id_of
from duetime.core.outcomes import Failed, Snoozed
from duetime.store.note_table import NewNote
from duetime.testing.clock import ManualClock

NOTE: dict[str, Any] = {"operation": "stop", "undo": {"args": {"tags": {"ö": "💾"}}}}


def write(scene: Scene, *claims: Claim, **note: Any) -> None:
    with scene.store.write() as tx:
        tx.notes.write([NewNote(claim.event_id, claim.token, claim.due_at, note or NOTE) for claim in claims])


def read(scene: Scene, *claims: Claim) -> dict[int, Any]:
    with scene.store.read() as tx:
        return dict(tx.notes.read([(claim.event_id, claim.due_at) for claim in claims]))


def prune(scene: Scene, *, most: int = 100) -> int:
    with scene.store.write() as tx:
        return tx.notes.prune(before=scene.now - HOUR, most=most)


def test_a_note_is_read_as_it_was_written_and_the_last_one_stands(scene: Scene) -> None:
    claim, other = scene.claim_one(), scene.claim_one()
    write(scene, claim)
    assert read(scene, claim, other) == {claim.event_id: NOTE}
    write(scene, claim, other, step=2)
    assert read(scene, claim, other) == {claim.event_id: {"step": 2}, other.event_id: {"step": 2}}


def test_a_stale_claim_writes_nothing_and_neither_do_those_beside_it(scene: Scene) -> None:
    good, stale = scene.claim_one(), scene.claim_one()
    with pytest.raises(StaleClaim, match=f"event {stale.event_id} "):
        write(scene, good, fenced_off(stale))
    assert read(scene, good, stale) == {}


@pytest.mark.parametrize("outcome", [None, Failed("no", retry=False)])
def test_a_claim_that_has_ended_writes_nothing(scene: Scene, outcome: Any) -> None:
    claim = scene.claim_one()
    scene.end(claim, outcome)
    with pytest.raises(StaleClaim):
        write(scene, claim)
    assert read(scene, claim) == {}


def test_the_next_attempt_finds_the_note_and_may_go_on_with_it(scene: Scene) -> None:
    first = scene.claim_one()
    write(scene, first)
    scene.end(first, Snoozed(scene.now))
    (second,) = scene.claim()
    assert second.token > first.token
    assert read(scene, second) == {first.event_id: NOTE}
    write(scene, second, step=2)
    with pytest.raises(StaleClaim):
        write(scene, first, step=3)
    assert read(scene, second) == {first.event_id: {"step": 2}}


def test_each_due_time_of_a_recurring_event_has_a_note_of_its_own(scene: Scene, clock: ManualClock) -> None:
    event_id = scene.add_hourly()
    (first,) = scene.claim()
    write(scene, first)
    scene.end(first)
    clock.move_to(clock.now() + HOUR)
    with scene.store.read() as tx:
        later = tx.events.get(event_id).due_at
        assert later > first.due_at
        assert tx.notes.read([(event_id, later)]) == {}
        assert tx.notes.read([(event_id, first.due_at)]) == {event_id: NOTE}


@pytest.mark.postgres
def test_nobody_takes_a_claim_away_between_the_fence_and_the_note(postgresql_scene: Scene) -> None:
    scene = postgresql_scene
    claim = scene.claim_one()
    with scene.store.write() as tx:
        tx.notes.write([NewNote(claim.event_id, claim.token, claim.due_at, NOTE)])
        with scene.store.engine.connect() as other, pytest.raises(OperationalError, match="could not obtain lock"):
            other.exec_driver_sql(f"SELECT 1 FROM events WHERE event_id = {claim.event_id} FOR UPDATE NOWAIT")


def test_what_is_no_plain_json_is_refused(scene: Scene) -> None:
    claim = scene.claim_one()
    with pytest.raises(TypeError):
        write(scene, claim, when=scene.now)
    with pytest.raises(ValueError, match="JSON"):
        write(scene, claim, size=float("nan"))
    assert read(scene, claim) == {}


def test_no_events_have_no_notes(scene: Scene) -> None:
    assert read(scene) == {}
    write(scene)


def test_who_undoes_whom_is_found_from_both_sides(scene: Scene) -> None:
    claim = scene.claim_one()
    write(scene, claim)
    run_id = run_id_of(claim.event_id, claim.due_at, claim.attempt)
    scene.end(claim)
    with scene.store.write() as tx:
        note = tx.notes.locked(claim.event_id, due_at=claim.due_at)
        assert note is not None
        assert (note.note, note.undone_by) == (NOTE, None)
        assert tx.notes.undoing_events([claim.event_id]) == {}
        tx.notes.mark_undone(claim.event_id, due_at=claim.due_at, by=77)
    with scene.store.write() as tx:
        assert tx.notes.undone_runs([76, 77]) == {77: run_id}
        assert tx.notes.undoing_events([claim.event_id]) == {run_id: 77}
        assert tx.notes.locked(claim.event_id, due_at=claim.due_at + MINUTE) is None


def test_the_notes_of_a_resource_are_those_of_its_runs_that_succeeded(scene: Scene, clock: ManualClock) -> None:
    claims = [scene.claim_one(resource_id=INSTANCE) for _ in range(3)]
    claims.append(scene.claim_one(resource_id=INSTANCE, event_type=START))
    claims.append(scene.claim_one(resource_id="volume:10:us-east-1:vol-1:"))
    for number, claim in enumerate(claims):
        with scene.store.write() as tx:
            new = NewNote(claim.event_id, claim.token, claim.due_at, {"n": number}, claim.resource_id)
            tx.notes.write([new])
        scene.end(claim, Failed("no", retry=False) if number == 1 else None)
        clock.move_to(clock.now() + MINUTE)
    with scene.store.read() as tx:
        found = tx.notes.of_resource(INSTANCE, event_types=[STOP])
        assert [(one.event_id, one.event_type, one.note["n"]) for one in found] == [
            (claims[2].event_id, STOP, 2),
            (claims[0].event_id, STOP, 0),
        ]
        assert [one.note["n"] for one in tx.notes.of_resource(INSTANCE, event_types=[STOP, START], most=2)] == [3, 2]
        assert tx.notes.of_resource("volume:10:us-east-1:vol-2:", event_types=[STOP]) == []


def test_what_changed_a_resource_later_is_told_unless_it_was_undone(scene: Scene, clock: ManualClock) -> None:
    began = scene.now
    claims = [scene.claim_one(resource_id=INSTANCE) for _ in range(5)]
    claims.append(scene.claim_one(resource_id="volume:10:us-east-1:vol-1:"))
    for number, claim in enumerate(claims):
        clock.move_to(clock.now() + MINUTE)
        with scene.store.write() as tx:
            tx.notes.write([NewNote(claim.event_id, claim.token, claim.due_at, {"n": number}, claim.resource_id)])
        scene.end(claim, Failed("no", retry=False) if number == 1 else None)
    with scene.store.write() as tx:
        tx.notes.mark_undone(claims[2].event_id, due_at=claims[2].due_at, by=claims[3].event_id)
    with scene.store.read() as tx:
        later = tx.notes.later_runs(INSTANCE, than=began)
        assert [int(name.partition("/")[0]) for name in later] == [claims[4].event_id, claims[0].event_id]
        assert tx.notes.later_runs(INSTANCE, than=began, most=1) == later[:1]
        assert tx.notes.later_runs(INSTANCE, than=began + MINUTE) == later[:1]


def test_notes_go_when_their_runs_have_gone(scene: Scene, clock: ManualClock) -> None:
    ended, live = scene.claim_one(), scene.claim_one()
    write(scene, ended, live)
    scene.end(ended)
    clock.move_to(clock.now() + 2 * HOUR)
    young = scene.claim_one(due_at=scene.now - 3 * HOUR)
    write(scene, young)
    scene.sql("DELETE FROM events WHERE event_id = :id", id=young.event_id)
    assert prune(scene) == 0
    scene.sql("DELETE FROM runs")
    assert prune(scene) == 1
    assert set(read(scene, ended, live, young)) == {live.event_id, young.event_id}
    clock.move_to(clock.now() + timedelta(days=1))
    assert prune(scene) == 1
    assert set(read(scene, ended, live, young)) == {live.event_id}


def test_pruning_goes_in_small_steps(scene: Scene, clock: ManualClock) -> None:
    claims = [scene.claim_one() for _ in range(3)]
    write(scene, *claims)
    scene.sql("DELETE FROM events")
    clock.move_to(clock.now() + 2 * HOUR)
    assert [prune(scene, most=2), prune(scene, most=2), prune(scene, most=2)] == [2, 1, 0]
