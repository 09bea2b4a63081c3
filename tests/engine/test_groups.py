"""Events that are due together are served by the fewest calls, and one bad member harms no other."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar

import pytest
from tests.engine.stepped import NOW, QueuedExecutor, Stepped

from duetime.builtin.instances import STOP_RESOURCE
from duetime.core.events import Event
from duetime.core.outcomes import Failed, GroupRefused, OutcomeUnknown, Skipped
from duetime.core.resources import Resource
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus
from duetime.jobs.base import MultiResourceScheduledEventJob


class GroupJob(MultiResourceScheduledEventJob):
    """Notes whom it is called for; what it does is given by the test."""

    max_group = 10
    calls: ClassVar[list[tuple[str, ...]]]

    def run(self) -> Any:
        self.calls.append(tuple(resource.name for resource in self.resources))
        return self.deed()

    def deed(self) -> Any:
        return None


def group_job(stepped: Stepped, deed: Callable[[Any], Any] | None = None, **attributes: Any) -> type[GroupJob]:
    body: dict[str, Any] = {"calls": [], **attributes}
    if deed is not None:
        body["deed"] = deed
    return stepped.job()(type("Job", (GroupJob,), body))


def schedule_all(stepped: Stepped, resources: list[Resource], **parts: Any) -> list[Event]:
    return [stepped.schedule(resource_id=resource.resource_id, **parts) for resource in resources]


def named(stepped: Stepped, number: int) -> list[Resource]:
    return [stepped.add(name=f"r{index}") for index in range(number)]


def test_a_hundred_and_twenty_stops_in_two_regions_take_four_calls(stepped: Stepped) -> None:
    resources = [stepped.add(region=region) for _ in range(60) for region in ("us-east-1", "eu-west-1")]
    schedule_all(stepped, resources, event_type=STOP_RESOURCE)
    stepped.settle()
    calls = stepped.cloud.calls("stop")
    assert sorted((call.region, len(call.provider_ids)) for call in calls) == [
        ("eu-west-1", 10),
        ("eu-west-1", 50),
        ("us-east-1", 10),
        ("us-east-1", 50),
    ]
    assert {resource.state for resource in stepped.cloud.resources()} == {"stopped"}
    assert {event.status for event in stepped.events()} == {EventStatus.SUCCEEDED}
    assert len(stepped.runs()) == 120


def test_a_group_is_filled_beyond_what_the_slots_asked_for(stepped: Stepped) -> None:
    """Nothing is known of the type, so eight slots ask for eight events; each brings its whole group."""
    job = group_job(stepped, max_group=50)
    schedule_all(stepped, [stepped.add(account="10") for _ in range(45)])
    stepped.step()
    assert [len(call) for call in job.calls] == [45]


def test_a_group_has_the_same_account_region_and_arguments(stepped: Stepped) -> None:
    class Job(GroupJob):
        calls: ClassVar[list[tuple[str, ...]]] = []

        def __init__(self, force: bool = False, **keywords: Any) -> None:
            super().__init__(**keywords)

    stepped.job()(Job)
    for index in range(2):
        for account in ("10", "20"):
            for region in ("us-east-1", "eu-west-1"):
                resource = stepped.add(name=f"{account} {region}", account=account, region=region)
                for force in (True, False):
                    parts: dict[str, Any] = {"resource_id": resource.resource_id, "args": {"force": force}}
                    stepped.schedule(description=str(index), **parts)
    stepped.settle()
    assert len(Job.calls) == 8
    assert all(len(call) == 2 and len(set(call)) == 1 for call in Job.calls)


def test_two_events_of_one_resource_are_never_in_one_call(stepped: Stepped) -> None:
    job = group_job(stepped)
    first, second = named(stepped, 2)
    schedule_all(stepped, [first, first, second, first])
    stepped.settle()
    assert sorted(job.calls) == [("r0",), ("r0",), ("r0", "r1")]


def test_without_max_group_every_resource_is_served_alone(stepped: Stepped) -> None:
    job = group_job(stepped, max_group=1)
    schedule_all(stepped, named(stepped, 3))
    stepped.settle()
    assert sorted(job.calls) == [("r0",), ("r1",), ("r2",)]


def test_each_member_has_an_outcome_of_its_own(stepped: Stepped) -> None:
    def deed(job: Any) -> None:
        first, second, third, fourth, _ = job.resources
        job.succeeded(first, {"was": "running"})
        job.failed(second.resource_id, ValueError("protected"))
        job.report(third, Skipped("nothing to do"))
        job.report(fourth, "nonsense")
        job.failed("instance:10:us-east-1:i-somebody-else:", "not in this call")

    group_job(stepped, deed)
    events = schedule_all(stepped, named(stepped, 5))
    stepped.settle()
    runs = [stepped.runs(event)[0] for event in events]
    assert [run.status for run in runs] == ["succeeded", "failed", "skipped", "failed", "succeeded"]
    assert (runs[0].result, runs[1].error, runs[2].reason) == ('{"was": "running"}', "protected", "nothing to do")
    assert "returned a str" in runs[3].error


def test_a_refused_group_is_tried_one_by_one_in_the_same_attempt(stepped: Stepped) -> None:
    resources = [stepped.add() for _ in range(6)]
    stepped.cloud.faults.refuse(resources[2], operation="stop")
    events = schedule_all(stepped, resources, event_type=STOP_RESOURCE)
    stepped.settle()
    assert [len(call.provider_ids) for call in stepped.cloud.calls("stop")] == [6, 1, 1, 1, 1, 1, 1]
    runs = [stepped.runs(event)[-1] for event in events]
    assert [run.status for run in runs] == ["succeeded", "succeeded", "failed", "succeeded", "succeeded", "succeeded"]
    assert {run.attempt for run in runs} == {1}
    assert "protected" in runs[2].error


def test_what_was_reported_before_the_refusal_is_not_asked_for_again(stepped: Stepped) -> None:
    def deed(job: Any) -> None:
        if len(job.resources) > 1:
            job.succeeded(job.resources[0], "done already")
            message = "the rest is refused"
            raise GroupRefused(message)

    job = group_job(stepped, deed)
    events = schedule_all(stepped, named(stepped, 3))
    stepped.settle()
    assert job.calls == [("r0", "r1", "r2"), ("r1",), ("r2",)]
    assert [run.result for run in stepped.runs(events[0])] == ["done already"]
    assert {event.status for event in stepped.events()} == {EventStatus.SUCCEEDED}


def test_a_single_event_that_is_refused_has_failed(stepped: Stepped) -> None:
    def deed(job: Any) -> None:
        message = "no"
        raise GroupRefused(message)

    job = group_job(stepped, deed)
    (event,) = schedule_all(stepped, named(stepped, 1))
    stepped.settle()
    assert len(job.calls) == 1
    assert stepped.runs(event)[0].error == "the provider refused the call: no"


def test_after_any_other_error_the_reported_stand_and_the_others_are_tried_again_alone(stepped: Stepped) -> None:
    """One member makes every call that it is part of fail; alone it fails alone."""

    def deed(job: Any) -> None:
        if any(resource.name == "r3" for resource in job.resources):
            job.succeeded(job.resources[0])
            if len(job.resources) > 1:
                message = "r3 is broken"
                raise RuntimeError(message)
            job.failed(job.resources[0], "r3 is broken")

    job = group_job(stepped, deed, retry=Retry(attempts=2, first=timedelta(seconds=60), jitter=0))
    events = schedule_all(stepped, named(stepped, 6))
    stepped.settle()
    assert [stepped.runs(event)[0].status for event in events] == ["succeeded"] + ["failed"] * 5
    stepped.pass_time(60)
    stepped.settle()
    assert sorted(job.calls[1:]) == [("r1",), ("r2",), ("r3",), ("r4",), ("r5",)]
    statuses = [stepped.event(event).status for event in events]
    assert statuses == [EventStatus.SUCCEEDED] * 3 + [EventStatus.FAILED] + [EventStatus.SUCCEEDED] * 2


@pytest.mark.parametrize(
    ("on_lost", "status"),
    [
        (OnLost.RETRY, EventStatus.SCHEDULED),
        (OnLost.FAIL, EventStatus.FAILED),
        (OnLost.HOLD, EventStatus.HELD),
    ],
)
def test_when_no_answer_came_on_lost_decides(stepped: Stepped, on_lost: OnLost, status: EventStatus) -> None:
    def deed(job: Any) -> None:
        job.succeeded(job.resources[0])
        message = "the connection broke"
        raise OutcomeUnknown(message)

    group_job(stepped, deed, on_lost=on_lost, retry=Retry(attempts=5, first=timedelta(hours=1)))
    events = schedule_all(stepped, named(stepped, 3))
    stepped.settle()
    assert [stepped.event(event).status for event in events] == [EventStatus.SUCCEEDED, status, status]
    (run,) = stepped.runs(events[2])
    assert run.status is RunStatus.LOST
    assert run.final is (status is EventStatus.FAILED)
    assert "the connection broke" in stepped.event(events[2]).status_reason


def test_a_cut_connection_of_the_cloud_is_an_unknown_outcome(stepped: Stepped) -> None:
    resources = [stepped.add() for _ in range(3)]
    stepped.cloud.faults.cut(operation="stop")
    events = schedule_all(stepped, resources, event_type=STOP_RESOURCE)
    stepped.settle()
    assert {stepped.runs(event)[0].status for event in events} == {RunStatus.LOST}
    stepped.pass_time(600)
    stepped.settle()
    # They were stopped after all, and a fresh read shows it: no second call was needed.
    assert len(stepped.cloud.calls("stop")) == 1
    assert {stepped.event(event).status for event in events} == {EventStatus.SUCCEEDED}


def test_the_members_of_a_group_are_told_apart_by_their_keys(stepped: Stepped) -> None:
    keys = []
    group_job(stepped, lambda job: keys.append(job.idempotency_key))
    events = schedule_all(stepped, named(stepped, 2))
    stepped.settle()
    assert keys == [",".join(f"{event.event_id}@20260302T120000.000000Z" for event in events)]


def test_refused_members_are_given_back_when_the_lease_runs_out_meanwhile(
    make_stepped: Callable[..., Stepped],
) -> None:
    stepped = make_stepped(executor=QueuedExecutor())

    def deed(job: Any) -> None:
        stepped.clock.elapsed += 15
        if len(job.resources) > 1:
            message = "no"
            raise GroupRefused(message)

    job = group_job(stepped, deed)
    events = schedule_all(stepped, named(stepped, 4))
    stepped.step()
    executor = stepped.executor
    assert isinstance(executor, QueuedExecutor)
    executor.run()
    stepped.worker.outbox.flush()
    # 15 s for the refused call and 15 s for the first member: a lease of 30 s ends there.
    assert len(job.calls) == 2
    assert [stepped.event(event).status for event in events] == [
        EventStatus.SUCCEEDED,
        *[EventStatus.SCHEDULED] * 3,
    ]
    assert {stepped.event(event).attempt for event in events[1:]} == {0}


def test_a_throttled_group_is_not_failed_for_good(stepped: Stepped) -> None:
    resources = [stepped.add() for _ in range(3)]
    stepped.cloud.faults.throttle(operation="stop", times=1)
    events = schedule_all(stepped, resources, event_type=STOP_RESOURCE)
    stepped.settle()
    assert {stepped.event(event).status for event in events} == {EventStatus.SCHEDULED}
    assert {stepped.runs(event)[0].status for event in events} == {RunStatus.FAILED}
    stepped.pass_time(120)
    stepped.settle()
    assert {stepped.event(event).status for event in events} == {EventStatus.SUCCEEDED}


def test_one_event_is_due_in_a_group_only_once_it_is_due(stepped: Stepped) -> None:
    job = group_job(stepped)
    now, later = named(stepped, 2)
    stepped.schedule(resource_id=now.resource_id)
    stepped.schedule(resource_id=later.resource_id, when=NOW + timedelta(seconds=1))
    stepped.settle()
    assert job.calls == [("r0",)]
    stepped.pass_time(1)
    stepped.settle()
    assert job.calls == [("r0",), ("r1",)]


def test_failures_in_a_group_do_not_hide_each_other(stepped: Stepped) -> None:
    group_job(stepped, lambda _job: Failed("all of them", retry=False))
    events = schedule_all(stepped, named(stepped, 3))
    stepped.settle()
    assert [stepped.runs(event)[0].error for event in events] == ["all of them"] * 3


def test_a_place_is_claimed_and_read_at_once_though_few_slots_are_free(make_stepped: Callable[..., Stepped]) -> None:
    """Each claim of a part of it would be another fresh read of the cloud."""
    executor = QueuedExecutor()
    executor.slots = 1
    stepped = make_stepped(executor=executor)
    job = group_job(stepped, max_group=50)
    stepped.worker._runner._durations.note("test.job", 0.1)
    schedule_all(stepped, [stepped.add() for _ in range(250)])
    stepped.settle()
    executor.run()
    stepped.settle()
    while executor.tasks:
        executor.run()
        stepped.settle()
    assert [len(call) for call in job.calls] == [50] * 5
    assert len(stepped.cloud.calls("read")) == 1
