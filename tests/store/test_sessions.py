"""Worker sessions, and the running events of those that are no longer alive."""

from datetime import timedelta

import pytest
from tests.store.scene import STOP, Scene

from duetime.core.errors import SessionLost
from duetime.core.outcomes import Lost, Released
from duetime.core.statuses import EventStatus, RunStatus, Wish
from duetime.store.claim_table import Orphan
from duetime.store.finishing import FinishReport
from duetime.store.hot_path import Start
from duetime.store.session_table import WorkerSession
from duetime.testing.clock import ManualClock


def _beat(scene: Scene, session_id: int) -> None:
    with scene.store.write() as tx:
        tx.sessions.beat(session_id, event_types=[STOP], clock_offset_ms=7)


def _of(scene: Scene, session_id: int) -> WorkerSession:
    with scene.store.read() as tx:
        (session,) = (one for one in tx.sessions.latest() if one.session_id == session_id)
    return session


def _declare_lost(scene: Scene, session_id: int, *, beat_seen: int) -> bool:
    with scene.store.write() as tx:
        return tx.sessions.declare_lost(session_id, beat_seen=beat_seen)


def test_a_session_begins(scene: Scene) -> None:
    with scene.store.write() as tx:
        session_id = tx.sessions.open(worker="host:17", lease_seconds=30, slots=4, event_types=["b", "a"])
    assert _of(scene, session_id) == WorkerSession(
        session_id=session_id,
        worker="host:17",
        status="alive",
        beat=0,
        lease_seconds=30,
        slots=4,
        started_at=scene.now,
        beat_at=scene.now,
        ended_at=None,
        clock_offset_ms=0,
        event_types=("a", "b"),
    )


def test_a_beat_is_counted(scene: Scene, clock: ManualClock) -> None:
    session_id = scene.session()
    clock.move_to(clock.now() + timedelta(seconds=9))
    _beat(scene, session_id)
    _beat(scene, session_id)
    session = _of(scene, session_id)
    assert (session.beat, session.beat_at, session.clock_offset_ms) == (2, scene.now, 7)
    assert session.event_types == (STOP,)


def test_it_is_lost_only_if_it_has_not_beaten_since(scene: Scene) -> None:
    session_id = scene.session()
    _beat(scene, session_id)
    assert not _declare_lost(scene, session_id, beat_seen=0)
    assert _of(scene, session_id).status == "alive"
    assert _declare_lost(scene, session_id, beat_seen=1)
    session = _of(scene, session_id)
    assert (session.status, session.ended_at) == ("lost", scene.now)
    assert not _declare_lost(scene, session_id, beat_seen=1)


def test_a_lost_session_never_beats_again(scene: Scene) -> None:
    session_id = scene.session()
    scene.lose(session_id)
    with pytest.raises(SessionLost, match=f"session {session_id} "):
        _beat(scene, session_id)
    assert _of(scene, session_id).beat == 0


def test_a_session_that_said_goodbye_is_over(scene: Scene) -> None:
    session_id = scene.session()
    with scene.store.write() as tx:
        tx.sessions.stop(session_id)
    assert _of(scene, session_id).status == "stopped"
    assert not _declare_lost(scene, session_id, beat_seen=0)
    with pytest.raises(SessionLost):
        _beat(scene, session_id)


def test_stopping_a_lost_session_leaves_it_lost(scene: Scene) -> None:
    session_id = scene.session()
    scene.lose(session_id)
    with scene.store.write() as tx:
        tx.sessions.stop(session_id)
    assert _of(scene, session_id).status == "lost"


def test_the_living_and_the_latest(scene: Scene) -> None:
    first, second, third = (scene.session() for _ in range(3))
    scene.lose(second)
    with scene.store.read() as tx:
        assert [session.session_id for session in tx.sessions.alive()] == [third, first]
        assert [session.session_id for session in tx.sessions.latest(most=2)] == [third, second]


def _orphans(scene: Scene, *, most: int = 100) -> list[Orphan]:
    with scene.store.read() as tx:
        return tx.claims.orphans(most=most)


def test_orphans_are_what_sessions_left_running(scene: Scene) -> None:
    lost, stopped, alive = (scene.session() for _ in range(3))
    started = scene.claim_one(lost, schedule=scene.hourly(), args_text='{"x":1}', group_key=5)
    with scene.store.write() as tx:
        tx.claims.start([Start(started.event_id, started.token, scene.now)])
        tx.verbs.pause(started.event_id, actor="tester")
    ended = scene.claim_one(lost)
    scene.end(ended)
    left = scene.claim_one(stopped)
    scene.claim_one(alive)
    assert _orphans(scene) == []
    scene.lose(lost)
    with scene.store.write() as tx:
        tx.sessions.stop(stopped)
    assert _orphans(scene) == [
        Orphan(started, lost, scene.now, Wish.PAUSE),
        Orphan(left, stopped, None, None),
    ]
    assert [orphan.claim.event_id for orphan in _orphans(scene, most=1)] == [started.event_id]


def test_a_rescue_ends_the_attempt_and_fences_the_worker_off(scene: Scene) -> None:
    session_id = scene.session()
    claim = scene.claim_one(session_id)
    late = scene.ending(claim)
    scene.lose(session_id)
    (orphan,) = _orphans(scene)
    event = scene.end(orphan.claim, Lost())
    assert event.status is EventStatus.SCHEDULED
    assert _orphans(scene) == []
    assert scene.finish(late) == FinishReport(stale=[late])
    assert [run.status for run in scene.runs(claim.event_id)] == [RunStatus.LOST]
    assert [run.session_id for run in scene.runs(claim.event_id)] == [session_id]


def test_of_two_rescuers_one_rescues(scene: Scene) -> None:
    session_id = scene.session()
    claim = scene.claim_one(session_id)
    scene.lose(session_id)
    first, second = scene.ending(claim, Released("first")), scene.ending(claim, Released("second"))
    assert scene.finish(first).written == [first]
    assert scene.finish(second).stale == [second]


def test_a_worker_finds_what_it_holds_and_does_not_know(scene: Scene) -> None:
    session_id = scene.session()
    known, unknown = scene.claim_one(session_id), scene.claim_one(session_id)
    scene.claim_one()
    with scene.store.read() as tx:
        assert [orphan.claim for orphan in tx.claims.held_by(session_id, besides=[known.event_id])] == [unknown]
        assert len(tx.claims.held_by(session_id, besides=[])) == 2


def test_wishes_reach_the_session_that_runs_the_event(scene: Scene) -> None:
    mine, others = scene.session(), scene.session()
    paused, cancelled = scene.claim_one(mine), scene.claim_one(mine)
    foreign = scene.claim_one(others)
    scene.claim_one(mine)
    with scene.store.write() as tx:
        tx.verbs.pause(paused.event_id, actor="tester")
        tx.verbs.cancel(cancelled.event_id, actor="tester")
        tx.verbs.cancel(foreign.event_id, actor="tester")
    with scene.store.read() as tx:
        assert tx.claims.wishes(mine) == {paused.event_id: Wish.PAUSE, cancelled.event_id: Wish.CANCEL}
        assert tx.claims.wish_of(paused.event_id, token=paused.token) == (True, Wish.PAUSE)
        assert tx.claims.wish_of(paused.event_id, token=paused.token + 1) == (False, None)


def test_pruning_takes_old_sessions_that_ended_and_hold_nothing(scene: Scene, clock: ManualClock) -> None:
    stopped, lost, holding, alive = (scene.session() for _ in range(4))
    scene.claim_one(holding)
    with scene.store.write() as tx:
        tx.sessions.stop(stopped)
    scene.lose(lost)
    scene.lose(holding)
    clock.move_to(clock.now() + timedelta(days=1))
    young = scene.session()
    with scene.store.write() as tx:
        tx.sessions.stop(young)
    before = clock.now() - timedelta(hours=1)
    with scene.store.write() as tx:
        assert [tx.sessions.prune(before=before, most=1) for _ in range(3)] == [1, 1, 0]
        assert [session.session_id for session in tx.sessions.latest()] == [young, alive, holding]
