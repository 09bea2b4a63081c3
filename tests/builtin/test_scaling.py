"""Scaling down and back up, evening by evening, in the Lab."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from duetime.core.resources import Resource
from duetime.core.statuses import RunStatus
from duetime.scheduling.undo import undo_run
from duetime.testing.lab import Lab

DOWN, UP = "duetime.scale", "duetime.restore_scale"
FULL = {"minimum": 1, "maximum": 9, "desired": 4}
NOTHING = {"minimum": 0, "desired": 0}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=datetime(2026, 3, 2, 18, tzinfo=UTC)) as lab:
        yield lab


@pytest.fixture
def group(lab: Lab) -> Resource:
    return lab.cloud.add(resource_type="autoscalinggroup", data=FULL)


def sizes(lab: Lab, resource: Resource) -> dict[str, Any]:
    now = lab.cloud.get(resource)
    assert now is not None
    return dict(now.data)


def do(lab: Lab, event_type: str, *resources: Resource, **args: int) -> list[Any]:
    """Run one event for each resource, a moment after whatever was before; return their last runs."""
    lab.advance(seconds=1)
    lab.harvest()
    ids = [
        lab.client.schedule(event_type, lab.now, resource_id=one.resource_id, args=args).event_id for one in resources
    ]
    lab.settle()
    return [lab.runs(event_id=event_id)[-1] for event_id in ids]


def test_what_was_scaled_down_comes_back_every_morning(lab: Lab, group: Resource) -> None:
    lab.harvest()
    for event_type, hour, args in ((DOWN, 19, NOTHING), (UP, 8, {})):
        schedule = {"_type": "daily", "time_of_day": f"{hour:02}:00"}
        lab.client.schedule(event_type, schedule, resource_id=group.resource_id, args=args)
    seen = []
    for _ in range(4):
        lab.advance(hours=12)
        seen.append(sizes(lab, group))
    assert seen == [{**FULL, **NOTHING}, FULL, {**FULL, **NOTHING}, FULL]


def test_the_numbers_from_before_the_first_scaling_count(lab: Lab, group: Resource) -> None:
    do(lab, DOWN, group, desired=2)
    do(lab, DOWN, group, **NOTHING)
    do(lab, DOWN, group, **NOTHING)
    do(lab, UP, group)
    assert sizes(lab, group) == FULL
    (again,) = do(lab, UP, group)
    assert (again.status, again.reason) == (RunStatus.SKIPPED, "it was not scaled since it was last restored")


def test_what_was_undone_counts_as_if_it_had_not_been(lab: Lab, group: Resource) -> None:
    (down,) = do(lab, DOWN, group, **NOTHING)
    undo_run(lab.client, down.run_id)
    lab.settle()
    assert sizes(lab, group) == FULL
    (nothing,) = do(lab, UP, group)
    assert nothing.status is RunStatus.SKIPPED
    do(lab, DOWN, group, desired=1)
    do(lab, UP, group)
    assert sizes(lab, group) == FULL


def test_each_resource_of_a_group_comes_back_to_its_own_numbers(lab: Lab, group: Resource) -> None:
    other = lab.cloud.add(resource_type="autoscalinggroup", data={"minimum": 2, "maximum": 3, "desired": 3})
    alike = lab.cloud.add(resource_type="autoscalinggroup", data=FULL)
    never = lab.cloud.add(resource_type="autoscalinggroup", data=FULL)
    do(lab, DOWN, group, other, alike, **NOTHING)
    calls = len(lab.cloud.calls("scale"))
    runs = do(lab, UP, group, other, alike, never)
    assert [run.status for run in runs] == [*[RunStatus.SUCCEEDED] * 3, RunStatus.SKIPPED]
    assert sizes(lab, other) == {"minimum": 2, "maximum": 3, "desired": 3}
    assert sizes(lab, group) == sizes(lab, alike) == FULL
    assert len(lab.cloud.calls("scale")) - calls == 2


def test_a_scaling_that_failed_is_none(lab: Lab, group: Resource) -> None:
    lab.cloud.faults.refuse(group)
    do(lab, DOWN, group, **NOTHING)
    lab.cloud.faults.clear()
    (run,) = do(lab, UP, group)
    assert run.status is RunStatus.SKIPPED
    assert not [call for call in lab.cloud.calls("scale") if call.arguments.get("desired") == 4]


def test_restoring_can_be_undone_too(lab: Lab, group: Resource) -> None:
    do(lab, DOWN, group, **NOTHING)
    (up,) = do(lab, UP, group)
    undo_run(lab.client, up.run_id)
    lab.settle()
    assert sizes(lab, group) == {**FULL, **NOTHING}
    do(lab, UP, group)
    assert sizes(lab, group) == FULL
