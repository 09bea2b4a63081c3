"""Asking the history, and pruning it."""

from datetime import timedelta
from typing import Any

import pytest
from tests.store.scene import HOUR, INSTANCE, START, STOP, Scene

from duetime.core.outcomes import Failed, Outcome, Skipped
from duetime.core.statuses import EventStatus, RunStatus
from duetime.store.run_table import RunCount, RunQuery
from duetime.testing.clock import ManualClock

DAY = timedelta(days=1)


def _run(scene: Scene, outcome: Outcome | None = None, **given: Any) -> int:
    claim = scene.claim_one(**given)
    scene.end(claim, outcome)
    return claim.event_id


def _found(scene: Scene, **given: object) -> list[int]:
    with scene.store.read() as tx:
        return [run.event_id for run in tx.runs.find(RunQuery(**given))]  # type: ignore[arg-type]


def test_the_newest_come_first(scene: Scene, clock: ManualClock) -> None:
    first = _run(scene)
    clock.move_to(clock.now() + timedelta(seconds=1))
    second, third = _run(scene), _run(scene)
    assert _found(scene) == [third, second, first]
    assert _found(scene, most=2) == [third, second]
    assert _found(scene, finished_before=clock.now()) == [first]
    assert _found(scene, finished_after=clock.now()) == [third, second]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"event_id": 2}, [2]),
        ({"event_type": START}, [2]),
        ({"resource_id": INSTANCE}, [3, 1]),
        ({"bot_id": 7}, [1]),
        ({"statuses": [RunStatus.FAILED]}, [3]),
        ({"bot_id": 7, "statuses": [RunStatus.FAILED]}, []),
    ],
)
def test_a_query_narrows(scene: Scene, query: dict[str, object], found: list[int]) -> None:
    _run(scene, resource_id=INSTANCE, bot_id=7)
    _run(scene, event_type=START)
    _run(scene, Failed("no"), resource_id=INSTANCE)
    assert _found(scene, **query) == found


@pytest.mark.parametrize(
    ("account", "found"),
    [
        ("10", ["instance:10:r:i-1:"]),
        ("us-east-1", []),
        ("1_", ["instance:1_:r:i-1:"]),
        ("%", ["instance:%:r:i-1:"]),
        ("ab", ["instance:ab:r:i-1:"]),
        ("AB", ["instance:AB:r:i-1:"]),
        ("größe", ["instance:größe:r:i-1:"]),
        ("1", []),
    ],
)
def test_an_account_is_the_second_part_of_the_resource_id(scene: Scene, account: str, found: list[str]) -> None:
    ids = ["10", "1_", "%", "ab", "AB", "größe"]
    for name in ids:
        _run(scene, resource_id=f"instance:{name}:r:i-1:")
    _run(scene, resource_id="instance:12:us-east-1:10:")
    _run(scene, resource_id="instance:13:10:i:10:1:")
    _run(scene)
    with scene.store.read() as tx:
        assert [run.resource_id for run in tx.runs.find(RunQuery(accounts=frozenset({account})))] == found


def test_the_runs_of_an_event_are_in_their_order(scene: Scene) -> None:
    event_id = scene.add_hourly()
    dues = []
    for _ in range(4):
        (claim,) = scene.claim()
        dues.append(claim.due_at)
        scene.end(claim)
        scene.sql("UPDATE events SET ready_at = created_at")
    assert [run.due_at for run in scene.runs(event_id)] == dues
    with scene.store.read() as tx:
        assert [run.due_at for run in tx.runs.of_event(event_id, most=2)] == dues[2:]


def test_counts_by_type_and_status(scene: Scene) -> None:
    for outcome in (None, None, Failed("no"), Skipped("gone")):
        _run(scene, outcome, bot_id=7)
    _run(scene, event_type=START)
    with scene.store.read() as tx:
        assert tx.runs.counts(RunQuery()) == [
            RunCount(START, RunStatus.SUCCEEDED, 1),
            RunCount(STOP, RunStatus.FAILED, 1),
            RunCount(STOP, RunStatus.SKIPPED, 1),
            RunCount(STOP, RunStatus.SUCCEEDED, 2),
        ]
        assert tx.runs.counts(RunQuery(bot_id=7, statuses=[RunStatus.FAILED])) == [RunCount(STOP, RunStatus.FAILED, 1)]


def test_pruning_takes_the_oldest_and_no_more_than_asked_for(scene: Scene, clock: ManualClock) -> None:
    clock.move_to(clock.now() - DAY)
    old = [_run(scene), _run(scene), _run(scene)]
    clock.move_to(clock.now() + DAY)
    young, live = _run(scene), scene.add()
    before = clock.now() - HOUR
    with scene.store.write() as tx:
        assert (tx.runs.prune(before=before, most=2), tx.events.prune(before=before, most=2)) == (2, 2)
    assert len(scene.ids()) == 3
    with scene.store.write() as tx:
        assert (tx.runs.prune(before=before, most=2), tx.events.prune(before=before, most=2)) == (1, 1)
        assert (tx.runs.prune(before=before, most=2), tx.events.prune(before=before, most=2)) == (0, 0)
    assert scene.ids() == [young, live]
    assert _found(scene) == [young]
    assert all(scene.runs(event_id) == [] for event_id in old)


def test_a_live_event_keeps_its_place_while_its_history_is_pruned(scene: Scene, clock: ManualClock) -> None:
    event_id = _run(scene, schedule=scene.hourly())
    clock.move_to(clock.now() + DAY)
    with scene.store.write() as tx:
        assert (tx.runs.prune(before=clock.now(), most=9), tx.events.prune(before=clock.now(), most=9)) == (1, 0)
    assert scene.event(event_id).status is EventStatus.SCHEDULED
