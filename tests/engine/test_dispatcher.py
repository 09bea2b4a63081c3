"""What is claimed, what is left alone, and what happens when the claim itself goes wrong."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from tests.engine.stepped import NOW, QueuedExecutor, Stepped

from duetime.core.errors import DatabaseUnavailable
from duetime.core.events import Event
from duetime.core.outcomes import Failed
from duetime.core.registration import Entry, Kind
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, RunStatus
from duetime.jobs.base import ScheduledEventJob
from duetime.schedule import Periodic

MakeStepped = Callable[..., Stepped]


def noting(stepped: Stepped, event_type: str = "test.job", **attributes: Any) -> list[int]:
    """Register a job that notes which event it serves; return the notes."""
    notes: list[int] = []

    class Job(ScheduledEventJob):
        def run(self) -> Any:
            assert self.scheduled_event_id is not None
            notes.append(self.scheduled_event_id)
            return stepped.answers.pop(0) if stepped.answers else None

    for name, value in attributes.items():
        setattr(Job, name, value)
    stepped.job(event_type)(Job)
    return notes


def test_nothing_starts_before_it_is_due(stepped: Stepped) -> None:
    notes = noting(stepped)
    event = stepped.schedule(when=NOW + timedelta(seconds=10))
    stepped.pass_time(9.999999)
    stepped.settle()
    assert not notes
    stepped.pass_time(0.000001)
    stepped.settle()
    assert notes == [event.event_id]


def test_the_oldest_start_first(stepped: Stepped) -> None:
    notes = noting(stepped)
    events = [stepped.schedule(when=NOW + timedelta(seconds=number)) for number in (3, 1, 2)]
    stepped.pass_time(10)
    stepped.settle()
    assert notes == [events[index].event_id for index in (1, 2, 0)]


def test_it_sleeps_until_something_is_due_and_never_longer_than_a_poll(stepped: Stepped) -> None:
    noting(stepped)
    assert stepped.worker.dispatcher.round() == 0.5
    stepped.schedule(when=NOW + timedelta(seconds=0.125))
    assert stepped.worker.dispatcher.round() == 0.125
    stepped.schedule(when=NOW + timedelta(days=1))
    stepped.pass_time(0.125)
    assert stepped.worker.dispatcher.round() == 0
    assert stepped.worker.dispatcher.round() == 0.5


def test_no_more_is_claimed_than_the_slots_can_take(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    noting(stepped)
    for _ in range(20):
        stepped.schedule()
    stepped.step()
    assert len(executor.tasks) == 8
    assert stepped.worker.dispatcher.round() == 0.5
    assert len(executor.tasks) == 8
    executor.run()
    stepped.settle()


def test_however_many_types_are_due_the_slots_get_the_oldest_and_others_the_rest(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    names = [f"test.job{number}" for number in range(30)]
    notes = [noting(stepped, name) for name in names]
    stepped.worker._runner._durations.note(names[0], 0.001)  # one quick type: a slot takes fifty of it
    events = [stepped.schedule(name, when=NOW + timedelta(seconds=number)) for number, name in enumerate(names[::-1])]
    stepped.pass_time(60)
    stepped.step()
    assert len(executor.tasks) == 16
    assert [event.status.value for event in stepped.events()] == ["running"] * 16 + ["scheduled"] * 14
    assert {event.attempt for event in stepped.events()[16:]} == {0}
    assert len(stepped.worker.in_flight) == 16
    executor.run()
    stepped.worker.outbox.flush()
    assert [event.status.value for event in stepped.events()] == ["succeeded"] * 16 + ["scheduled"] * 14
    for _ in range(3):
        stepped.step()
        executor.run()
    stepped.worker.outbox.flush()
    assert [note for one in notes[::-1] for note in one] == [event.event_id for event in events]


def test_many_slow_types_are_not_claimed_all_at_once(make_stepped: MakeStepped) -> None:
    stepped = make_stepped(executor=QueuedExecutor())
    for number in range(30):
        noting(stepped, f"test.job{number}")
        stepped.schedule(f"test.job{number}")
    stepped.worker.dispatcher.round()
    assert len(stepped.events(statuses=(EventStatus.RUNNING,))) == 16
    assert not len(stepped.worker.outbox)


def test_events_of_unknown_types_are_left_alone_however_many_are_due(stepped: Stepped) -> None:
    notes = noting(stepped)
    stepped.schedule_many(1000, "nobody.knows", allow_unknown=True, expires_after=timedelta(minutes=1))
    stepped.pass_time(3600)
    event = stepped.schedule()
    stepped.settle()
    assert notes == [event.event_id]
    waiting = stepped.events(event_type="nobody.knows")
    assert {(one.status, one.attempt, one.claim_token) for one in waiting} == {(EventStatus.SCHEDULED, 0, 0)}
    assert len(stepped.runs()) == 1


def test_they_run_once_somebody_knows_them(stepped: Stepped) -> None:
    event = stepped.schedule("late.comer", allow_unknown=True)
    stepped.settle()
    notes = noting(stepped, "late.comer")
    stepped.settle()
    assert notes == [event.event_id]


def test_a_type_that_was_unloaded_waits_and_expires_only_when_it_is_back(stepped: Stepped) -> None:
    notes = noting(stepped)
    kept = stepped.schedule()
    expiring = stepped.schedule(expires_after=timedelta(minutes=1))
    stepped.forget()
    stepped.pass_time(3600)
    stepped.settle()
    assert {one.status for one in stepped.events()} == {EventStatus.SCHEDULED}
    notes = noting(stepped)
    stepped.settle()
    assert notes == [kept.event_id]
    assert stepped.event(expiring).status is EventStatus.EXPIRED


# Expiry.


def test_a_one_off_that_is_too_late_expires_and_does_not_run(stepped: Stepped) -> None:
    notes = noting(stepped)
    in_time = stepped.schedule(expires_after=timedelta(hours=1))
    too_late = stepped.schedule(expires_after=timedelta(minutes=59, seconds=59))
    stepped.pass_time(3599)
    stepped.settle()
    assert notes == [in_time.event_id]
    assert stepped.event(too_late).status is EventStatus.EXPIRED
    (run,) = stepped.runs(too_late)
    assert (run.status, run.final, run.started_at) == (RunStatus.EXPIRED, True, None)
    assert run.reason == "past its expiry at 2026-03-02 12:59:59 UTC"


def test_a_retry_expires_too(stepped: Stepped) -> None:
    notes = noting(stepped, retry=Retry(attempts=5, first=timedelta(minutes=10), jitter=0))
    stepped.answers.append(Failed("not now"))
    event = stepped.schedule(expires_after=timedelta(minutes=5))
    stepped.settle()
    stepped.pass_time(600)
    stepped.settle()
    assert notes == [event.event_id]
    assert [run.status for run in stepped.runs(event)] == [RunStatus.FAILED, RunStatus.EXPIRED]
    assert [run.final for run in stepped.runs(event)] == [False, True]


def test_a_destructive_type_expires_after_a_day(stepped: Stepped) -> None:
    notes = noting(stepped, destructive=True)
    early, late = stepped.schedule(), stepped.schedule(expires_after=timedelta(days=3))
    stepped.pass_time(24 * 3600)
    stepped.settle()
    assert notes == [late.event_id]
    assert stepped.event(early).status is EventStatus.EXPIRED


def test_a_recurring_event_never_expires(stepped: Stepped) -> None:
    noting(stepped)
    event = stepped.schedule(when=Periodic(hours=1), expires_after=timedelta(seconds=1))
    assert event.expires_at is None


# A claim that goes wrong.


def claimed(stepped: Stepped) -> list[Event]:
    return stepped.events(statuses=(EventStatus.RUNNING,))


def test_a_claim_whose_answer_was_lost_is_given_back_and_made_again(stepped: Stepped) -> None:
    notes = noting(stepped)
    events = [stepped.schedule() for _ in range(3)]
    stepped.store.breaks_after = 0
    stepped.fail_step()
    assert len(claimed(stepped)) == 3
    assert not notes
    stepped.settle()
    assert sorted(notes) == [event.event_id for event in events]
    assert [run.attempt for run in stepped.runs()] == [1, 1, 1]
    assert not len(stepped.worker.in_flight)


def test_what_runs_meanwhile_is_not_given_back(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    notes = noting(stepped)
    running = stepped.schedule()
    stepped.step()
    lost = stepped.schedule()
    stepped.store.breaks_after = 0
    stepped.fail_step()
    stepped.step()
    assert stepped.event(running).status is EventStatus.RUNNING
    assert stepped.event(lost).status is EventStatus.SCHEDULED
    stepped.step()
    executor.run()
    stepped.settle()
    assert sorted(notes) == [running.event_id, lost.event_id]


def test_a_database_that_goes_away_right_after_the_claim_loses_nothing(stepped: Stepped) -> None:
    notes = noting(stepped)
    stepped.add()
    event = stepped.schedule(resource_id="instance:99:us-east-1:i-1:")

    def leave() -> None:
        stepped.store.away = True

    stepped.store.after_write = leave
    stepped.fail_step()  # the account of its resource cannot be looked up
    stepped.store.away = False
    stepped.settle()
    assert notes == [event.event_id]


def _break(*_args: Any, **_parts: Any) -> Any:
    raise RuntimeError("unforeseen")


@pytest.mark.parametrize("broken", ["duetime.engine.judging.Judge.readable", "duetime.engine.dispatcher.form_units"])
def test_an_unforeseen_fault_before_the_start_puts_events_off(
    stepped: Stepped, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, broken: str
) -> None:
    notes = noting(stepped)
    event = stepped.schedule()
    with monkeypatch.context() as patch:
        patch.setattr(broken, _break)
        stepped.step()
    after = stepped.event(event)
    assert (after.status, after.attempt) == (EventStatus.SCHEDULED, 0)
    assert after.ready_at == NOW + timedelta(seconds=60)
    assert after.status_reason == "the worker failed to start it: RuntimeError"
    assert f"dispatch.failed event_ids=[{event.event_id}]" in caplog.text
    stepped.pass_time(60)
    stepped.settle()
    assert notes == [event.event_id]
    assert not len(stepped.worker.in_flight)


def test_a_lost_session_claims_nothing(stepped: Stepped) -> None:
    notes = noting(stepped)
    event = stepped.schedule()
    session_id = stepped.worker.session.session_id
    assert session_id is not None
    with stepped.store.write() as tx:
        (session,) = tx.sessions.alive()
        assert tx.sessions.declare_lost(session_id, beat_seen=session.beat)
    stepped.settle()
    assert not notes
    assert stepped.event(event).claim_token == 0
    stepped.worker.heartbeat.round()
    assert stepped.worker.session.session_id != session_id
    stepped.settle()
    assert notes == [event.event_id]


def test_a_worker_without_a_session_claims_nothing(stepped: Stepped) -> None:
    notes = noting(stepped)
    stepped.schedule()
    stepped.worker.session.lost()
    stepped.settle()
    assert not notes


def test_a_broken_job_class_stops_no_other(stepped: Stepped) -> None:
    notes = noting(stepped)
    stepped.app.registries.add(Entry(Kind.EVENT_TYPE, "test.broken", type("Broken", (), {"retry": 5})), owner="x")
    stepped.app.registries.add(Entry(Kind.EVENT_TYPE, "test.no_class", 5), owner="x")
    stepped.worker.plugins.round()
    broken = stepped.schedule("test.broken", allow_unknown=True)
    event = stepped.schedule()
    stepped.settle()
    assert notes == [event.event_id]
    assert stepped.event(broken).status is EventStatus.SCHEDULED


def test_every_error_of_the_database_reaches_the_loop(stepped: Stepped) -> None:
    noting(stepped)
    stepped.store.away = True
    with pytest.raises(DatabaseUnavailable):
        stepped.worker.dispatcher.round()
