"""Recurring events: each due time gets one answer, the missed ones too, with the reason why they were missed."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from tests.engine.stepped import NOW, Stepped

from duetime.core.events import Event
from duetime.core.outcomes import Failed, OutcomeUnknown, Snoozed
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus
from duetime.jobs.base import ScheduledEventJob
from duetime.schedule import Cron, Daily, Periodic
from duetime.store.tables import runs

HOUR = timedelta(hours=1)
HOURLY = Periodic(hours=1)


@pytest.fixture
def started(stepped: Stepped) -> list[Any]:
    """Register a job that notes which due time it was called for; return the notes."""
    notes: list[Any] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> Any:
            notes.append(self.context.occurrences[0][1])
            return stepped.answers.pop(0) if stepped.answers else None

    return notes


def hourly(stepped: Stepped, **parts: Any) -> Event:
    """Schedule an event for every hour from one hour from now on."""
    return stepped.schedule(when=HOURLY, **parts)


def hours(*numbers: float) -> list[Any]:
    return [NOW + number * HOUR for number in numbers]


def test_each_due_time_runs_once_and_the_next_one_is_set(stepped: Stepped, started: list[Any]) -> None:
    event = hourly(stepped)
    for _ in range(3 * 60):
        stepped.pass_time(60)
        stepped.settle()
    assert started == hours(1, 2, 3)
    after = stepped.event(event)
    assert (after.status, after.due_at, after.attempt) == (EventStatus.SCHEDULED, NOW + 4 * HOUR, 0)
    assert [(run.due_at, run.status, run.final) for run in stepped.runs(event)] == [
        (due_at, RunStatus.SUCCEEDED, True) for due_at in hours(1, 2, 3)
    ]


@pytest.mark.parametrize(
    ("catch_up", "ran", "skipped"),
    [
        ("latest", hours(5), [(*hours(1, 4), 4)]),
        ("all", hours(1, 2, 3, 4, 5), []),
        ("skip", [], [(*hours(1, 5), 5)]),
    ],
)
def test_after_an_outage_the_catch_up_rule_decides(
    stepped: Stepped, started: list[Any], catch_up: str, ran: list[Any], skipped: list[Any]
) -> None:
    event = hourly(stepped, catch_up=catch_up)
    stepped.pass_time(5.5 * 3600)
    stepped.settle()
    assert started == ran
    missed = [run for run in stepped.runs(event) if run.status is RunStatus.SKIPPED]
    assert [(run.due_at, run.covers_until, run.covers_count) for run in missed] == skipped
    assert {run.reason for run in missed} <= {f"missed ({catch_up} applies): no worker with a handler was running"}
    assert all(run.final and run.started_at is None for run in missed)
    assert stepped.event(event).due_at == NOW + 6 * HOUR
    stepped.pass_time(1800)
    stepped.settle()
    assert started == [*ran, *hours(6)]


def test_a_skipped_time_that_is_hardly_late_still_runs(stepped: Stepped, started: list[Any]) -> None:
    hourly(stepped, catch_up="skip")
    stepped.pass_time(3600 + 59)
    stepped.settle()
    assert started == hours(1)


def test_the_class_says_what_applies_when_the_event_does_not(stepped: Stepped) -> None:
    @stepped.job("test.strict")
    class Job(ScheduledEventJob):
        catch_up = "skip"

        def run(self) -> None:
            raise AssertionError

    event = hourly(stepped, event_type="test.strict")
    stepped.pass_time(3.5 * 3600)
    stepped.settle()
    assert [run.covers_count for run in stepped.runs(event)] == [3]


def test_times_missed_while_paused_say_so(stepped: Stepped, started: list[Any]) -> None:
    event = hourly(stepped)
    stepped.client.pause(event.event_id, actor="ada")
    stepped.pass_time(3.5 * 3600)
    stepped.settle()
    assert not started
    stepped.client.resume(event.event_id, actor="ada")
    stepped.settle()
    assert started == hours(3)
    assert stepped.runs(event)[0].reason == "missed (latest applies): it was paused"


def test_resuming_may_ask_for_another_rule(stepped: Stepped, started: list[Any]) -> None:
    event = hourly(stepped)
    stepped.client.pause(event.event_id, actor="ada")
    stepped.pass_time(3.5 * 3600)
    stepped.client.resume(event.event_id, actor="ada", catch_up="all")
    stepped.settle()
    assert started == hours(1, 2, 3)


def test_times_missed_while_the_one_before_was_still_running_say_so(stepped: Stepped) -> None:
    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            stepped.pass_time(2.5 * 3600, beat=False)

    event = hourly(stepped)
    stepped.pass_time(3600)
    stepped.step()
    stepped.worker.heartbeat.round()
    stepped.step()
    (first, missed, *_) = stepped.runs(event)
    assert (first.due_at, first.status) == (NOW + HOUR, RunStatus.SUCCEEDED)
    assert (missed.due_at, missed.status) == (NOW + 2 * HOUR, RunStatus.SKIPPED)
    assert missed.reason == "missed (latest applies): the previous run was still going"


def test_a_retry_gives_way_to_the_next_due_time(stepped: Stepped) -> None:
    answers: list[Any] = [Failed("no"), None]

    @stepped.job()
    class Job(ScheduledEventJob):
        retry = Retry(attempts=5, first=timedelta(minutes=90), longest=timedelta(hours=9), jitter=0)

        def run(self) -> Any:
            return answers.pop(0)

    event = hourly(stepped)
    stepped.pass_time(3600)
    stepped.settle()
    stepped.pass_time(5400)
    stepped.settle()
    assert [(run.due_at, run.attempt, run.status, run.final) for run in stepped.runs(event)] == [
        (NOW + HOUR, 1, RunStatus.FAILED, False),
        (NOW + HOUR, 2, RunStatus.FAILED, True),
        (NOW + 2 * HOUR, 1, RunStatus.SUCCEEDED, True),
    ]
    assert stepped.runs(event)[1].reason == "failed; a later time came due before its retry"
    assert stepped.event(event).due_at == NOW + 3 * HOUR


def test_a_failed_due_time_does_not_end_the_event(stepped: Stepped, started: list[Any]) -> None:
    event = hourly(stepped)
    stepped.answers += [Failed("no"), Failed("no"), None]
    counts = []
    for _ in range(3):
        stepped.pass_time(3600)
        stepped.settle()
        counts.append(stepped.event(event).failed_in_a_row)
    assert counts == [1, 2, 0]
    assert started == hours(1, 2, 3)


def test_a_snooze_past_the_next_due_time_is_taken_over_by_it(stepped: Stepped, started: list[Any]) -> None:
    event = hourly(stepped)
    stepped.answers.append(Snoozed(NOW + 3.25 * HOUR))
    stepped.pass_time(3600)
    stepped.settle()
    stepped.pass_time(2.5 * 3600)
    stepped.settle()
    assert started == hours(1, 3)
    assert [run.status for run in stepped.runs(event)] == ["snoozed", "skipped", "succeeded"]


def test_years_of_missed_minutes_cost_one_row_and_no_time(stepped: Stepped, started: list[Any]) -> None:
    event = stepped.schedule(when=Periodic(minutes=1))
    stepped.pass_time(3 * 365 * 24 * 3600)
    stepped.settle()
    (missed, run) = stepped.runs(event)
    assert missed.covers_count == 3 * 365 * 24 * 60 - 1
    assert run.status is RunStatus.SUCCEEDED
    assert len(started) == 1


def test_a_wish_that_comes_while_a_missed_time_is_passed_over_is_heard(stepped: Stepped, started: list[Any]) -> None:
    event = hourly(stepped, catch_up="skip")
    stepped.pass_time(3.5 * 3600)

    def cancel_after_the_claim() -> None:
        stepped.store.before_write = lambda: stepped.client.cancel(event.event_id, actor="ada")

    stepped.store.before_write = cancel_after_the_claim
    stepped.settle()
    after = stepped.event(event)
    assert after.status is EventStatus.CANCELLED
    assert not started
    assert not len(stepped.worker.in_flight)


def test_a_schedule_that_cannot_be_read_holds_its_event_and_no_other(stepped: Stepped, started: list[Any]) -> None:
    broken, whole = hourly(stepped), hourly(stepped)
    stepped.tamper(broken, schedule='{"_type":"lunar","version":7}')
    stepped.pass_time(3600)
    stepped.settle()
    assert started == hours(1)
    assert stepped.event(whole).status is EventStatus.SCHEDULED
    with stepped.store.read() as tx:
        counts = tx.events.counts_by_status()
    assert counts == {EventStatus.HELD: 1, EventStatus.SCHEDULED: 1}


def test_the_database_going_away_while_times_are_settled_loses_nothing(stepped: Stepped, started: list[Any]) -> None:
    events = [hourly(stepped, catch_up="latest") for _ in range(3)]
    stepped.worker._runner._durations.note("test.job", 0.001)
    stepped.pass_time(2.5 * 3600)
    # The claim is the first transaction; the answer to the second, which moves the first event on, is lost.
    stepped.store.breaks_after = 1
    stepped.fail_step()
    stepped.settle()
    assert started == hours(2) * 3
    for event in events:
        assert [(run.due_at, run.status) for run in stepped.runs(event)] == [
            (NOW + HOUR, RunStatus.SKIPPED),
            (NOW + 2 * HOUR, RunStatus.SUCCEEDED),
        ]
        assert stepped.event(event).due_at == NOW + 3 * HOUR


def test_calendar_schedules_go_on_through_a_change_of_clocks(stepped: Stepped, started: list[Any]) -> None:
    stepped.schedule(when=Daily(time_of_day="02:30", timezone="Europe/Berlin"))
    stepped.schedule(when=Cron("0 12 * * 6"))
    for _ in range(30 * 24):
        stepped.pass_time(3600)
        stepped.settle()
    nights = [due_at for due_at in started if due_at.hour in (0, 1)]
    assert len(nights) == 30
    assert {due_at.hour for due_at in nights} == {0, 1}
    assert len(started) - len(nights) == 4


def test_an_exhausted_schedule_ends_its_event(stepped: Stepped, started: list[Any]) -> None:
    stepped.clock.move_to(NOW.replace(year=9999, month=12))
    event = stepped.schedule(when=Cron("0 0 31 12 *"))
    stepped.clock.move_to(NOW.replace(year=9999, month=12, day=31, hour=0))
    stepped.settle()
    assert stepped.event(event).status is EventStatus.SUCCEEDED
    assert len(started) == 1


def test_what_always_fails_is_counted_as_failed_though_its_retries_are_overtaken(stepped: Stepped) -> None:
    @stepped.job()
    class Job(ScheduledEventJob):
        retry = Retry(attempts=5, first=timedelta(minutes=150), longest=timedelta(hours=9), jitter=0)

        def run(self) -> Any:
            return Failed("no")

    event = hourly(stepped)
    for _ in range(8):
        stepped.pass_time(3600)
        stepped.settle()
    final = [(run.status, run.covers_count) for run in stepped.runs(event) if run.final]
    assert final[:2] == [(RunStatus.FAILED, 1), (RunStatus.SKIPPED, 2)]
    assert stepped.event(event).failed_in_a_row == 2


def test_a_resolved_retry_runs_at_its_own_due_time_whatever_came_due_since(stepped: Stepped) -> None:
    answers: list[Any] = [OutcomeUnknown("no answer"), None, None]

    @stepped.job()
    class Job(ScheduledEventJob):
        on_lost = OnLost.HOLD

        def run(self) -> Any:
            answer = answers.pop(0)
            if answer is not None:
                raise answer

    event = hourly(stepped)
    stepped.pass_time(3600)
    stepped.settle()
    stepped.pass_time(3 * 3600)
    stepped.client.resolve(event.event_id, "retry", reason="it was not done", actor="ann")
    stepped.settle()
    final = [(run.due_at, run.status, run.covers_count) for run in stepped.runs(event) if run.final]
    assert final == [
        (NOW + HOUR, RunStatus.SUCCEEDED, 1),
        (NOW + 2 * HOUR, RunStatus.SKIPPED, 2),
        (NOW + 4 * HOUR, RunStatus.SUCCEEDED, 1),
    ]


def test_after_an_outage_events_are_moved_on_together(stepped: Stepped, started: list[Any]) -> None:
    """One transaction each would take longer than the outage when all of a thousand are behind."""
    for _ in range(150):
        hourly(stepped, catch_up="skip")
    stepped.pass_time(3.5 * 3600)
    before = stepped.store.connections
    stepped.settle()
    assert not started
    assert stepped.store.connections - before < 100


def test_an_event_that_cannot_be_moved_on_is_put_off_and_the_others_are_moved(
    stepped: Stepped, started: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    first, odd, last = (hourly(stepped, catch_up="skip") for _ in range(3))
    with stepped.store.engine.begin() as connection:
        # A history row stands where its missed times are to be answered.
        connection.execute(
            insert(runs).values(
                event_id=odd.event_id,
                due_at=odd.due_at,
                attempt=1,
                event_type=odd.event_type,
                status="succeeded",
                final=True,
                finished_at=NOW,
            )
        )
    stepped.pass_time(3.5 * 3600)
    stepped.settle()
    assert not started
    assert [stepped.event(event).due_at for event in (first, last)] == hours(4, 4)
    after = stepped.event(odd)
    assert (after.status, after.due_at) == (EventStatus.SCHEDULED, NOW + HOUR)
    assert "its due times could not be settled: IntegrityError" in after.status_reason
    assert "event.unsettled" in caplog.text
