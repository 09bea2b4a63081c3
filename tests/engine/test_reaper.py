"""Workers that stop beating, and what becomes of what they left running."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.engine.stepped import NOW, QueuedExecutor, Stepped

from duetime.core.errors import DatabaseUnavailable
from duetime.core.events import Event
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus
from duetime.jobs.base import ScheduledEventJob
from duetime.schedule import Periodic

MakeStepped = Callable[..., Stepped]


@pytest.fixture
def first(make_stepped: MakeStepped) -> Stepped:
    """The worker that will be missed."""
    return make_stepped(executor=QueuedExecutor())


@pytest.fixture
def second(make_stepped: MakeStepped, first: Stepped) -> Stepped:
    """The worker that will miss it; it can run what the first one can, and knows it after one look."""
    second = make_stepped()
    second.worker.reaper.round()
    return second


def both(first: Stepped, second: Stepped, **attributes: Any) -> list[str]:
    """Register the same job with both; it notes who ran it."""
    notes: list[str] = []
    for name, stepped in (("first", first), ("second", second)):

        class Job(ScheduledEventJob):
            who = name

            def run(self) -> None:
                notes.append(self.who)

        for attribute, value in attributes.items():
            setattr(Job, attribute, value)
        stepped.job()(Job)
    return notes


def watch(stepped: Stepped, seconds: float, *, step: float = 5) -> None:
    """Let time pass in which this worker beats and watches the others."""
    for _ in range(int(seconds / step)):
        stepped.pass_time(step)
        stepped.worker.reaper.round()


def start_of(stepped: Stepped, event: Event) -> None:
    """Record that the job of a claimed event was called, as its worker would just before."""
    stepped.tamper(event, started_at=stepped.clock.now())


def test_a_silent_worker_loses_its_events_after_one_lease_and_not_before(first: Stepped, second: Stepped) -> None:
    notes = both(first, second)
    event = first.schedule()
    first.step()
    watch(second, 25)
    assert second.event(event).status is EventStatus.RUNNING
    watch(second, 5)
    lost = second.event(event)
    assert (lost.status, lost.failures, lost.session_id) == (EventStatus.SCHEDULED, 1, None)
    second.settle()
    assert notes == ["second"]
    assert [(run.status, run.attempt, run.final) for run in second.runs(event)] == [
        (RunStatus.LOST, 1, False),
        (RunStatus.SUCCEEDED, 2, True),
    ]


def test_a_worker_that_beats_is_never_missed(first: Stepped, second: Stepped) -> None:
    both(first, second)
    event = first.schedule()
    first.step()
    for _ in range(100):
        second.pass_time(7)
        first.worker.heartbeat.round()
        second.worker.reaper.round()
    assert second.event(event).status is EventStatus.RUNNING


@pytest.mark.parametrize(
    ("on_lost", "started", "status", "runs"),
    [
        (OnLost.HOLD, True, EventStatus.HELD, [RunStatus.LOST]),
        (OnLost.HOLD, False, EventStatus.SCHEDULED, []),
        (OnLost.FAIL, True, EventStatus.FAILED, [RunStatus.LOST]),
        (OnLost.FAIL, False, EventStatus.SCHEDULED, []),
        (OnLost.RETRY, False, EventStatus.SCHEDULED, [RunStatus.LOST]),
    ],
)
def test_on_lost_decides_about_what_had_started(
    first: Stepped, second: Stepped, on_lost: OnLost, started: bool, status: EventStatus, runs: list[RunStatus]
) -> None:
    both(first, second, on_lost=on_lost)
    event = first.schedule()
    first.step()
    if started:
        start_of(first, event)
    watch(second, 35)
    after = second.event(event)
    assert after.status is status
    assert [run.status for run in second.runs(event)] == runs
    assert after.attempt == len(runs)
    if status is EventStatus.HELD:
        assert after.status_reason.startswith("outcome unknown: lost:")


def test_one_that_takes_its_worker_along_fails_after_three_times(first: Stepped, second: Stepped) -> None:
    both(first, second)
    event = first.schedule()
    for lives in (3, 2, 1):
        first.worker.heartbeat.round()
        first.step()
        start_of(first, event)
        assert second.event(event).status is EventStatus.RUNNING, lives
        watch(second, 40)
    assert second.event(event).status is EventStatus.FAILED
    assert [run.status for run in second.runs(event)] == [RunStatus.LOST] * 3
    assert [run.final for run in second.runs(event)] == [False, False, True]


def test_one_that_only_waited_beside_it_does_not_fail_with_it(first: Stepped, second: Stepped) -> None:
    both(first, second)
    event = first.schedule()
    for _ in range(5):
        first.worker.heartbeat.round()
        first.step()
        assert second.event(event).status is EventStatus.RUNNING
        watch(second, 40)
    after = second.event(event)
    assert (after.status, after.failures, after.attempt) == (EventStatus.SCHEDULED, 1, 1)
    assert [run.status for run in second.runs(event)] == [RunStatus.LOST]


def test_a_lost_attempt_waits_as_its_retry_policy_says(first: Stepped, second: Stepped) -> None:
    both(first, second, retry=Retry(attempts=5, first=timedelta(minutes=10), jitter=0))
    event = first.schedule()
    first.step()
    watch(second, 30)
    after = second.event(event)
    assert after.ready_at == second.clock.now() + timedelta(minutes=10)
    assert after.due_at == NOW


def test_a_recurring_event_goes_on(first: Stepped, second: Stepped) -> None:
    both(first, second, on_lost=OnLost.FAIL)
    event = first.schedule(when=Periodic(hours=1))
    first.pass_time(3600)
    first.step()
    start_of(first, event)
    second.worker.reaper.round()
    watch(second, 35)
    after = second.event(event)
    assert (after.status, after.due_at) == (EventStatus.SCHEDULED, NOW + timedelta(hours=2))
    assert [(run.status, run.final) for run in second.runs(event)] == [(RunStatus.LOST, True)]


@pytest.mark.parametrize(("verb", "status"), [("cancel", "failed"), ("pause", "paused")])
def test_what_was_asked_of_it_meanwhile_is_heard(first: Stepped, second: Stepped, verb: str, status: str) -> None:
    both(first, second)
    event = first.schedule()
    first.step()
    getattr(second.client, verb)(event.event_id, actor="ada")
    watch(second, 35)
    assert second.event(event).status == status


def test_the_worker_that_was_given_up_writes_nothing_any_more(first: Stepped, second: Stepped) -> None:
    notes = both(first, second)
    event = first.schedule()
    first.step()
    # It is stopped in the middle of its job, and goes on when others have done its work.
    unit = first.executor.tasks.popleft()  # type: ignore[attr-defined]

    class Frozen(ScheduledEventJob):
        def run(self) -> None:
            notes.append("first")
            watch(second, 35)
            second.settle()

    first.forget()
    first.job()(Frozen)
    claims = unit.args[0].claims
    handler = first.worker.catalogue.get("test.job")
    unit.func(type(unit.args[0])(claims, handler, unit.args[0].session_id))
    first.worker.outbox.flush()
    assert notes == ["first", "second"]
    assert [run.status for run in second.runs(event)] == [RunStatus.LOST, RunStatus.SUCCEEDED]
    assert second.runs(event)[1].session_id == second.worker.session.session_id
    assert not len(first.worker.in_flight)


def test_a_database_that_was_away_kills_nobody(first: Stepped, second: Stepped) -> None:
    both(first, second)
    event = first.schedule()
    first.step()
    watch(second, 10)
    second.store.away = True
    for _ in range(20):
        second.pass_time(5, beat=False)
        with pytest.raises(DatabaseUnavailable):
            second.worker.reaper.round()
    second.store.away = False
    second.worker.heartbeat.round()
    second.worker.reaper.round()
    assert second.event(event).status is EventStatus.RUNNING
    watch(second, 25)
    assert second.event(event).status is EventStatus.RUNNING
    watch(second, 5)
    assert second.event(event).status is EventStatus.SCHEDULED


def test_a_machine_that_stood_still_kills_nobody(first: Stepped, second: Stepped) -> None:
    """Both processes were stopped together: the one that wakes first must not judge by a time it did not watch."""
    both(first, second)
    event = first.schedule()
    first.step()
    second.pass_time(3600, beat=False)
    second.worker.reaper.round()
    assert second.event(event).status is EventStatus.RUNNING
    first.worker.heartbeat.round()
    watch(second, 25)
    assert second.event(event).status is EventStatus.RUNNING


def test_a_database_that_kept_everybody_waiting_kills_nobody(first: Stepped, second: Stepped) -> None:
    both(first, second)
    event = first.schedule()
    first.step()
    watch(second, 25)
    second.pass_time(5)

    def wait() -> None:
        second.clock.elapsed += 14

    second.store.before_write = wait
    second.worker.reaper.round()
    assert second.event(event).status is EventStatus.RUNNING


def test_a_beat_between_the_look_and_the_verdict_counts(first: Stepped, second: Stepped) -> None:
    both(first, second)
    event = first.schedule()
    first.step()
    watch(second, 25)
    second.pass_time(5)
    second.store.before_write = first.worker.heartbeat.round
    second.worker.reaper.round()
    assert second.event(event).status is EventStatus.RUNNING
    assert first.worker.session.session_id == 1


def test_wall_clocks_play_no_part(first: Stepped, second: Stepped) -> None:
    both(first, second)
    event = first.schedule()
    first.step()
    for hours in (1, -2, 48):
        second.clock.move_to(second.clock.now() + timedelta(hours=hours))
        second.worker.reaper.round()
        second.worker.heartbeat.round()
    assert second.event(event).status is EventStatus.RUNNING


def test_nobody_declares_itself_lost(stepped: Stepped) -> None:
    for _ in range(20):
        stepped.pass_time(5, beat=False)
        stepped.worker.reaper.round()
    with stepped.store.read() as tx:
        assert [session.status for session in tx.sessions.latest()] == ["alive"]


def test_many_orphans_are_all_settled_at_once(first: Stepped, second: Stepped) -> None:
    both(first, second)
    first.worker._runner._durations.note("test.job", 0.0001)
    events = first.schedule_many(700)
    first.step()
    first.step()
    assert {event.status for event in second.events()} == {EventStatus.RUNNING}
    watch(second, 35)
    assert {event.status for event in second.events()} == {EventStatus.SCHEDULED}
    second.settle()
    assert len(second.runs()) == 2 * len(events)


def test_two_that_settle_the_same_orphans_do_it_once(make_stepped: MakeStepped, first: Stepped) -> None:
    second, third = make_stepped(), make_stepped()
    both(first, second)
    event = first.schedule()
    first.step()
    for _ in range(7):
        for stepped in (second, third):
            stepped.worker.heartbeat.round()
            stepped.worker.reaper.round()
        second.pass_time(5)
    assert len(second.runs(event)) == 1
