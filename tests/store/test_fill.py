"""Filling groups: further due members of a claimed group, in the same transaction."""

import pytest
from tests.store.scene import HOUR, START, STOP, Scene

from duetime.core.claims import Claim
from duetime.core.statuses import EventStatus
from duetime.store.hot_path import Probe
from duetime.store.store import Store


def _fill(scene: Scene, *probes: Probe, session_id: int | None = None) -> list[Claim]:
    session_id = session_id or scene.session()
    with scene.store.write() as tx:
        return tx.claims.fill(session_id=session_id, probes=probes)


def test_due_members_join_up_to_the_room_there_is(scene: Scene) -> None:
    members = [scene.add(group_key=5, due_at=scene.now - (9 - number) * HOUR) for number in range(5)]
    claims = _fill(scene, Probe(STOP, 5, 3))
    assert sorted(claim.event_id for claim in claims) == members[:3]
    assert {claim.token for claim in claims} == {1}
    assert scene.event(members[3]).status is EventStatus.SCHEDULED


def test_several_groups_are_filled_at_once(scene: Scene) -> None:
    five = [scene.add(group_key=5) for _ in range(2)]
    six = [scene.add(group_key=-6) for _ in range(2)]
    claims = _fill(scene, Probe(STOP, 5, 9), Probe(STOP, -6, 1))
    assert sorted(claim.event_id for claim in claims) == sorted([*five, six[0]])


def test_no_other_group_type_or_time_is_touched(scene: Scene) -> None:
    scene.add(group_key=6)
    scene.add(group_key=None)
    scene.add(group_key=5, event_type=START)
    scene.add(group_key=5, due_at=scene.now + HOUR)
    scene.claim_one(group_key=5, event_type="other")
    assert _fill(scene, Probe(STOP, 5, 9)) == []


def test_nothing_to_fill_is_nothing_done(scene: Scene) -> None:
    scene.add(group_key=5)
    assert _fill(scene) == []


@pytest.mark.postgres
def test_a_second_worker_passes_over_what_the_first_is_taking(postgresql_store: Store) -> None:
    scene = Scene(postgresql_store)
    members = [scene.add(group_key=5) for _ in range(4)]
    first, second = scene.session(), scene.session()
    with scene.store.write() as tx:
        mine = tx.claims.fill(session_id=first, probes=[Probe(STOP, 5, 2)])
        with Store(postgresql_store.url.render_as_string(), busy_seconds=0.2) as other, other.write() as tx_of_other:
            theirs = tx_of_other.claims.fill(session_id=second, probes=[Probe(STOP, 5, 9)])
    assert {claim.event_id for claim in mine} == set(members[:2])
    assert {claim.event_id for claim in theirs} == set(members[2:])


def test_a_lost_session_fills_nothing(scene: Scene) -> None:
    scene.add(group_key=5)
    session_id = scene.session()
    scene.lose(session_id)
    assert _fill(scene, Probe(STOP, 5, 9), session_id=session_id) == []
