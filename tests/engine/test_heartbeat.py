"""Beats, the session they keep, and what a worker hears while it beats."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from tests.engine.stepped import NOW, QueuedExecutor, Stepped

from duetime.core.events import OnExisting
from duetime.core.outcomes import Failed, Snoozed
from duetime.core.registration import Registries
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, RunStatus
from duetime.engine.session import Session
from duetime.engine.worker import WorkerSettings
from duetime.jobs.base import ScheduledEventJob
from duetime.schedule import Periodic
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.testing.clock import ManualClock

MakeStepped = Callable[..., Stepped]


class TestSession:
    """How long a worker may believe in its lease."""

    def test_nothing_may_start_without_a_session(self) -> None:
        assert not Session(clock=ManualClock(NOW), lease_seconds=30).may_start(1)

    def test_a_lease_is_counted_from_before_the_beat_was_sent_and_leaves_a_margin(self) -> None:
        clock = ManualClock(NOW)
        session = Session(clock=clock, lease_seconds=30)
        session.opened(7, sent_at=0)
        clock.elapsed = 22.4
        assert session.may_start(7)
        clock.elapsed = 22.5
        assert not session.may_start(7)
        session.beaten(7, sent_at=20)
        assert session.may_start(7)
        assert not session.may_start(8)

    def test_a_late_answer_never_shortens_and_another_session_never_prolongs(self) -> None:
        clock = ManualClock(NOW)
        session = Session(clock=clock, lease_seconds=30)
        session.opened(7, sent_at=20)
        session.beaten(7, sent_at=10)
        session.beaten(6, sent_at=1000)
        clock.elapsed = 42.4
        assert session.may_start(7)
        clock.elapsed = 42.6
        assert not session.may_start(7)
        session.lost()
        assert session.session_id is None

    def test_wall_time_plays_no_part(self) -> None:
        clock = ManualClock(NOW)
        session = Session(clock=clock, lease_seconds=30)
        session.opened(7, sent_at=0)
        clock.move_to(NOW + timedelta(days=1))
        assert session.may_start(7)


def test_a_session_is_one_row_that_grows_with_each_beat(stepped: Stepped) -> None:
    for _ in range(3):
        stepped.worker.heartbeat.round()
    with stepped.store.read() as tx:
        (session,) = tx.sessions.latest()
    assert (session.status, session.beat, session.lease_seconds, session.slots) == ("alive", 3, 30, 8)
    assert "divvy.stop_resource" in session.event_types


def test_it_beats_four_times_in_a_lease(stepped: Stepped) -> None:
    assert stepped.worker.heartbeat.round() == 7.5


@pytest.mark.parametrize(("lease_seconds", "longest"), [(30, 5), (4, 1), (1, 0.25)])
def test_after_a_break_it_is_back_within_a_beat(make_stepped: MakeStepped, lease_seconds: int, longest: float) -> None:
    """However long the database was away, nobody may have counted a lease before this worker beats again."""
    stepped = make_stepped(settings=WorkerSettings(lease_seconds=lease_seconds))
    stepped.store.away = True
    pauses = [stepped.worker.heartbeat._guarded_round() for _ in range(10)]
    assert pauses == sorted(pauses)
    assert pauses[0] == min(0.5, longest)
    assert pauses[-1] == longest


def test_a_lost_session_is_replaced_and_its_jobs_are_told(make_stepped: MakeStepped) -> None:
    stepped = make_stepped()
    seen: list[Any] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            with stepped.store.write() as tx:
                (session,) = tx.sessions.alive()
                assert tx.sessions.declare_lost(session.session_id, beat_seen=session.beat)
            seen.append(self.cancel_requested)
            stepped.worker.heartbeat.round()
            seen.append(self.cancel_requested)

    stepped.schedule()
    stepped.step()
    assert seen == [False, True]
    assert stepped.worker.session.session_id == 2
    with stepped.store.read() as tx:
        assert [session.status for session in tx.sessions.latest()] == ["alive", "lost"]


def running(stepped: Stepped, during: Callable[[int], Any], answer: Any = None, **attributes: Any) -> None:
    """Register a job during which something is asked of its event."""

    class Job(ScheduledEventJob):
        def run(self) -> Any:
            assert self.scheduled_event_id is not None
            during(self.scheduled_event_id)
            return answer

    for name, value in attributes.items():
        setattr(Job, name, value)
    stepped.job()(Job)


def test_a_job_sees_that_it_shall_stop(stepped: Stepped) -> None:
    seen: list[bool] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            assert self.scheduled_event_id is not None
            stepped.client.pause(self.scheduled_event_id, actor="ada")
            stepped.worker.heartbeat.round()
            seen.append(self.cancel_requested)
            stepped.client.cancel(self.scheduled_event_id, actor="ada")
            stepped.worker.heartbeat.round()
            seen.append(self.cancel_requested)

    event = stepped.schedule()
    stepped.settle()
    assert seen == [False, True]
    # It ended with its true outcome all the same.
    assert stepped.event(event).status is EventStatus.SUCCEEDED


RETRY = Retry(attempts=5, first=timedelta(seconds=1), jitter=0)


@pytest.mark.parametrize(
    ("verb", "answer", "recurring", "status", "run"),
    [
        ("cancel", None, True, EventStatus.CANCELLED, RunStatus.SUCCEEDED),
        ("cancel", Failed("no"), False, EventStatus.FAILED, RunStatus.FAILED),
        ("cancel", Failed("no"), True, EventStatus.CANCELLED, RunStatus.FAILED),
        ("cancel", Snoozed(NOW + timedelta(days=1)), False, EventStatus.CANCELLED, RunStatus.CANCELLED),
        ("pause", None, True, EventStatus.PAUSED, RunStatus.SUCCEEDED),
        ("pause", None, False, EventStatus.SUCCEEDED, RunStatus.SUCCEEDED),
        ("pause", Failed("no"), False, EventStatus.PAUSED, RunStatus.FAILED),
        ("pause", Snoozed(NOW + timedelta(days=1)), True, EventStatus.PAUSED, RunStatus.SNOOZED),
    ],
)
def test_what_is_asked_while_it_runs_applies_when_it_ends(
    stepped: Stepped, verb: str, answer: Any, recurring: bool, status: EventStatus, run: RunStatus
) -> None:
    running(stepped, lambda event_id: getattr(stepped.client, verb)(event_id, actor="ada"), answer, retry=RETRY)
    event = stepped.schedule(when=Periodic(minutes=1) if recurring else NOW)
    stepped.pass_time(60)
    stepped.settle()
    assert stepped.event(event).status is status
    assert stepped.event(event).wish is None
    assert [one.status for one in stepped.runs(event)] == [run]
    if status is EventStatus.PAUSED:
        stepped.client.resume(event.event_id, actor="ada")
        assert stepped.event(event).status is EventStatus.SCHEDULED


def test_resuming_while_it_runs_takes_the_pause_back(stepped: Stepped) -> None:
    def during(event_id: int) -> None:
        stepped.client.pause(event_id, actor="ada")
        stepped.client.resume(event_id, actor="ada")

    running(stepped, during)
    event = stepped.schedule(when=Periodic(minutes=1))
    stepped.pass_time(60)
    stepped.settle()
    assert stepped.event(event).status is EventStatus.SCHEDULED


def ask(stepped: Stepped, when: datetime, on_existing: OnExisting = OnExisting.REPLACE) -> None:
    """Ask for the one event of a bot and resource."""
    bot = type("Bot", (), {"bot_id": 1, "name": "nightly", "owner": None})()
    with ScheduledEventTracker(stepped.client) as tracker:
        tracker.schedule_bot_event(
            bot=bot,
            resource="instance:10:us-east-1:i-1:",
            event_type="test.job",
            schedule_data=when,
            on_existing=on_existing,
        )


def test_one_that_is_replaced_while_it_runs_ends_and_the_new_one_stays(stepped: Stepped) -> None:
    def by_somebody_else(_event_id: int) -> None:
        thread = Thread(target=ask, args=(stepped, NOW + timedelta(hours=1)))
        thread.start()
        thread.join()

    running(stepped, by_somebody_else, Failed("no"), retry=RETRY)
    ask(stepped, NOW)
    stepped.settle()
    old, new = stepped.events()
    assert (old.status, new.status) == (EventStatus.FAILED, EventStatus.SCHEDULED)
    assert new.due_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize("on_existing", [OnExisting.KEEP, OnExisting.REPLACE])
def test_a_job_may_ask_for_itself_again(stepped: Stepped, on_existing: OnExisting) -> None:
    """Its own key is free when its run has ended, and what it asked for is written with that end."""
    running(stepped, lambda _event_id: ask(stepped, NOW + timedelta(hours=1), on_existing))
    ask(stepped, NOW)
    stepped.settle()
    old, new = stepped.events()
    assert (old.status, new.status) == (EventStatus.SUCCEEDED, EventStatus.SCHEDULED)
    assert new.due_at == NOW + timedelta(hours=1)


def test_a_wish_between_the_claim_and_the_start_is_heard_too(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    running(stepped, lambda _event_id: None)
    event = stepped.schedule(when=Periodic(minutes=1))
    stepped.pass_time(60)
    stepped.step()
    stepped.client.cancel(event.event_id, actor="ada")
    executor.run()
    stepped.worker.outbox.flush()
    assert stepped.event(event).status is EventStatus.CANCELLED


def test_registries_of_two_apps_are_their_own(make_stepped: MakeStepped) -> None:
    one, other = make_stepped(), make_stepped()
    running(one, lambda _event_id: None)
    assert isinstance(one.app.registries, Registries)
    assert "test.job" in one.app.registries.event_types
    assert "test.job" not in other.app.registries.event_types
