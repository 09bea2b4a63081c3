"""Listing events, and the figures that `doctor` shows."""

from datetime import timedelta

import pytest
from sqlalchemy import update
from tests.store.scene import HOUR, INSTANCE, MINUTE, START, STOP, Scene

from duetime.core.errors import UnknownName
from duetime.core.statuses import EventStatus
from duetime.store.event_table import EventQuery, TypeCount
from duetime.store.tables import events


def _found(scene: Scene, **given: object) -> list[int]:
    with scene.store.read() as tx:
        return [event.event_id for event in tx.events.find(EventQuery(**given))]  # type: ignore[arg-type]


def test_the_newest_come_first_page_by_page(scene: Scene) -> None:
    ids = [scene.add() for _ in range(5)]
    assert _found(scene) == ids[::-1]
    assert _found(scene, most=2) == [5, 4]
    assert _found(scene, most=2, after_id=4) == [3, 2]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"statuses": [EventStatus.RUNNING]}, [4]),
        ({"statuses": [EventStatus.RUNNING, EventStatus.SCHEDULED]}, [4, 3, 2, 1]),
        ({"event_type": START}, [2]),
        ({"resource_id": INSTANCE}, [1]),
        ({"bot_id": 7}, [2]),
        ({"text": "i-1"}, [1]),
        ({"text": "STOP"}, [3, 1]),
        ({"text": "100%_"}, [3]),
        ({"text": "100x"}, []),
        ({"due_before": "hour ago"}, [2]),
    ],
)
def test_a_query_narrows(scene: Scene, query: dict[str, object], found: list[int]) -> None:
    scene.add(resource_id=INSTANCE)
    scene.add(event_type=START, bot_id=7, due_at=scene.now - 2 * HOUR)
    scene.add(description="is 100%_ sure", due_at=scene.now + HOUR)
    scene.claim_one(event_type="other")
    if "due_before" in query:
        query = {"due_before": scene.now - HOUR}
    assert _found(scene, **query) == found


def test_what_comes_next(scene: Scene) -> None:
    later = scene.add(due_at=scene.now + 2 * HOUR)
    soon = scene.add(due_at=scene.now + HOUR)
    same = scene.add(due_at=scene.now + HOUR)
    scene.claim_one()
    with scene.store.read() as tx:
        assert [event.event_id for event in tx.events.next_due(EventQuery())] == [soon, same, later]
        assert [event.event_id for event in tx.events.next_due(EventQuery(most=1))] == [soon]


def test_counts(scene: Scene) -> None:
    scene.add(event_type=START, due_at=scene.now + HOUR)
    scene.add(due_at=scene.now - MINUTE)
    scene.add(due_at=scene.now - HOUR)
    scene.add(due_at=scene.now - HOUR, ready_at=scene.now + timedelta(seconds=9))
    scene.claim_one(event_type="other")
    with scene.store.read() as tx:
        assert tx.events.counts_by_status() == {EventStatus.SCHEDULED: 4, EventStatus.RUNNING: 1}
        assert tx.events.scheduled_by_type(now=scene.now) == [
            TypeCount(START, 1, 0, scene.now + HOUR),
            TypeCount(STOP, 3, 2, scene.now - HOUR),
        ]


def test_an_event_by_its_id_or_key(scene: Scene) -> None:
    event_id = scene.add(dedupe_key=b"k" * 16)
    with scene.store.read() as tx:
        found = tx.events.live_with_key(b"k" * 16)
        assert found == tx.events.get(event_id)
        assert tx.events.live_with_key(b"l" * 16) is None
        with pytest.raises(UnknownName, match="There is no event 99"):
            tx.events.get(99)


def test_one_event_whose_schedule_cannot_be_read_hides_no_other(scene: Scene) -> None:
    first, odd, last = (scene.add() for _ in range(3))
    with scene.store.engine.begin() as connection:
        connection.execute(update(events).where(events.c.event_id == odd).values(schedule='{"_type":"lunar"}'))
    assert _found(scene) == [last, odd, first]
    with scene.store.write() as tx:
        event = tx.events.get(odd)
        assert event.schedule.describe().startswith("a schedule that cannot be read: ")
        assert event.schedule.first_due(scene.now) is event.schedule.next_after(scene.now) is None
        assert not event.recurring
        tx.verbs.cancel(odd, actor="ada", reason="of a later version")
        assert tx.events.get(odd).status is EventStatus.CANCELLED
