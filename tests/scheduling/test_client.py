"""The verbs by which people and programs steer events: each status allows some, and the others say what to do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.scheduling.asking import on_both

from duetime.core.errors import Conflict, IllegalTransition, Invalid, InvalidSchedule, UnknownName
from duetime.core.events import Event, Run
from duetime.core.outcomes import Expired, Failed, Held, Outcome, Skipped, Succeeded
from duetime.core.statuses import EventStatus, RunStatus, Wish
from duetime.engine.finished import Finished, ending_of
from duetime.schedule import Daily, Periodic
from duetime.scheduling.client import Client
from duetime.store.audit_table import AuditEntry
from duetime.store.hot_path import Want
from duetime.testing.clock import ManualClock

S = EventStatus
HOUR = timedelta(hours=1)
Events = Callable[..., list[Event]]
Runs = Callable[[int], list[Run]]

OUTCOMES: dict[EventStatus, Outcome] = {
    S.HELD: Held("ask Ada"),
    S.SUCCEEDED: Succeeded(),
    S.FAILED: Failed("no"),
    S.EXPIRED: Expired(),
    S.SKIPPED: Skipped("not needed"),
}


def bring(client: Client, status: EventStatus, when: Any = None) -> Event:
    """Return an event that has come to a status as events do."""
    event = client.schedule("test.job", client.now() if when is None else when, description="Stop it.", args={"a": 1})
    if status is S.PAUSED:
        return client.pause(event.event_id, actor="bob")
    if status is S.CANCELLED:
        return client.cancel(event.event_id, actor="bob")
    if status is S.SCHEDULED:
        return event
    if event.due_at > client.now():
        assert isinstance(client.store.clock, ManualClock)
        client.store.clock.move_to(event.due_at)
    with client.store.write() as tx:
        session_id = tx.sessions.open(worker="test", lease_seconds=30, slots=1)
        (claim,) = tx.claims.take(session_id=session_id, wants=[Want("test.job", 1)], most=1)
        if status is not S.RUNNING:
            now = client.now()
            assert tx.claims.finish([ending_of(Finished(claim, OUTCOMES[status], session_id, None, now))])
    return client.get(event.event_id)


def deed(client: Client, verb: str, event_id: int) -> Event:
    match verb:
        case "reschedule":
            return client.reschedule(event_id, client.now() + HOUR, may_end_recurrence=True, actor="ada")
        case "resolve":
            return client.resolve(event_id, "succeeded", reason="I looked.", actor="ada")
        case _:
            done: Event = getattr(client, verb)(event_id, actor="ada")
            return done


ALLOWED: dict[tuple[EventStatus, str], EventStatus] = {
    (S.SCHEDULED, "pause"): S.PAUSED,
    (S.SCHEDULED, "cancel"): S.CANCELLED,
    (S.SCHEDULED, "reschedule"): S.SCHEDULED,
    (S.SCHEDULED, "run_now"): S.SCHEDULED,
    (S.RUNNING, "pause"): S.RUNNING,
    (S.RUNNING, "cancel"): S.RUNNING,
    (S.PAUSED, "resume"): S.SCHEDULED,
    (S.PAUSED, "cancel"): S.CANCELLED,
    (S.PAUSED, "reschedule"): S.PAUSED,
    (S.PAUSED, "run_now"): S.SCHEDULED,
    (S.HELD, "resolve"): S.SUCCEEDED,
    **{(status, "run_now"): status for status in S if status.is_final},
}
VERBS = ("pause", "resume", "cancel", "reschedule", "run_now", "resolve")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("status", S)
def test_every_status_allows_a_verb_or_says_what_to_do(client: Client, status: EventStatus, verb: str) -> None:
    event = bring(client, status)
    wanted = ALLOWED.get((status, verb))
    if wanted is None:
        with pytest.raises(IllegalTransition) as error:
            deed(client, verb, event.event_id)
        assert error.value.remedy
        assert error.value.remedy.endswith(".")
        assert client.get(event.event_id) == event
    else:
        deed(client, verb, event.event_id)
        assert client.get(event.event_id).status is wanted


@pytest.mark.parametrize("verb", VERBS)
def test_an_event_that_is_not_there_is_said(client: Client, verb: str) -> None:
    with pytest.raises(UnknownName, match="There is no event 4711"):
        deed(client, verb, 4711)


def audit(client: Client, event: Event) -> list[AuditEntry]:
    with client.store.read() as tx:
        return tx.audit.about(f"event:{event.event_id}")[::-1]


@on_both
def test_every_verb_leaves_who_did_what_and_why(client: Client) -> None:
    event = client.schedule("test.job", client.now(), actor="ada")
    client.pause(event.event_id, actor="bob", reason="freeze")
    client.resume(event.event_id, actor="cy")
    client.cancel(event.event_id, actor="dan", reason="not needed")
    assert [(entry.actor, entry.verb, entry.reason) for entry in audit(client, event)] == [
        ("ada", "event.schedule", ""),
        ("bob", "event.pause", "freeze"),
        ("cy", "event.resume", ""),
        ("dan", "event.cancel", "not needed"),
    ]


def test_a_refused_verb_leaves_nothing(client: Client) -> None:
    event = bring(client, S.SUCCEEDED)
    before = audit(client, event)
    with pytest.raises(IllegalTransition):
        client.pause(event.event_id, actor="ada")
    assert audit(client, event) == before


# Owed due times get an answer.


@pytest.mark.parametrize(
    ("verb", "status", "reason"),
    [("cancel", RunStatus.CANCELLED, "by ada"), ("reschedule", RunStatus.SKIPPED, "rescheduled")],
)
def test_a_due_time_that_was_owed_gets_its_answer(
    client: Client, runs: Runs, verb: str, status: RunStatus, reason: str
) -> None:
    event = bring(client, S.SCHEDULED)
    deed(client, verb, event.event_id)
    (run,) = runs(event.event_id)
    assert (run.status, run.final, run.started_at, run.reason) == (status, True, None, reason)
    assert run.due_at == event.due_at


@pytest.mark.parametrize("verb", ["cancel", "reschedule"])
def test_all_owed_due_times_of_a_recurring_event_get_one_answer(
    client: Client, runs: Runs, clock: ManualClock, verb: str
) -> None:
    event = bring(client, S.SCHEDULED, Periodic(hours=1))
    clock.move_to(event.due_at + 3 * HOUR)
    deed(client, verb, event.event_id)
    (run,) = runs(event.event_id)
    assert (run.due_at, run.covers_until, run.covers_count) == (event.due_at, event.due_at + 3 * HOUR, 4)


@pytest.mark.parametrize("verb", ["cancel", "reschedule"])
def test_one_that_was_not_owed_yet_gets_none(client: Client, runs: Runs, verb: str) -> None:
    event = bring(client, S.SCHEDULED, client.now() + HOUR)
    deed(client, verb, event.event_id)
    assert not runs(event.event_id)


def test_rescheduling_moves_the_due_time_and_keeps_how_late_it_may_be(client: Client, now: datetime) -> None:
    event = client.schedule("test.job", now + HOUR, expires_after=timedelta(minutes=5))
    moved = client.reschedule(event.event_id, now + 3 * HOUR, actor="ada", reason="later")
    assert (moved.due_at, moved.ready_at) == (now + 3 * HOUR, now + 3 * HOUR)
    assert moved.expires_at == now + 3 * HOUR + timedelta(minutes=5)
    assert moved.status_reason == "by ada: later"


def test_a_one_off_may_become_recurring_and_back(client: Client, now: datetime) -> None:
    event = client.schedule("test.delete", now + HOUR)
    recurring = client.reschedule(event.event_id, Daily(time_of_day="19:00"))
    assert (recurring.recurring, recurring.expires_at) == (True, None)
    with pytest.raises(Conflict, match="one single time would end that"):
        client.reschedule(event.event_id, now + HOUR)
    assert client.get(event.event_id) == recurring
    once = client.reschedule(event.event_id, now + HOUR, may_end_recurrence=True)
    assert (once.recurring, once.expires_at) == (False, now + 25 * HOUR)


def test_an_unreadable_schedule_changes_nothing(client: Client, now: datetime) -> None:
    event = client.schedule("test.job", now + HOUR)
    with pytest.raises(InvalidSchedule):
        client.reschedule(event.event_id, "every day")
    assert client.get(event.event_id) == event


def test_resuming_takes_a_rule_that_is_one(client: Client) -> None:
    event = bring(client, S.PAUSED)
    with pytest.raises(Invalid, match="catch_up must be one of"):
        client.resume(event.event_id, catch_up="everything")
    assert client.resume(event.event_id, catch_up="all").catch_up == "all"


# Now.


def test_a_one_off_that_is_to_come_is_moved_to_now(client: Client, runs: Runs, now: datetime) -> None:
    event = client.schedule("test.job", now + HOUR)
    moved = client.run_now(event.event_id, actor="ada")
    assert (moved.event_id, moved.due_at, moved.status) == (event.event_id, now, S.SCHEDULED)
    assert not runs(event.event_id)


def test_a_paused_one_off_is_resumed_too(client: Client, now: datetime) -> None:
    event = client.schedule("test.job", now + HOUR)
    client.pause(event.event_id)
    assert client.run_now(event.event_id).status is S.SCHEDULED


@on_both
@pytest.mark.parametrize("status", [S.SCHEDULED, S.PAUSED, S.SUCCEEDED, S.CANCELLED])
def test_a_recurring_or_ended_event_gets_a_child(client: Client, now: datetime, status: EventStatus) -> None:
    when = Periodic(hours=1) if not status.is_final else now
    parent = bring(client, status, when)
    child = client.run_now(parent.event_id, actor="ada")
    assert client.get(parent.event_id) == parent
    assert child.event_id != parent.event_id
    assert (child.parent_id, child.status, child.due_at) == (parent.event_id, S.SCHEDULED, now)
    assert (child.args, child.description, child.event_type) == ({"a": 1}, "Stop it.", "test.job")
    assert not child.recurring
    assert child.created_by == "ada"


@on_both
@pytest.mark.parametrize("final", [False, True])
def test_asking_twice_gives_the_child_there_is(client: Client, events: Events, now: datetime, final: bool) -> None:
    parent = bring(client, S.SUCCEEDED, now) if final else bring(client, S.SCHEDULED, Periodic(hours=1))
    child = client.run_now(parent.event_id)
    assert client.run_now(parent.event_id) == child
    assert [event.event_id for event in events()] == [parent.event_id, child.event_id]
    client.cancel(child.event_id)
    assert client.run_now(parent.event_id).event_id not in (parent.event_id, child.event_id)


@pytest.mark.parametrize("verb", ["pause", "reschedule"])
def test_a_child_that_waits_is_moved_to_now(client: Client, now: datetime, verb: str) -> None:
    parent = bring(client, S.SUCCEEDED)
    child = client.run_now(parent.event_id)
    deed(client, verb, child.event_id)
    again = client.run_now(parent.event_id)
    assert (again.event_id, again.status, again.due_at) == (child.event_id, S.SCHEDULED, now)


def test_running_it_twice_at_one_instant_keeps_history_apart(client: Client, runs: Runs) -> None:
    """On a clock that stands still, the due time that is answered and the new one are the same instant."""
    event = bring(client, S.SCHEDULED)
    for _ in range(2):
        client.run_now(event.event_id)
    assert [(run.status, run.attempt) for run in runs(event.event_id)] == [("skipped", 1), ("skipped", 2)]
    assert client.get(event.event_id).attempt == 2


# Held.


@pytest.mark.parametrize(
    ("resolution", "recurring", "status", "run"),
    [
        ("retry", False, S.SCHEDULED, None),
        ("succeeded", False, S.SUCCEEDED, RunStatus.SUCCEEDED),
        ("failed", False, S.FAILED, RunStatus.FAILED),
        ("cancelled", False, S.CANCELLED, RunStatus.CANCELLED),
        ("retry", True, S.SCHEDULED, None),
        ("succeeded", True, S.SCHEDULED, RunStatus.SUCCEEDED),
        ("failed", True, S.SCHEDULED, RunStatus.FAILED),
        ("cancelled", True, S.CANCELLED, RunStatus.CANCELLED),
    ],
)
def test_a_person_settles_what_is_held(
    client: Client, runs: Runs, resolution: str, recurring: bool, status: EventStatus, run: RunStatus | None
) -> None:
    held = bring(client, S.HELD, Periodic(hours=1) if recurring else None)
    after = client.resolve(held.event_id, resolution, reason="I looked.", actor="ada")
    assert after.status is status
    assert after.status_reason == f"resolved as {resolution} by ada: I looked."
    assert [(one.status, one.final) for one in runs(held.event_id)] == ([] if run is None else [(run, True)])
    moved = recurring and resolution in ("succeeded", "failed")
    assert after.due_at == held.due_at + (HOUR if moved else timedelta(0))


def test_a_resolution_needs_a_reason_and_must_be_one(client: Client) -> None:
    held = bring(client, S.HELD)
    with pytest.raises(Invalid, match="needs a reason"):
        client.resolve(held.event_id, "retry", reason="  ")
    with pytest.raises(Invalid, match="resolved as retry, succeeded, failed, cancelled; not as 'maybe'"):
        client.resolve(held.event_id, "maybe", reason="because")


def test_a_cancelled_one_that_still_runs_cannot_be_paused(client: Client) -> None:
    event = bring(client, S.RUNNING)
    client.cancel(event.event_id)
    with pytest.raises(IllegalTransition, match="cancelled or replaced already"):
        client.pause(event.event_id)
    assert client.get(event.event_id).wish is Wish.CANCEL
