"""One job call: what it may return, raise, or leave behind, and when it is not made at all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, cast

import pytest
from tests.engine.stepped import NOW, QueuedExecutor, Stepped

from duetime.core.outcomes import Failed, Skipped, Snoozed, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob

MakeStepped = Callable[..., Stepped]


class Unprintable(Exception):
    """Its text cannot be had."""

    def __str__(self) -> str:
        message = "no text"
        raise RuntimeError(message)


class Boom(BaseException):
    """Not even an `Exception`."""


def doing(stepped: Stepped, deed: Callable[[], Any], **attributes: Any) -> type[ScheduledEventJob]:
    """Register a job that does `deed` and returns what it returns."""

    class Job(ScheduledEventJob):
        def run(self) -> Any:
            return deed()

    for name, value in attributes.items():
        setattr(Job, name, value)
    return stepped.job()(Job)


def raising(error: BaseException) -> Callable[[], Any]:
    def deed() -> Any:
        raise error

    return deed


def test_a_job_that_returns_nothing_has_succeeded(stepped: Stepped) -> None:
    doing(stepped, lambda: None)
    event = stepped.schedule()
    stepped.settle()
    (run,) = stepped.runs(event)
    assert (run.status, run.final, run.attempt) == (RunStatus.SUCCEEDED, True, 1)
    assert run.started_at == NOW
    assert stepped.event(event).status is EventStatus.SUCCEEDED


@pytest.mark.parametrize(
    ("outcome", "status", "text"),
    [
        (Succeeded({"stopped": 1}), RunStatus.SUCCEEDED, '{"stopped": 1}'),
        (Failed("no such host", {"code": 7}), RunStatus.FAILED, "no such host"),
        (Skipped("nothing to do"), RunStatus.SKIPPED, "nothing to do"),
        (Failed(cast("str", ValueError("an error itself"))), RunStatus.FAILED, "an error itself"),
        (Failed(cast("str", Unprintable())), RunStatus.FAILED, "<Unprintable that cannot be shown>"),
        (Skipped(cast("str", 7)), RunStatus.SKIPPED, "7"),
    ],
)
def test_what_a_job_says_of_itself_is_kept(stepped: Stepped, outcome: Any, status: RunStatus, text: str) -> None:
    doing(stepped, lambda: outcome)
    event = stepped.schedule()
    stepped.settle()
    (run,) = stepped.runs(event)
    assert run.status is status
    assert text in (run.result, run.error, run.reason)
    assert stepped.event(event).status == status.value


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no"), "ValueError: no (at test_runner.py:"),
        (ValueError(), "ValueError (at test_runner.py:"),
        (SystemExit(3), "SystemExit: 3"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (GeneratorExit(), "GeneratorExit"),
        (Boom("bang"), "Boom: bang"),
        (Unprintable(), "Unprintable"),
        (ValueError("half \ud800 and \x00"), "ValueError: half ? and \ufffd"),
        (RecursionError("deep"), "RecursionError: deep"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_whatever_a_job_raises_is_the_failure_of_its_run(stepped: Stepped, error: BaseException, text: str) -> None:
    doing(stepped, raising(error))
    event, other = stepped.schedule(), stepped.schedule()
    stepped.settle()
    assert [run.status for run in stepped.runs()] == [RunStatus.FAILED] * 2
    assert stepped.runs(event)[0].error.startswith(text)
    assert stepped.event(other).status is EventStatus.FAILED


def test_a_job_that_cannot_be_built_has_failed(stepped: Stepped) -> None:
    @stepped.job()
    class Job(ScheduledEventJob):
        def __init__(self, **keywords: Any) -> None:
            super().__init__(**keywords)
            message = "no such thing"
            raise LookupError(message)

    event = stepped.schedule()
    stepped.settle()
    assert stepped.runs(event)[0].error.startswith("LookupError: no such thing (at test_runner.py:")


@pytest.mark.parametrize(
    "nonsense",
    [
        5,
        "done",
        True,
        ScheduledEventJob,
        Snoozed("soon"),  # type: ignore[arg-type]
        Snoozed(NOW.time()),  # type: ignore[arg-type]
        Snoozed(NOW.replace(tzinfo=None)),
        Snoozed(NOW.timetz()),  # type: ignore[arg-type]
    ],
    ids=repr,
)
def test_a_job_that_returns_nonsense_has_failed(stepped: Stepped, nonsense: Any) -> None:
    doing(stepped, lambda: nonsense)
    event, other = stepped.schedule(), stepped.schedule()
    stepped.settle()
    assert stepped.event(event).status is EventStatus.FAILED
    assert stepped.event(other).status is EventStatus.FAILED
    (run,) = stepped.runs(event)
    assert run.status is RunStatus.FAILED
    assert run.error


class Trap(Failed):
    """An outcome that cannot even be looked at."""

    @property
    def error(self) -> Any:
        message = "do not look"
        raise KeyError(message)

    @error.setter
    def error(self, value: Any) -> None:
        """Take it and forget it."""


def test_an_outcome_that_cannot_be_looked_at_has_failed(stepped: Stepped) -> None:
    doing(stepped, lambda: object.__new__(Trap))
    event, other = stepped.schedule(), stepped.schedule()
    stepped.settle()
    assert {stepped.event(one).status for one in (event, other)} == {EventStatus.FAILED}
    assert stepped.runs(event)[0].error.startswith("KeyError: 'do not look'")


@pytest.mark.parametrize(("on_lost", "status"), [(OnLost.HOLD, "held"), (OnLost.FAIL, "failed")])
def test_a_fault_of_our_own_leaves_no_claim_without_an_end(stepped: Stepped, on_lost: OnLost, status: str) -> None:
    """Nothing of the sort is known; what breaks here is what the outcomes of a call are kept in."""

    def deed(job: ScheduledEventJob) -> None:
        job.context.outcomes = None  # type: ignore[assignment]

    stepped.job()(type("Job", (MultiResourceScheduledEventJob,), {"run": deed, "max_group": 10, "on_lost": on_lost}))
    events = [stepped.schedule(resource_id=stepped.add().resource_id) for _ in range(3)]
    stepped.settle()
    assert [stepped.event(event).status.value for event in events] == [status] * 3
    assert {run.status for run in stepped.runs()} == {RunStatus.LOST}
    assert not stepped.worker._calls.snapshot()
    assert not len(stepped.worker.in_flight)


@pytest.mark.parametrize(
    ("data", "kept"),
    [
        ("a\x00b", "a\ufffdb"),
        ("half \ud800", "half ?"),
        ({"a": "\ud83d", "b": float("nan")}, "{'a': '\\ud83d', 'b': nan}"),
        (float("inf"), "inf"),
        ({"deep": {1, 2}}, "{'deep': {1, 2}}"),
        (b"\x00\xff", "b'\\x00\\xff'"),
        ({"password": "hunter2"}, '{"password": "[redacted]"}'),
    ],
    ids=repr,
)
def test_a_result_that_no_database_takes_is_kept_as_what_it_takes(stepped: Stepped, data: Any, kept: str) -> None:
    doing(stepped, lambda: Succeeded(data))
    event = stepped.schedule()
    stepped.settle()
    assert stepped.runs(event)[0].result == kept
    assert stepped.event(event).status is EventStatus.SUCCEEDED


class Stubborn(dict[str, int]):
    """Cannot be written down in any way."""

    def items(self) -> Any:
        message = "no items"
        raise KeyError(message)

    def __repr__(self) -> str:
        message = "no repr"
        raise KeyError(message)


def test_a_result_that_cannot_be_written_down_does_not_stop_anything(stepped: Stepped) -> None:
    doing(stepped, lambda: Succeeded(Stubborn(a=1)))
    event, other = stepped.schedule(), stepped.schedule()
    stepped.settle()
    assert {stepped.event(one).status for one in (event, other)} <= {EventStatus.SUCCEEDED, EventStatus.FAILED}
    assert all(run.result or run.error for run in stepped.runs())


def test_a_huge_result_is_cut(stepped: Stepped) -> None:
    doing(stepped, lambda: Succeeded("x" * 1_000_000))
    event = stepped.schedule()
    stepped.settle()
    result = stepped.runs(event)[0].result
    assert result is not None
    assert len(result.encode()) <= 64 * 1024
    assert result.endswith("(cut)")


def test_a_failed_attempt_is_tried_again_after_a_growing_wait(stepped: Stepped) -> None:
    wait = timedelta(seconds=60)
    doing(stepped, lambda: Failed("not yet"), retry=Retry(attempts=3, first=wait, factor=3, jitter=0))
    event = stepped.schedule()
    starts: list[timedelta] = []
    for _ in range(20):
        stepped.settle()
        if len(stepped.runs(event)) > len(starts):
            starts.append(stepped.clock.now() - NOW)
        stepped.pass_time(30)
    assert starts == [timedelta(0), wait, 4 * wait]
    assert [run.final for run in stepped.runs(event)] == [False, False, True]
    assert [run.attempt for run in stepped.runs(event)] == [1, 2, 3]
    assert {run.due_at for run in stepped.runs(event)} == {NOW}
    assert stepped.event(event).status is EventStatus.FAILED
    assert stepped.event(event).failures == 3


def test_a_failure_that_says_so_is_not_tried_again(stepped: Stepped) -> None:
    doing(stepped, lambda: Failed("never", retry=False), retry=Retry(attempts=9))
    event = stepped.schedule()
    stepped.settle()
    assert stepped.event(event).status is EventStatus.FAILED


def test_a_retry_after_the_end_of_the_calendar_does_not_stop_anything(stepped: Stepped) -> None:
    longest = timedelta(days=3650)
    doing(stepped, lambda: Failed("no"), retry=Retry(attempts=3, first=longest, longest=longest, jitter=0))
    stepped.clock.move_to(NOW.replace(year=9995))
    event, other = stepped.schedule(), stepped.schedule()
    stepped.settle()
    assert {stepped.event(one).status for one in (event, other)} == {EventStatus.FAILED}
    assert [run.error for run in stepped.runs()] == [
        "what the job returned could not be stored: OverflowError: date value out of range"
    ] * 2


def test_a_snooze_costs_no_failure_and_keeps_the_due_time(stepped: Stepped) -> None:
    answers = [Snoozed(NOW + timedelta(hours=1), "busy"), Snoozed(NOW, "past"), Succeeded()]
    doing(stepped, lambda: answers.pop(0))
    event = stepped.schedule()
    stepped.settle()
    snoozed = stepped.event(event)
    assert (snoozed.due_at, snoozed.ready_at) == (NOW, NOW + timedelta(hours=1))
    assert snoozed.status_reason == "snoozed: busy"
    stepped.pass_time(3599)
    stepped.settle()
    assert len(stepped.runs(event)) == 1
    stepped.pass_time(1)
    stepped.settle()
    assert [run.status for run in stepped.runs(event)] == ["snoozed", "snoozed", "succeeded"]
    assert stepped.event(event).failures == 0


def test_every_attempt_at_one_due_time_has_the_same_idempotency_key(stepped: Stepped) -> None:
    keys = []

    @stepped.job()
    class Job(ScheduledEventJob):
        retry = Retry(attempts=2, first=timedelta(0))

        def run(self) -> None:
            keys.append(self.idempotency_key)
            message = "no"
            raise RuntimeError(message)

    first, second = stepped.schedule(), stepped.schedule()
    stepped.settle()
    assert sorted(keys) == sorted(2 * [f"{event.event_id}@20260302T120000.000000Z" for event in (first, second)])


def test_nothing_starts_when_the_lease_is_nearly_over(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    called: list[int] = []
    doing(stepped, lambda: called.append(1))
    event = stepped.schedule()
    stepped.step()
    assert stepped.event(event).status is EventStatus.RUNNING
    stepped.pass_time(23, beat=False)  # the lease is 30 s and a quarter of it is its margin
    executor.run()
    stepped.worker.outbox.flush()
    assert not called
    after = stepped.event(event)
    assert (after.status, after.attempt) == (EventStatus.SCHEDULED, 0)
    assert "lease" in after.status_reason
    assert not stepped.runs()


def test_a_start_that_is_refused_calls_no_job(make_stepped: MakeStepped) -> None:
    """Another worker has the event by now: this one finds out before its job does anything."""
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    called: list[int] = []
    doing(stepped, lambda: called.append(1), on_lost=OnLost.HOLD)
    lost, kept = stepped.schedule(), stepped.schedule()
    stepped.step()
    stepped.tamper(lost, claim_token=stepped.event(lost).claim_token + 1)
    executor.run()
    stepped.worker.outbox.flush()
    assert len(called) == 1
    assert stepped.event(kept).status is EventStatus.SUCCEEDED


def test_a_start_is_on_record_while_the_job_runs(stepped: Stepped) -> None:
    seen = []
    doing(stepped, lambda: seen.append(stepped.events()[0].started_at), on_lost=OnLost.FAIL)
    stepped.schedule()
    stepped.settle()
    assert seen == [NOW]


def test_no_start_is_recorded_for_types_that_may_simply_be_repeated(stepped: Stepped) -> None:
    seen = []
    doing(stepped, lambda: seen.append(stepped.events()[0].started_at), on_lost=OnLost.RETRY)
    stepped.schedule()
    stepped.settle()
    assert seen == [None]


def test_a_start_that_cannot_be_recorded_gives_the_event_back(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    called: list[int] = []
    doing(stepped, lambda: called.append(1), on_lost=OnLost.HOLD)
    event = stepped.schedule()
    stepped.step()
    stepped.store.away = True
    executor.run()
    stepped.store.away = False
    stepped.worker.outbox.flush()
    assert not called
    assert stepped.event(event).status is EventStatus.SCHEDULED
    assert stepped.event(event).attempt == 0
    stepped.step()
    executor.run()
    stepped.worker.outbox.flush()
    assert stepped.event(event).status is EventStatus.SUCCEEDED


def test_the_rest_of_a_slow_chunk_is_given_back(stepped: Stepped) -> None:
    """A chunk is formed by how long the type took so far; when that changes, others may take its rest."""

    def deed() -> None:
        if slow:
            stepped.clock.elapsed += 0.4

    slow: list[int] = []
    doing(stepped, deed)
    stepped.schedule()
    stepped.settle()
    slow.append(1)
    events = [stepped.schedule() for _ in range(20)]
    stepped.step()
    ended = [stepped.event(event) for event in events]
    assert [event.status for event in ended] == [EventStatus.SUCCEEDED] * 3 + [EventStatus.SCHEDULED] * 17
    assert {event.attempt for event in ended[3:]} == {0}


def test_a_run_keeps_the_class_it_was_claimed_with(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    called: list[int] = []
    doing(stepped, lambda: called.append(1), retry=Retry(attempts=2, first=timedelta(hours=1), jitter=0))
    event = stepped.schedule()
    stepped.step()
    stepped.forget()
    executor.run()
    stepped.worker.outbox.flush()
    assert called == [1]
    assert stepped.event(event).status is EventStatus.SUCCEEDED
