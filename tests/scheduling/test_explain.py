"""Why an event did or did not run: every status, and every reason for waiting, in words that say what to do."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duetime.core.event_types import EventType
from duetime.core.events import Event, Run
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish
from duetime.schedule import Once
from duetime.scheduling.explain import explain
from duetime.scheduling.situation import Situation
from duetime.store.session_table import WorkerSession

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
TYPE = "greeter.greet"


def an_event(**parts: Any) -> Event:
    usual: dict[str, Any] = dict.fromkeys(Event.__dataclass_fields__)
    usual |= {
        "event_id": 7,
        "event_type": TYPE,
        "status": EventStatus.SCHEDULED,
        "description": "",
        "args": {},
        "schedule": Once(when=NOW),
        "due_at": NOW - MINUTE,
        "ready_at": NOW - MINUTE,
        "attempt": 0,
        "failures": 0,
        "failed_in_a_row": 0,
        "claim_token": 1,
        "status_reason": "",
        "on_lost": OnLost.HOLD,
        "recheck": False,
        "created_by": "",
        "created_at": NOW,
    }
    return Event(**(usual | parts))


def a_run(status: RunStatus, **parts: Any) -> Run:
    usual: dict[str, Any] = {
        "event_id": 7,
        "due_at": NOW - MINUTE,
        "attempt": 1,
        "event_type": TYPE,
        "resource_id": None,
        "bot_id": None,
        "status": status,
        "final": True,
        "started_at": NOW - MINUTE,
        "finished_at": NOW,
        "session_id": 1,
    }
    return Run(**(usual | parts))


def a_worker(*event_types: str, silent_for: timedelta = timedelta(0)) -> WorkerSession:
    return WorkerSession(1, "host:1", "alive", 3, 30, 8, NOW, NOW - silent_for, None, 0, event_types)


KIND = EventType(TYPE, plugin="greeter")


def said(event: Event, **around: Any) -> str:
    usual: dict[str, Any] = {"event": event, "now": NOW, "kind": KIND, "workers": ()}
    return " ".join(explain(Situation(**(usual | around))))


def test_an_event_that_is_not_due_says_when_it_is() -> None:
    text = said(an_event(due_at=NOW + MINUTE, ready_at=NOW + MINUTE), workers=(a_worker(TYPE),))
    assert text == "It has not run yet because it is not due before 2026-03-02 12:01:00Z (in 1 min)."


def test_an_event_that_nobody_will_run_says_so_before_it_is_due() -> None:
    text = said(an_event(due_at=NOW + MINUTE, ready_at=NOW + MINUTE))
    assert "As things stand nobody will run it then: no worker is alive. Start one with `duetime worker`." in text


def test_a_due_event_without_a_worker_asks_for_one() -> None:
    assert said(an_event()) == (
        "It is due since 2026-03-02 11:59:00Z (1 min ago) and has not run: no worker is alive. "
        "Start one with `duetime worker`."
    )


def test_a_due_event_whose_plugin_is_unloaded_waits_for_a_handler() -> None:
    text = said(an_event(), workers=(a_worker("other.type"),), plugin_wish="unloaded")
    assert "it waits for a handler; the one worker that is alive has no handler for greeter.greet." in text
    assert "The type comes from plugin greeter, which was unloaded." in text
    assert "Load it: `duetime plugins load greeter`." in text


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        (None, "Nobody has ever brought this event type"),
        (EventType(TYPE, plugin="builtin"), "It is one of our own types"),
        (KIND, "see `duetime plugins list` for why it is not loaded"),
    ],
)
def test_who_could_bring_the_handler_is_said(kind: EventType | None, words: str) -> None:
    text = said(an_event(), workers=(a_worker(), a_worker()), kind=kind)
    assert "of the 2 workers that are alive, none has a handler" in text
    assert words in text


def test_an_event_without_a_handler_says_when_it_expires() -> None:
    assert "It expires at 2026-03-02 12:01:00Z (in 1 min)." in said(an_event(expires_at=NOW + MINUTE))


def test_a_due_event_that_a_worker_can_run_waits_for_a_slot() -> None:
    text = said(an_event(status_reason="the worker stopped"), workers=(a_worker(TYPE),))
    assert "host:1 can run it and starts it as soon as a slot is free." in text
    assert "What is noted of it: the worker stopped." in text


def test_a_retry_says_what_failed_and_when_it_is_tried_again() -> None:
    event = an_event(ready_at=NOW + MINUTE, failures=2, failed_in_a_row=3)
    text = said(event, workers=(a_worker(TYPE),), last_run=a_run(RunStatus.FAILED, final=False, error="refused."))
    assert "It was tried 2 times for 2026-03-02 11:59:00Z, without success; the next try is at" in text
    assert "Attempt 1 for 2026-03-02 11:59:00Z ended as 'failed' after 1 min: refused." in text
    assert "It has failed 3 times in a row." in text


def test_a_deferral_says_why() -> None:
    text = said(an_event(ready_at=NOW + MINUTE, status_reason="the cloud did not answer"), workers=(a_worker(TYPE),))
    assert "was put off until 2026-03-02 12:01:00Z (in 1 min): the cloud did not answer." in text


def test_missed_times_are_told_by_their_number() -> None:
    run = a_run(RunStatus.SKIPPED, started_at=None, covers_count=5, reason="missed (latest applies): it was paused")
    text = said(an_event(), last_run=run)
    assert "The answer to 2026-03-02 11:59:00Z (and 4 more up to then) was 'skipped': missed (latest applies)" in text


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        (Wish.PAUSE, "asked to pause"),
        (Wish.CANCEL, "asked to stop for good"),
        (Wish.DETACH, "A newer event has replaced it"),
    ],
)
def test_a_running_event_says_where_since_when_and_what_was_asked_of_it(wish: Wish, words: str) -> None:
    event = an_event(status=EventStatus.RUNNING, attempt=2, started_at=NOW - MINUTE, wish=wish)
    text = said(event, claimed_by=a_worker(TYPE), workers=(a_worker(TYPE),))
    assert "It is running now since 2026-03-02 11:59:00Z (1 min ago) on host:1 (attempt 2)." in text
    assert words in text


@pytest.mark.parametrize(
    ("on_lost", "words"),
    [(OnLost.RETRY, "tried again"), (OnLost.FAIL, "count as failed"), (OnLost.HOLD, "held for a person")],
)
def test_a_running_event_of_a_silent_worker_says_what_will_become_of_it(on_lost: OnLost, words: str) -> None:
    event = an_event(status=EventStatus.RUNNING, attempt=1, on_lost=on_lost)
    silent = said(event, claimed_by=a_worker(TYPE, silent_for=5 * MINUTE))
    assert "has not been heard of for 5 min" in silent
    assert "No worker is alive. Start one with `duetime worker`." in silent
    ended = said(event, claimed_by=None)
    assert "its worker has ended" in ended
    assert words in silent
    assert words in ended


def test_paused_and_held_events_say_how_to_go_on() -> None:
    paused = said(an_event(status=EventStatus.PAUSED, status_reason="by ana: maintenance"))
    assert "it is paused: by ana: maintenance." in paused
    assert "`duetime events resume 7`" in paused
    held = said(an_event(status=EventStatus.HELD, status_reason="outcome unknown"))
    assert "a person must decide: outcome unknown." in held
    assert "duetime events resolve 7 --as retry|succeeded|failed|cancelled" in held


@pytest.mark.parametrize(
    ("status", "run", "words"),
    [
        (EventStatus.SUCCEEDED, a_run(RunStatus.SUCCEEDED), "It ran and succeeded."),
        (EventStatus.SUCCEEDED, a_run(RunStatus.SUCCEEDED, started_at=None), "It counts as done: noted."),
        (EventStatus.FAILED, a_run(RunStatus.FAILED, error="boom"), "It ran and failed, and no retry is left."),
        (EventStatus.FAILED, a_run(RunStatus.FAILED, started_at=None), "It counts as failed: noted."),
        (EventStatus.SKIPPED, None, "It did not run because it was not needed: noted."),
        (EventStatus.EXPIRED, None, "nobody could start it before it expired: noted."),
        (EventStatus.CANCELLED, None, "It does not run any more because it was cancelled: noted."),
    ],
)
def test_an_event_that_has_ended_says_how_and_that_it_can_run_again(
    status: EventStatus, run: Run | None, words: str
) -> None:
    text = said(an_event(status=status, status_reason="noted", finished_at=NOW), last_run=run)
    assert words in text
    assert text.endswith("Run it again: `duetime events run 7`.")


@pytest.mark.parametrize("status", list(EventStatus))
def test_every_status_is_explained_in_sentences(status: EventStatus) -> None:
    for sentence in explain(Situation(event=an_event(status=status), now=NOW)):
        assert sentence[0].isupper()
        assert sentence.endswith(".")
        assert ".." not in sentence.replace(" ...", "")
