"""Reading history page by page, and finding one run by its name."""

from datetime import timedelta

import pytest
from tests.store.scene import Scene

from duetime.core.errors import UnknownName
from duetime.core.events import Run
from duetime.core.statuses import RunStatus
from duetime.store.page import RunPlace
from duetime.store.run_table import DueTime, RunQuery


def write(scene: Scene, *event_ids: int, reason: str = "", after: timedelta = timedelta(0)) -> None:
    """Write one answer for each event, all of them at one instant, as a batch does."""
    due_times = [
        DueTime(event_id, scene.now, 0, "test.stop", f"instance:10:us-east-1:i-{event_id}:", None)
        for event_id in event_ids
    ]
    with scene.store.write() as tx:
        tx.runs.answer(due_times, status=RunStatus.SKIPPED, reason=reason, now=scene.now + after)


def find(scene: Scene, query: RunQuery) -> list[Run]:
    with scene.store.read() as tx:
        return tx.runs.find(query)


def test_pages_lose_no_run_although_a_batch_ends_at_one_instant(scene: Scene) -> None:
    write(scene, 1, 2, 3, 4, 5)
    write(scene, 6, after=timedelta(seconds=1))
    write(scene, 7, after=timedelta(seconds=-1))
    seen: list[int] = []
    last: RunPlace | None = None
    while page := find(scene, RunQuery(after=last, most=2)):
        seen += [run.event_id for run in page]
        last = RunPlace.of(page[-1])
    assert seen == [6, 5, 4, 3, 2, 1, 7]


def test_text_is_looked_for_in_resource_reason_and_type(scene: Scene) -> None:
    write(scene, 1, reason="the resource is gone")
    write(scene, 2, reason="100% sure")
    assert [run.event_id for run in find(scene, RunQuery(text="IS GONE"))] == [1]
    assert [run.event_id for run in find(scene, RunQuery(text="i-2"))] == [2]
    assert [run.event_id for run in find(scene, RunQuery(text="0%"))] == [2]
    assert len(find(scene, RunQuery(text="test.stop"))) == 2


def test_a_run_is_found_by_its_name(scene: Scene) -> None:
    write(scene, 1, 2)
    (_, run) = find(scene, RunQuery())
    with scene.store.read() as tx:
        assert tx.runs.get(run.run_id) == run
        for name in ("", "1", run.run_id[:-1] + "9"):
            with pytest.raises(UnknownName, match="There is no run"):
                tx.runs.get(name)
