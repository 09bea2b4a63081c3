"""Counts for monitoring are right, and go only so far; `test_plans` shows that they follow indexes."""

import pytest
from tests.store.scene import HOUR, MINUTE, START, STOP, Scene

from duetime.core.statuses import EventStatus
from duetime.store import live_counts
from duetime.store.live_counts import DueCount, LiveCount
from duetime.store.store import Store


@pytest.fixture
def scene(store: Store) -> Scene:
    return Scene(store)


def counts(scene: Scene) -> set[tuple[str, str, int]]:
    with scene.store.read() as tx:
        return {(count.event_type, count.status.value, count.events) for count in tx.live_counts.by_status()}


def test_nothing_is_counted_in_an_empty_database(scene: Scene) -> None:
    with scene.store.read() as tx:
        assert tx.live_counts.by_status() == []
        assert tx.live_counts.due() == []
        assert tx.live_counts.earliest_ready_at() == {}


def test_what_has_not_ended_is_counted_by_type_and_status(scene: Scene) -> None:
    ids = [scene.add() for _ in range(4)]
    scene.add(event_type=START, due_at=scene.now + HOUR)
    with scene.store.write() as tx:
        tx.verbs.pause(ids[0], actor="", reason="")
        tx.verbs.cancel(ids[1], actor="", reason="")
    assert counts(scene) == {(STOP, "scheduled", 2), (STOP, "paused", 1), (START, "scheduled", 1)}


def test_each_type_says_when_its_earliest_may_start(scene: Scene) -> None:
    now = scene.now
    scene.add(due_at=now - MINUTE)
    scene.add(due_at=now - HOUR)
    scene.add(due_at=now + HOUR)
    scene.add(event_type=START, due_at=now + HOUR)
    with scene.store.read() as tx:
        assert tx.live_counts.due() == [DueCount(START, 0, now + HOUR), DueCount(STOP, 2, now - HOUR)]
        assert tx.live_counts.earliest_ready_at() == {START: now + HOUR, STOP: now - HOUR}


def test_counting_stops_in_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live_counts, "MOST_COUNTED", 3)
    for _ in range(5):
        scene.add()
    with scene.store.read() as tx:
        assert tx.live_counts.by_status() == [LiveCount(STOP, EventStatus.SCHEDULED, 3)]
        assert tx.live_counts.due()[0].due == 3
