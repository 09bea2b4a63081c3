"""Deadlines, on a clock that is moved by hand: the job's own thread is this one, and the watchdog looks in."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.engine.stepped import QueuedExecutor, Stepped

from duetime.core.outcomes import Failed, GroupRefused
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus
from duetime.engine.worker import WorkerSettings
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob

MakeStepped = Callable[..., Stepped]
MINUTE = timedelta(minutes=1)


def job(stepped: Stepped, deed: Callable[[Any], Any], base: type[Any] = ScheduledEventJob, **attributes: Any) -> None:
    stepped.job()(type("Job", (base,), {"run": deed, "timeout": MINUTE, **attributes}))


def test_a_job_is_asked_to_stop_at_its_deadline_and_may_still_answer(stepped: Stepped) -> None:
    seen = []

    def deed(self: ScheduledEventJob) -> None:
        for seconds in (59, 1, 4):
            stepped.clock.elapsed += seconds
            stepped.worker.watchdog.round()
            seen.append(self.cancel_requested)

    job(stepped, deed)
    event = stepped.schedule()
    stepped.settle()
    assert seen == [False, True, True]
    assert stepped.event(event).status is EventStatus.SUCCEEDED
    assert not stepped.worker._calls.stuck


@pytest.mark.parametrize(
    ("on_lost", "status"),
    [
        (OnLost.RETRY, EventStatus.SCHEDULED),
        (OnLost.FAIL, EventStatus.FAILED),
        (OnLost.HOLD, EventStatus.HELD),
    ],
)
def test_after_the_grace_period_it_is_given_up(stepped: Stepped, on_lost: OnLost, status: EventStatus) -> None:
    seen: list[Any] = []

    def deed(_self: ScheduledEventJob) -> Failed:
        stepped.clock.elapsed += 65
        stepped.worker.watchdog.round()
        stepped.worker.outbox.flush()
        seen.append((stepped.worker._calls.stuck, stepped.events()[0].status))
        return Failed("its late report")

    job(stepped, deed, on_lost=on_lost, retry=Retry(attempts=3, first=timedelta(hours=1)))
    event = stepped.schedule()
    stepped.settle()
    assert seen == [(1, status)]
    (run,) = stepped.runs(event)
    assert (run.status, run.error) == (RunStatus.TIMED_OUT, "")
    assert run.reason.endswith("still running after 60 s; what it did is unknown")
    assert run.final is (status is EventStatus.FAILED)
    # The slot is free again as soon as the thread is back.
    assert stepped.worker._calls.stuck == 0
    assert stepped.event(event).status is status


def test_what_a_group_had_reported_stands(stepped: Stepped) -> None:
    def deed(self: MultiResourceScheduledEventJob) -> None:
        self.succeeded(self.resources[0], "stopped")
        self.report(self.resources[1], "nonsense")  # type: ignore[arg-type]
        stepped.clock.elapsed += 65
        stepped.worker.watchdog.round()

    job(stepped, deed, MultiResourceScheduledEventJob, max_group=10, on_lost=OnLost.HOLD)
    events = [stepped.schedule(resource_id=stepped.add().resource_id) for _ in range(3)]
    stepped.settle()
    assert [stepped.event(event).status for event in events] == ["succeeded", "failed", "held"]
    assert [stepped.runs(event)[0].status for event in events] == ["succeeded", "failed", "timed_out"]


def test_the_rest_of_its_chunk_is_given_back_and_not_gone_on_with(make_stepped: MakeStepped) -> None:
    stepped = make_stepped(settings=WorkerSettings(grace_seconds=0.1))
    called = []

    def deed(self: ScheduledEventJob) -> None:
        called.append(self.scheduled_event_id)
        if len(called) == 2:
            stepped.clock.elapsed += 0.3
            stepped.worker.watchdog.round()

    job(stepped, deed, timeout=timedelta(seconds=0.1))
    stepped.worker._runner._durations.note("test.job", 0.001)
    events = [stepped.schedule() for _ in range(5)]
    stepped.step()
    assert called == [events[0].event_id, events[1].event_id]
    after = [stepped.event(event) for event in events]
    assert [event.status for event in after] == ["succeeded", *["scheduled"] * 4]
    assert stepped.runs(events[1])[0].status is RunStatus.TIMED_OUT
    assert [event.attempt for event in after[2:]] == [0, 0, 0]
    assert stepped.events()[2].started_at is None


@pytest.mark.parametrize("timeout", [None, MINUTE])
def test_nothing_waits_behind_a_job_that_takes_long(stepped: Stepped, timeout: timedelta | None) -> None:
    called, seen = [], []

    def deed(self: ScheduledEventJob) -> None:
        called.append(self.scheduled_event_id)
        for seconds in (0.9, 0.1, 10) if len(called) == 2 else ():
            stepped.clock.elapsed += seconds
            stepped.worker.watchdog.round()
            stepped.worker.outbox.flush()
            seen.append([event.status.value for event in stepped.events()])

    job(stepped, deed, timeout=timeout)
    stepped.worker._runner._durations.note("test.job", 0.001)
    events = [stepped.schedule() for _ in range(4)]
    stepped.step()
    given_back = ["succeeded", "running", "scheduled", "scheduled"]
    assert seen == [["succeeded", "running", "running", "running"], given_back, given_back]
    assert called == [events[0].event_id, events[1].event_id]
    assert [event.attempt for event in stepped.events()] == [1, 1, 0, 0]
    stepped.settle()
    assert called == [event.event_id for event in events]
    assert len(stepped.runs()) == 4


def test_nothing_waits_behind_a_slow_member_of_a_refused_group(stepped: Stepped) -> None:
    seen = []

    def deed(self: MultiResourceScheduledEventJob) -> None:
        if len(self.resources) > 1:
            raise GroupRefused
        stepped.clock.elapsed += 1
        stepped.worker.watchdog.round()
        stepped.worker.outbox.flush()
        seen.append([event.status.value for event in stepped.events()])

    job(stepped, deed, MultiResourceScheduledEventJob, max_group=10, timeout=None)
    for _ in range(3):
        stepped.schedule(resource_id=stepped.add().resource_id)
    stepped.step()
    assert seen == [["running", "scheduled", "scheduled"]]
    stepped.settle()
    assert [event.status.value for event in stepped.events()] == ["succeeded"] * 3
    assert len(stepped.runs()) == 3


def test_what_was_done_before_a_job_hangs_is_written_while_it_hangs(stepped: Stepped) -> None:
    seen = []

    def deed(_self: ScheduledEventJob) -> None:
        stepped.worker.outbox.flush()
        seen.append([event.status.value for event in stepped.events()])

    job(stepped, deed)
    stepped.worker._runner._durations.note("test.job", 0.001)
    for _ in range(3):
        stepped.schedule()
    stepped.step()
    assert seen == [
        ["running", "running", "running"],
        ["succeeded", "running", "running"],
        ["succeeded", "succeeded", "running"],
    ]


def test_an_unloaded_class_is_given_up_by_its_own_retry_policy(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)

    def deed(_self: ScheduledEventJob) -> None:
        stepped.forget()
        stepped.clock.elapsed += 65
        stepped.worker.watchdog.round()

    job(stepped, deed, retry=Retry(attempts=9, first=timedelta(hours=1), jitter=0))
    event = stepped.schedule()
    stepped.step()
    executor.run()
    stepped.worker.outbox.flush()
    assert stepped.event(event).ready_at - stepped.clock.now() == timedelta(hours=1)


def test_half_of_the_slots_stuck_asks_for_another_worker(stepped: Stepped) -> None:
    asked = []
    stepped.worker.watchdog._on_stuck = lambda: asked.append(stepped.worker._calls.stuck)

    def deed(_self: ScheduledEventJob) -> None:
        stepped.clock.elapsed += 65
        stepped.worker.watchdog.round()
        stepped.worker.heartbeat.round()
        if stepped.worker._calls.stuck < 4:
            stepped.schedule()
            stepped.worker.dispatcher.round()

    job(stepped, deed, on_lost=OnLost.FAIL)
    stepped.schedule()
    stepped.step()
    assert asked == [4]


def test_a_job_without_a_timeout_may_take_for_ever(stepped: Stepped) -> None:
    def deed(_self: ScheduledEventJob) -> None:
        for _ in range(100):
            stepped.clock.elapsed += 86_400
            stepped.worker.watchdog.round()
            stepped.worker.heartbeat.round()

    job(stepped, deed, timeout=None)
    event = stepped.schedule()
    stepped.settle()
    assert stepped.event(event).status is EventStatus.SUCCEEDED
