"""Endings: collected, written once, kept while the database is away, refused when they are not ours any more."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, cast

import pytest
from tests.engine.stepped import NOW, FaultyStore, QueuedExecutor, Stepped

from duetime.core.claims import Claim, Ending
from duetime.core.errors import DatabaseUnavailable
from duetime.core.events import Event
from duetime.core.operations import UnscheduleEvents
from duetime.core.outcomes import Failed, Outcome, Skipped, Succeeded
from duetime.core.retry import Retry
from duetime.core.run_context import current_run
from duetime.core.statuses import EventStatus, RunStatus
from duetime.engine.finished import Finished
from duetime.engine.in_flight import InFlight
from duetime.engine.outbox import Outbox
from duetime.jobs.base import ScheduledEventJob
from duetime.schedule import Periodic
from duetime.testing.clock import ManualClock

MakeStepped = Callable[..., Stepped]


@pytest.fixture
def announced() -> list[Ending]:
    return []


@pytest.fixture
def outbox(faulty_store: FaultyStore, clock: ManualClock, announced: list[Ending]) -> Outbox:
    return Outbox(clock=clock, store=faulty_store, announce=announced.extend)


@pytest.fixture
def claims(make_stepped: MakeStepped, outbox: Outbox) -> list[Claim]:
    """Return four claims of one worker."""
    stepped = make_stepped(executor=QueuedExecutor())
    stepped.job()(type("Job", (ScheduledEventJob,), {"run": lambda _self: None}))
    for _ in range(4):
        stepped.schedule()
    stepped.step()
    return [claim for task in stepped.executor.tasks for claim in task.args[0].claims]  # type: ignore[attr-defined]


def finished(claim: Claim, outcome: Outcome | None = None, **parts: Any) -> Finished:
    return Finished(claim, outcome or Succeeded(), 1, NOW, NOW + timedelta(seconds=1), **parts)


def statuses(store: FaultyStore, claims: Sequence[Claim]) -> list[str]:
    with store.read() as tx:
        return [tx.events.get(claim.event_id).status.value for claim in claims]


def runs(store: FaultyStore, claim: Claim) -> list[RunStatus]:
    with store.read() as tx:
        return [run.status for run in tx.runs.of_event(claim.event_id)]


def test_what_was_put_is_written_together(outbox: Outbox, claims: list[Claim], announced: list[Ending]) -> None:
    store = cast("FaultyStore", outbox._store)
    for claim in claims:
        outbox.put([finished(claim)])
    assert outbox.event_ids() == {claim.event_id for claim in claims}
    before = store.connections
    assert outbox.flush() == 4
    assert store.connections == before + 1
    assert statuses(store, claims) == ["succeeded"] * 4
    assert [ending.claim for ending in announced] == claims
    assert outbox.flush() == 0
    assert not len(outbox)


def test_what_waits_is_kept_while_the_database_is_away_and_written_once(
    outbox: Outbox, claims: list[Claim], announced: list[Ending]
) -> None:
    store = cast("FaultyStore", outbox._store)
    outbox.put([finished(claim) for claim in claims[:2]])
    store.away = True
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            outbox.flush()
    outbox.put([finished(claim) for claim in claims[2:]])
    assert len(outbox) == 4
    assert not announced
    store.away = False
    outbox.flush()
    assert [runs(store, claim) for claim in claims] == [[RunStatus.SUCCEEDED]] * 4
    assert len(announced) == 4


def test_an_ending_whose_answer_was_lost_is_written_and_announced_once(
    outbox: Outbox, claims: list[Claim], announced: list[Ending]
) -> None:
    store = cast("FaultyStore", outbox._store)
    outbox.put([finished(claim) for claim in claims])
    store.breaks_after = 0
    with pytest.raises(DatabaseUnavailable):
        outbox.flush()
    assert statuses(store, claims) == ["succeeded"] * 4
    assert len(outbox) == 4
    outbox.flush()
    assert [runs(store, claim) for claim in claims] == [[RunStatus.SUCCEEDED]] * 4
    assert len(announced) == 4


def test_a_stale_ending_is_refused_and_said_and_its_neighbours_are_written(
    make_stepped: MakeStepped, outbox: Outbox, claims: list[Claim], caplog: pytest.LogCaptureFixture
) -> None:
    stepped = make_stepped()
    stolen = stepped.event(claims[1].event_id)
    stepped.tamper(stolen, claim_token=stolen.claim_token + 1)
    outbox.put([finished(claim) for claim in claims])
    with caplog.at_level(logging.ERROR):
        assert outbox.flush() == 3
    assert statuses(stepped.store, claims) == ["succeeded", "running", "succeeded", "succeeded"]
    assert not runs(stepped.store, claims[1])
    assert f"run.stale event_id={stolen.event_id}" in caplog.text
    assert "drop the result" in caplog.text


def test_the_same_claim_can_end_only_once(outbox: Outbox, claims: list[Claim]) -> None:
    store = cast("FaultyStore", outbox._store)
    outbox.put([finished(claims[0]), finished(claims[0], Failed("twice")), finished(claims[1])])
    while len(outbox):
        outbox.flush()
    assert runs(store, claims[0]) == [RunStatus.SUCCEEDED]
    assert runs(store, claims[1]) == [RunStatus.SUCCEEDED]


@pytest.mark.parametrize(
    "nonsense", [Failed(cast("str", 7)), Skipped(cast("str", object())), Succeeded(object()), cast("Outcome", "what")]
)
def test_an_outcome_that_means_nothing_ends_its_event_and_delays_no_other(
    outbox: Outbox, claims: list[Claim], nonsense: Outcome
) -> None:
    store = cast("FaultyStore", outbox._store)
    outbox.put([finished(claims[0], nonsense), *(finished(claim) for claim in claims[1:])])
    outbox.flush()
    assert not len(outbox)
    assert statuses(store, claims[1:]) == ["succeeded"] * 3
    assert "running" not in statuses(store, claims)


def test_what_cannot_be_written_with_a_run_makes_it_fail(outbox: Outbox, claims: list[Claim]) -> None:
    """What it asked for is not there, so it must not say that it succeeded."""
    store = cast("FaultyStore", outbox._store)
    unwritable = UnscheduleEvents(reason="\ud800", bot_id=1, resource_id=None)
    outbox.put([finished(claims[0], operations=(unwritable,)), finished(claims[1])])
    outbox.flush()
    assert statuses(store, claims[:2]) == ["failed", "succeeded"]
    with store.read() as tx:
        (run,) = tx.runs.of_event(claims[0].event_id)
    assert run.error.startswith("what the job returned could not be stored: ")


def test_a_run_that_history_refuses_still_moves_its_event_on(
    make_stepped: MakeStepped, outbox: Outbox, claims: list[Claim]
) -> None:
    """A row of that due time and attempt is there already, and it is not ours."""
    stepped = make_stepped()
    outbox.put([finished(claims[0])])
    outbox.flush()
    stepped.tamper(stepped.event(claims[0].event_id), event_id=10_001)
    stepped.tamper(stepped.event(claims[1].event_id), event_id=claims[0].event_id)
    again = claims[1]._replace(event_id=claims[0].event_id)
    outbox.put([finished(again, Failed("other")), finished(claims[2])])
    outbox.flush()
    assert statuses(stepped.store, [again, claims[2]]) == ["failed", "succeeded"]
    assert runs(stepped.store, again) == [RunStatus.SUCCEEDED]


def test_a_full_outbox_is_written_in_parts(stepped: Stepped) -> None:
    stepped.job()(type("Job", (ScheduledEventJob,), {"run": lambda _self: None}))
    stepped.worker._runner._durations.note("test.job", 0.00001)
    stepped.schedule_many(1200)
    stepped.worker.dispatcher.round()
    stepped.worker.dispatcher.round()
    assert len(stepped.worker.outbox) == 1000
    assert stepped.worker.outbox.flush() == 500
    assert stepped.worker.outbox.flush() == 500
    stepped.settle()
    assert {event.status for event in stepped.events()} == {EventStatus.SUCCEEDED}


def test_it_sleeps_while_there_is_nothing_and_writes_at_once_when_there_is(
    outbox: Outbox, claims: list[Claim], clock: ManualClock
) -> None:
    assert outbox.round() == 5
    outbox.put([finished(claims[0])])
    before = clock.elapsed
    assert outbox.round() == 5
    assert clock.elapsed - before == pytest.approx(0.01)
    assert not len(outbox)


# What trackers in a run asked for is written with its end, or not at all.


def scheduling(stepped: Stepped, answer: Any = None, **attributes: Any) -> Event:
    class Job(ScheduledEventJob):
        def run(self) -> Any:
            from duetime.scheduling.tracker import ScheduledEventTracker

            with ScheduledEventTracker() as tracker:
                for _ in range(2):
                    tracker.schedule_bot_event(event_type="test.other", schedule_data=NOW, allow_unknown=True)
            run = current_run()
            assert run is not None
            assert len(run.operations) == 2
            assert not stepped.events(event_type="test.other")
            return answer

    for name, value in attributes.items():
        setattr(Job, name, value)
    stepped.job()(Job)
    return stepped.schedule()


def test_what_a_run_scheduled_is_there_when_it_has_ended(stepped: Stepped) -> None:
    scheduling(stepped)
    stepped.settle()
    assert len(stepped.events(event_type="test.other")) == 2


def test_a_run_that_lost_its_claim_schedules_nothing(make_stepped: MakeStepped) -> None:
    executor = QueuedExecutor()
    stepped = make_stepped(executor=executor)
    event = scheduling(stepped)
    stepped.step()
    stepped.tamper(event, claim_token=stepped.event(event).claim_token + 1)
    executor.run()
    stepped.worker.outbox.flush()
    assert not stepped.events(event_type="test.other")
    assert not stepped.runs(event)


def test_it_is_written_once_even_when_the_answer_was_lost(stepped: Stepped) -> None:
    scheduling(stepped)
    stepped.worker.dispatcher.round()
    stepped.store.breaks_after = 0
    with pytest.raises(DatabaseUnavailable):
        stepped.worker.outbox.flush()
    stepped.worker.outbox.flush()
    assert len(stepped.events(event_type="test.other")) == 2


def test_the_end_and_what_was_scheduled_are_one_transaction(stepped: Stepped) -> None:
    """The second half cannot be written, so the first half is not either: the run fails instead."""
    event = scheduling(stepped)
    stepped.worker.dispatcher.round()
    waiting = stepped.worker.outbox._waiting
    unwritable = UnscheduleEvents(reason="\ud800", bot_id=1, resource_id=None)
    waiting[0] = waiting[0]._replace(operations=(*waiting[0].operations, unwritable))
    stepped.worker.outbox.flush()
    assert not stepped.events(event_type="test.other")
    assert stepped.event(event).status is EventStatus.FAILED


def test_an_event_that_was_lost_and_taken_again_keeps_its_newer_claim() -> None:
    older = Claim(*[7, 1, *[None] * 16])  # type: ignore[arg-type]
    newer = older._replace(token=3)
    in_flight = InFlight()
    in_flight.add([older])
    in_flight.add([newer])
    in_flight.remove([older])
    assert in_flight.event_ids() == {7}
    in_flight.remove([newer])
    assert not len(in_flight)


def test_the_ending_of_a_lost_claim_never_hides_that_of_the_newer_one(
    make_stepped: MakeStepped, outbox: Outbox, claims: list[Claim]
) -> None:
    """Both are waiting when something was asked of the event, so that its ending is decided once more."""
    stepped = make_stepped()
    newer = claims[0]
    older = newer._replace(token=newer.token - 1)
    stepped.client.cancel(newer.event_id, actor="ada")
    outbox.put([finished(newer), finished(older, Failed("too late")), finished(claims[1])])
    while len(outbox):
        outbox.flush()
    assert runs(stepped.store, newer) == [RunStatus.SUCCEEDED]
    assert statuses(stepped.store, claims[:2]) == ["succeeded", "succeeded"]


def test_a_retry_is_decided_by_the_class_that_ran(stepped: Stepped) -> None:
    event = scheduling(stepped, Failed("no"), retry=Retry(attempts=2, first=timedelta(hours=1), jitter=0))
    stepped.worker.dispatcher.round()
    stepped.forget()
    stepped.worker.outbox.flush()
    assert stepped.event(event).status is EventStatus.SCHEDULED


def test_a_recurring_event_has_its_next_due_time_in_the_same_write(stepped: Stepped) -> None:
    stepped.job()(type("Job", (ScheduledEventJob,), {"run": lambda _self: None}))
    event = stepped.schedule(when=Periodic(hours=1))
    stepped.pass_time(3600)
    stepped.worker.dispatcher.round()
    before = stepped.store.connections
    stepped.worker.outbox.flush()
    assert stepped.store.connections == before + 1
    assert stepped.event(event).due_at == NOW + timedelta(hours=2)
