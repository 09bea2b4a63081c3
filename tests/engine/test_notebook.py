"""The notebook of a run: durable at once, fenced by the claim, and free of charge for jobs that write nothing."""

from typing import Any

import pytest
from tests.engine.stepped import Stepped

from duetime.core.errors import DatabaseUnavailable, StaleClaim, UnknownName
from duetime.core.events import Event
from duetime.core.outcomes import Snoozed
from duetime.core.retry import Retry
from duetime.core.statuses import RunStatus
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob


def note_of(stepped: Stepped, event: Event) -> Any:
    with stepped.store.read() as tx:
        return tx.notes.read([(event.event_id, event.due_at)]).get(event.event_id)


def test_a_note_is_durable_before_the_call_that_wrote_it_returns(stepped: Stepped) -> None:
    seen: list[Any] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            assert self.scheduled_event_id is not None
            self.context.notebook.write({self.scheduled_event_id: {"step": 1}})
            seen.append(note_of(stepped, event))

    event = stepped.schedule()
    stepped.settle()
    assert seen == [{"step": 1}]
    assert note_of(stepped, event) == {"step": 1}


def test_the_next_attempt_reads_what_the_last_one_wrote(stepped: Stepped) -> None:
    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> Snoozed | None:
            own = self.scheduled_event_id
            assert own is not None
            step = int(str(self.context.notebook.read([own]).get(own, {}).get("step", 0)))
            self.context.notebook.write({own: {"step": step + 1}})
            return Snoozed(stepped.store.now()) if step < 2 else None

    event = stepped.schedule()
    stepped.settle()
    assert note_of(stepped, event) == {"step": 3}
    assert [run.status for run in stepped.runs()] == [RunStatus.SNOOZED, RunStatus.SNOOZED, RunStatus.SUCCEEDED]


def test_an_attempt_whose_claim_is_another_workers_writes_nothing(stepped: Stepped) -> None:
    raised: list[BaseException] = []

    @stepped.job()
    class Job(MultiResourceScheduledEventJob):
        max_group = 10

        def run(self) -> None:
            stepped.tamper(second, claim_token=99)
            try:
                self.context.notebook.write({first.event_id: {"step": 1}, second.event_id: {"step": 1}})
            except StaleClaim as error:
                raised.append(error)

    first, second = (stepped.schedule(resource_id=stepped.add().resource_id) for _ in range(2))
    stepped.step()
    assert len(raised) == 1
    assert note_of(stepped, first) is note_of(stepped, second) is None


def test_a_job_has_no_notes_of_other_events(stepped: Stepped) -> None:
    raised: list[BaseException] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            for attempt in (
                lambda: self.context.notebook.read([4711]),
                lambda: self.context.notebook.write({4711: {}}),
            ):
                try:
                    attempt()
                except UnknownName as error:
                    raised.append(error)

    stepped.schedule()
    stepped.settle()
    assert len(raised) == 2


def test_a_database_that_does_not_answer_is_an_error_that_the_job_sees(stepped: Stepped) -> None:
    @stepped.job()
    class Job(ScheduledEventJob):
        retry = Retry(attempts=2)

        def run(self) -> None:
            stepped.store.away = True
            try:
                with pytest.raises(DatabaseUnavailable):
                    self.context.notebook.write({event.event_id: {"step": 1}})
            finally:
                stepped.store.away = False

    event = stepped.schedule()
    stepped.settle()
    assert [run.status for run in stepped.runs()] == [RunStatus.SUCCEEDED]
    assert note_of(stepped, event) is None


def test_jobs_that_write_nothing_cost_no_transaction(stepped: Stepped) -> None:
    counts: list[int] = []

    @stepped.job()
    class Job(ScheduledEventJob):
        def run(self) -> None:
            counts.append(stepped.store.connections)
            assert self.context.notebook.read([]) == {}
            self.context.notebook.write({})
            counts.append(stepped.store.connections)

    stepped.schedule()
    stepped.settle()
    assert counts[0] == counts[1]
