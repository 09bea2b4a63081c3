"""What a group job schedules inside its run is written once, as long as one member's claim still holds."""

from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from tests.engine.stepped import Stepped

from duetime.core.events import Event
from duetime.jobs.base import MultiResourceScheduledEventJob, ScheduledEventJob
from duetime.scheduling.tracker import ScheduledEventTracker


class Follow(ScheduledEventJob):
    def run(self) -> None:
        """Nothing: that it was scheduled is what counts."""


@pytest.fixture
def group(stepped: Stepped) -> Callable[..., list[Event]]:
    """Return a function that schedules a group of three whose job schedules one event, and then meets `interlude`."""

    def make(interlude: Callable[[list[Event]], Any] = lambda _events: None) -> list[Event]:
        events: list[Event] = []

        class Job(MultiResourceScheduledEventJob):
            max_group = 10
            calls: ClassVar[list[int]] = []

            def run(self) -> None:
                self.calls.append(len(self.resources))
                with ScheduledEventTracker() as tracker:
                    tracker.schedule_bot_event(
                        event_type="test.follow", schedule_data=stepped.store.now(), description="from the run"
                    )
                interlude(events)

        stepped.job("test.follow")(Follow)
        stepped.job()(Job)
        events += [stepped.schedule(resource_id=stepped.add().resource_id) for _ in range(3)]
        return events

    return make


def take_away(stepped: Stepped, *events: Event) -> None:
    """Let another worker have the claims of events, as the reaper's verdict would."""
    for event in events:
        stepped.tamper(event, claim_token=stepped.event(event).claim_token + 1)


def followers(stepped: Stepped) -> list[Event]:
    return stepped.events(event_type="test.follow")


def test_it_is_written_once_for_the_whole_group(stepped: Stepped, group: Callable[..., list[Event]]) -> None:
    group()
    stepped.step()
    assert len(followers(stepped)) == 1


@pytest.mark.parametrize("stale", [(0,), (1,), (0, 1), (0, 2)])
def test_members_whose_claims_are_gone_do_not_take_it_with_them(
    stepped: Stepped, group: Callable[..., list[Event]], stale: tuple[int, ...]
) -> None:
    events = group(lambda events: take_away(stepped, *(events[index] for index in stale)))
    stepped.step()
    assert len(followers(stepped)) == 1
    assert len(stepped.runs()) == len(events) - len(stale)


def test_nothing_is_written_when_no_claim_holds(stepped: Stepped, group: Callable[..., list[Event]]) -> None:
    group(lambda events: take_away(stepped, *events))
    stepped.step()
    assert not followers(stepped)
    assert not stepped.runs()


def test_a_wish_that_comes_meanwhile_does_not_write_it_twice(
    stepped: Stepped, group: Callable[..., list[Event]]
) -> None:
    group(lambda events: stepped.client.cancel(events[0].event_id))
    stepped.step()
    assert len(followers(stepped)) == 1
    assert len(stepped.runs()) == 3


@pytest.mark.parametrize("breaks_after", [0, 1, 2])
def test_a_commit_whose_answer_was_lost_does_not_write_it_twice(
    stepped: Stepped, group: Callable[..., list[Event]], breaks_after: int
) -> None:
    """One claim is gone, so the endings are written one by one; one of these commits is not acknowledged."""

    def interlude(events: list[Event]) -> None:
        take_away(stepped, events[2])
        stepped.store.breaks_after = breaks_after

    group(interlude)
    if breaks_after == 0:  # the whole batch, which is rolled back because of the stale one, is not a commit
        stepped.store.breaks_after = None
    try:
        stepped.step()
    except Exception:  # noqa: BLE001 - as the worker's loop does, which flushes again
        stepped.worker.outbox.flush()
    stepped.store.breaks_after = None
    while len(stepped.worker.outbox):
        stepped.worker.outbox.flush()
    assert len(followers(stepped)) == 1
    assert len(stepped.runs()) == 2
