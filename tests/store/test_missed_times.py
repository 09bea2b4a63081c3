"""Missed times of a recurring event: one history row, written with the step that passes over them."""

from datetime import timedelta

from tests.store.scene import HOUR, Scene, fenced_off

from duetime.core.claims import Claim, MissedTimes
from duetime.core.statuses import EventStatus, RunStatus

REASON = "missed (latest applies): no worker with a handler was running"


def _advance(scene: Scene, claim: Claim, *, session_id: int = 1) -> bool:
    missed = MissedTimes(claim.due_at, claim.due_at + 2 * HOUR, 3, REASON)
    with scene.store.write() as tx:
        return tx.claims.advance(
            claim, due_at=claim.due_at + 3 * HOUR, missed=[missed], session_id=session_id, now=scene.now
        )


def test_a_claim_moves_on_to_the_time_that_shall_run(scene: Scene) -> None:
    claim = scene.claim_one(schedule=scene.hourly(), due_at=scene.now - 4 * HOUR)
    scene.sql("UPDATE events SET attempt = 2, failures = 1")
    assert _advance(scene, claim._replace(attempt=2, failures=1), session_id=77)
    event = scene.event(claim.event_id)
    assert event.status is EventStatus.RUNNING
    assert event.due_at == claim.due_at + 3 * HOUR
    assert (event.attempt, event.failures, event.claim_token) == (1, 0, claim.token)
    (run,) = scene.runs(claim.event_id)
    assert (run.due_at, run.covers_until, run.covers_count) == (claim.due_at, claim.due_at + 2 * HOUR, 3)
    assert (run.status, run.final, run.attempt, run.session_id) == (RunStatus.SKIPPED, True, 2, 77)
    assert (run.reason, run.started_at, run.finished_at) == (REASON, None, scene.now)
    moved = claim._replace(due_at=event.due_at, attempt=1)
    assert scene.end(moved).status is EventStatus.SCHEDULED
    assert [run.due_at for run in scene.runs(claim.event_id)] == [claim.due_at, claim.due_at + 3 * HOUR]


def test_a_stale_claim_moves_nothing(scene: Scene) -> None:
    claim = fenced_off(scene.claim_one(schedule=scene.hourly()))
    before = scene.event(claim.event_id)
    assert not _advance(scene, claim)
    assert scene.event(claim.event_id) == before
    assert scene.runs(claim.event_id) == []


def test_missed_times_are_recorded_beside_a_step_without_a_run(scene: Scene) -> None:
    """As `skip` does: the event goes to its next due time, and the row says what was passed over."""
    claim = scene.claim_one(schedule=scene.hourly())
    ending = scene.ending(claim)
    next_due = claim.due_at + HOUR
    ending = ending._replace(
        step=ending.step._replace(run_status=None, final=False, due_at=next_due, ready_at=next_due, attempt=0)
    )
    missed = MissedTimes(claim.due_at, claim.due_at, 1, "missed (skip applies)")
    with scene.store.write() as tx:
        assert tx.claims.finish([ending]) == {claim.event_id}
        tx.claims.record_missed(claim, missed=[missed], session_id=1, now=scene.now + timedelta(seconds=1))
    assert scene.event(claim.event_id).due_at == next_due
    (run,) = scene.runs(claim.event_id)
    assert (run.due_at, run.covers_count, run.reason) == (claim.due_at, 1, "missed (skip applies)")
