"""What a worker counts of itself, and when it counts as firing."""

from datetime import timedelta

import pytest
from tests.engine.stepped import NOW, QueuedExecutor, Stepped

from duetime.core import measures
from duetime.core.measures import Measures
from duetime.engine import meter as meter_module
from duetime.engine.meter import Meter
from duetime.jobs.base import ScheduledEventJob


def counted(stepped: Stepped) -> Measures:
    """Return what stands in the worker's row after a beat."""
    stepped.worker.heartbeat.round()
    with stepped.store.read() as tx:
        return Measures.from_text(tx.sessions.latest(most=1)[0].measures)


def test_a_beat_carries_what_was_counted(stepped: Stepped) -> None:
    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            """Succeed."""

    assert counted(stepped).fired_at is None
    stepped.schedule_many(3)
    stepped.pass_time(4)
    stepped.settle()
    found = counted(stepped)
    assert found.runs == {("test.job", "succeeded"): 3}
    assert found.claimed >= 3
    assert found.start_delay.total == pytest.approx(12)
    assert sum(found.finish_time.counts) >= 1
    assert sum(found.claim_time.counts) >= 1
    assert found.fired_at == stepped.store.now()


def test_a_call_that_has_begun_is_firing_before_it_ends(stepped: Stepped) -> None:
    seen: list[Measures] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            seen.append(counted(stepped))

    stepped.schedule()
    stepped.settle()
    assert seen[0].fired_at == NOW
    assert seen[0].runs == {}


def test_what_is_claimed_and_given_back_fires_nothing(stepped: Stepped) -> None:
    """A worker that turns in circles would otherwise seem to work."""

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            """Never called."""

    stepped.schedule()
    stepped.worker.session.lost()
    stepped.worker.heartbeat.round()
    executor = QueuedExecutor()
    stepped.worker.dispatcher._executor = executor
    stepped.worker.dispatcher.round()
    assert executor.tasks
    stepped.clock.elapsed += 1000  # its lease has run out before the start
    executor.run()
    stepped.worker.outbox.flush()
    found = counted(stepped)
    assert found.claimed == 1
    assert found.fired_at is None
    assert found.runs == {}


def test_retries_are_counted_and_are_late_from_their_own_time_on(stepped: Stepped) -> None:
    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            raise OSError

    stepped.schedule()
    stepped.settle()
    stepped.pass_time(timedelta(hours=1).total_seconds())
    first = counted(stepped)
    assert first.runs == {("test.job", "failed"): 1}
    assert first.start_delay.total == 0


def test_only_so_many_kinds_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(meter_module, "MOST_KINDS", 2)
    meter = Meter()
    for number in range(4):
        meter._count((f"type-{number}", "succeeded"), 1)
    found = Measures.from_text(meter.text(slots_busy=1, slots_stuck=2))
    assert found.runs == {
        ("type-0", "succeeded"): 1,
        ("type-1", "succeeded"): 1,
        (measures.OTHER, "succeeded"): 2,
    }
    assert (found.slots_busy, found.slots_stuck) == (1, 2)
