"""The fence before a job is called, for types that must know after a crash whether it was."""

from tests.store.scene import Scene, fenced_off

from duetime.store.hot_path import Start


def _start(scene: Scene, *starts: Start) -> set[int]:
    with scene.store.write() as tx:
        return tx.claims.start(starts)


def test_starts_are_written_and_named(scene: Scene) -> None:
    claims = [scene.claim_one() for _ in range(3)]
    started = _start(scene, *(Start(claim.event_id, claim.token, scene.now) for claim in claims))
    assert started == {claim.event_id for claim in claims}
    assert {scene.event(claim.event_id).started_at for claim in claims} == {scene.now}


def test_a_stale_claim_does_not_start_and_its_neighbours_do(scene: Scene) -> None:
    mine, stale = scene.claim_one(), fenced_off(scene.claim_one())
    started = _start(scene, *(Start(claim.event_id, claim.token, scene.now) for claim in (stale, mine)))
    assert started == {mine.event_id}
    assert scene.event(stale.event_id).started_at is None


def test_an_event_that_has_ended_does_not_start(scene: Scene) -> None:
    claim = scene.claim_one()
    scene.end(claim)
    assert _start(scene, Start(claim.event_id, claim.token, scene.now)) == set()


def test_no_starts_are_no_starts(scene: Scene) -> None:
    assert _start(scene) == set()


def test_the_next_claim_has_not_started(scene: Scene) -> None:
    claim = scene.claim_one(schedule=scene.hourly())
    _start(scene, Start(claim.event_id, claim.token, scene.now))
    scene.end(claim)
    scene.sql("UPDATE events SET ready_at = created_at")
    scene.claim()
    assert scene.event(claim.event_id).started_at is None
