"""What a person may do to one event, what is left of it in history, and who did it."""

from typing import Any

import pytest
from tests.store.scene import HOUR, MINUTE, Scene

from duetime.core.errors import IllegalTransition, Invalid, UnknownName
from duetime.core.events import Event
from duetime.core.outcomes import Failed, Held, Lost, Succeeded
from duetime.core.retry import Retry
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish
from duetime.schedule.once import Once
from duetime.schedule.periodic import Periodic
from duetime.store.audit_table import AuditEntry
from duetime.store.verbs import Resolution

KEY = b"k" * 16
BY = {"actor": "user:ada", "reason": "maintenance"}


def _verb(scene: Scene, verb: str, event_id: int, **given: Any) -> Event:
    with scene.store.write() as tx:
        event: Event = getattr(tx.verbs, verb)(event_id, **{**BY, **given})
    assert event == scene.event(event_id)
    return event


def _reschedule(scene: Scene, event_id: int, **given: Any) -> Event:
    due_at = given.pop("due_at", scene.now + HOUR)
    return _verb(
        scene, "reschedule", event_id, schedule=Once(when=due_at), due_at=due_at, expires_at=due_at + HOUR, **given
    )


def _do(scene: Scene, verb: str, event_id: int) -> Event:
    """Carry out a verb by its name."""
    if verb == "reschedule":
        return _reschedule(scene, event_id)
    given = {"resolution": Resolution.RETRY, "next_due": None} if verb == "resolve" else {}
    return _verb(scene, verb, event_id, **given)


def _audit(scene: Scene, event_id: int) -> AuditEntry:
    with scene.store.read() as tx:
        return tx.audit.about(f"event:{event_id}")[0]


def test_pause_and_resume(scene: Scene) -> None:
    event_id = scene.add()
    paused = _verb(scene, "pause", event_id)
    assert (paused.status, paused.status_reason) == (EventStatus.PAUSED, "by user:ada: maintenance")
    assert scene.claim() == []
    resumed = _verb(scene, "resume", event_id)
    assert (resumed.status, resumed.status_reason) == (EventStatus.SCHEDULED, "was paused")
    assert resumed.due_at == paused.due_at
    assert resumed.claim_token > paused.claim_token > 0
    assert len(scene.claim()) == 1
    assert scene.runs(event_id) == []


def test_resume_may_name_the_rule_for_what_was_missed(scene: Scene) -> None:
    event_id = scene.add_hourly(catch_up="latest")
    _verb(scene, "pause", event_id)
    assert _verb(scene, "resume", event_id).catch_up == "latest"
    _verb(scene, "pause", event_id)
    assert _verb(scene, "resume", event_id, catch_up="skip").catch_up == "skip"


def test_a_running_event_pauses_when_its_attempt_ends(scene: Scene) -> None:
    claim = scene.claim_one(schedule=scene.hourly())
    event = _verb(scene, "pause", claim.event_id)
    assert (event.status, event.wish, event.claim_token) == (EventStatus.RUNNING, Wish.PAUSE, claim.token)
    assert scene.end(claim, wish=Wish.PAUSE).status is EventStatus.PAUSED
    assert [run.status for run in scene.runs(claim.event_id)] == [RunStatus.SUCCEEDED]


def test_resume_takes_the_wish_to_pause_back(scene: Scene) -> None:
    claim = scene.claim_one(schedule=scene.hourly())
    _verb(scene, "pause", claim.event_id)
    assert _verb(scene, "resume", claim.event_id).wish is None
    assert scene.end(claim).status is EventStatus.SCHEDULED


@pytest.mark.parametrize("due", [True, False])
def test_cancel_answers_for_a_due_time_that_was_reached(scene: Scene, due: bool) -> None:
    event_id = scene.add(dedupe_key=KEY, due_at=scene.now - MINUTE if due else scene.now + HOUR)
    event = _verb(scene, "cancel", event_id)
    assert (event.status, event.finished_at) == (EventStatus.CANCELLED, scene.now)
    assert event.status_reason == "by user:ada: maintenance"
    assert scene.column("dedupe_key", event_id) is None
    runs = scene.runs(event_id)
    assert len(runs) == due
    if due:
        assert (runs[0].status, runs[0].final, runs[0].attempt) == (RunStatus.CANCELLED, True, 1)
        assert (runs[0].started_at, runs[0].reason) == (None, "by user:ada: maintenance")


def test_cancelling_a_retry_is_the_answer_after_its_attempts(scene: Scene) -> None:
    claim = scene.claim_one()
    scene.end(claim, Failed("no"), retry=Retry(attempts=3))
    _verb(scene, "cancel", claim.event_id)
    runs = scene.runs(claim.event_id)
    assert [(run.attempt, run.status, run.final) for run in runs] == [
        (1, RunStatus.FAILED, False),
        (2, RunStatus.CANCELLED, True),
    ]


def test_a_running_event_ends_truly_and_then_is_cancelled(scene: Scene) -> None:
    claim = scene.claim_one(schedule=scene.hourly(), dedupe_key=KEY)
    event = _verb(scene, "cancel", claim.event_id)
    assert (event.status, event.wish) == (EventStatus.RUNNING, Wish.CANCEL)
    assert scene.schedule("keep").created == 1  # what is scheduled from now on is not kept for one that is ending
    ended = scene.end(claim, Succeeded(), wish=Wish.CANCEL)
    assert (ended.status, ended.status_reason) == (EventStatus.CANCELLED, "cancelled while it ran")
    assert [run.status for run in scene.runs(claim.event_id)] == [RunStatus.SUCCEEDED]


@pytest.mark.parametrize("wish", [Wish.CANCEL, Wish.DETACH])
def test_a_wish_to_end_is_not_overridden_by_a_pause(scene: Scene, wish: Wish) -> None:
    """A detached event that went on after a pause would run beside the one that replaced it."""
    scene.schedule("keep", schedule=scene.hourly())
    scene.claim()
    if wish is Wish.CANCEL:
        _verb(scene, "cancel", 1)
    else:
        scene.schedule("replace", due_at=scene.now + HOUR)
    with pytest.raises(IllegalTransition, match="ends with this attempt"):
        _verb(scene, "pause", 1)
    assert scene.event(1).wish is wish
    with pytest.raises(IllegalTransition):
        _verb(scene, "resume", 1)


def test_reschedule(scene: Scene) -> None:
    event_id = scene.add(due_at=scene.now + HOUR)
    event = _reschedule(scene, event_id, due_at=scene.now + 2 * HOUR)
    assert event.schedule == Once(when=scene.now + 2 * HOUR)
    assert event.due_at == event.ready_at == scene.now + 2 * HOUR
    assert event.expires_at == scene.now + 3 * HOUR
    assert (event.status, event.claim_token) == (EventStatus.SCHEDULED, 1)
    assert scene.runs(event_id) == []


def test_a_rescheduled_due_time_that_was_reached_is_skipped(scene: Scene) -> None:
    event_id = scene.add()
    assert _reschedule(scene, event_id).attempt == 0
    (run,) = scene.runs(event_id)
    assert (run.status, run.reason, run.final) == (RunStatus.SKIPPED, "rescheduled", True)


def test_a_paused_event_stays_paused_when_it_is_rescheduled(scene: Scene) -> None:
    event_id = scene.add()
    _verb(scene, "pause", event_id)
    assert _reschedule(scene, event_id).status is EventStatus.PAUSED


def test_attempts_at_a_time_that_was_tried_before_go_on_counting(scene: Scene) -> None:
    claim = scene.claim_one()
    scene.end(claim, Failed("no"), retry=Retry(attempts=3))
    assert _reschedule(scene, claim.event_id, due_at=claim.due_at).attempt == 2
    (again,) = scene.claim()
    assert again.attempt == 3
    assert scene.end(again).status is EventStatus.SUCCEEDED


@pytest.mark.parametrize(("recurring", "after"), [(False, EventStatus.SCHEDULED), (True, EventStatus.SCHEDULED)])
def test_resolved_as_retry_runs_again_at_this_due_time(scene: Scene, recurring: bool, after: EventStatus) -> None:
    event_id = _held(scene, recurring=recurring, expires_at=None if recurring else scene.now)
    event = _verb(scene, "resolve", event_id, resolution=Resolution.RETRY, next_due=scene.now + HOUR)
    assert event.status is after
    assert event.due_at == scene.now - MINUTE
    assert event.ready_at == scene.now
    assert event.expires_at is None
    (claim,) = scene.claim()
    scene.end(claim)
    assert [(run.attempt, run.status) for run in scene.runs(event_id)] == [
        (1, RunStatus.LOST),
        (2, RunStatus.SUCCEEDED),
    ]


def _held(scene: Scene, *, recurring: bool, **given: Any) -> int:
    if recurring:
        given["schedule"] = scene.hourly()
    claim = scene.claim_one(on_lost=OnLost.HOLD, dedupe_key=KEY, **given)
    assert scene.end(claim, Lost()).status is EventStatus.HELD
    return claim.event_id


@pytest.mark.parametrize("resolution", [Resolution.SUCCEEDED, Resolution.FAILED, Resolution.CANCELLED])
def test_a_held_one_off_ends_as_a_person_says(scene: Scene, resolution: Resolution) -> None:
    event_id = _held(scene, recurring=False)
    event = _verb(scene, "resolve", event_id, resolution=resolution, next_due=None)
    assert event.status == resolution.value
    assert event.finished_at == scene.now
    assert event.status_reason == f"resolved as {resolution} by user:ada: maintenance"
    assert scene.column("dedupe_key", event_id) is None
    lost, answer = scene.runs(event_id)
    assert (lost.status, lost.final) == (RunStatus.LOST, False)
    assert (answer.status, answer.final, answer.attempt) == (resolution.value, True, 2)
    assert answer.reason == event.status_reason


@pytest.mark.parametrize(
    ("resolution", "status", "in_a_row"),
    [
        (Resolution.SUCCEEDED, EventStatus.SCHEDULED, 0),
        (Resolution.FAILED, EventStatus.SCHEDULED, 1),
        (Resolution.CANCELLED, EventStatus.CANCELLED, 0),
    ],
)
def test_a_held_recurring_event_goes_on_unless_cancelled(
    scene: Scene, resolution: Resolution, status: EventStatus, in_a_row: int
) -> None:
    event_id = _held(scene, recurring=True)
    event = _verb(scene, "resolve", event_id, resolution=resolution, next_due=scene.now + HOUR)
    assert (event.status, event.failed_in_a_row) == (status, in_a_row)
    if status is EventStatus.SCHEDULED:
        assert event.due_at == event.ready_at == scene.now + HOUR
        assert (event.attempt, event.failures) == (0, 0)
        assert scene.column("dedupe_key", event_id) == KEY


def test_what_a_guard_held_has_no_attempt_to_answer_for(scene: Scene) -> None:
    claim = scene.claim_one()
    scene.end(claim, Held("ask"))
    _verb(scene, "resolve", claim.event_id, resolution=Resolution.FAILED, next_due=None)
    assert [(run.attempt, run.final) for run in scene.runs(claim.event_id)] == [(1, True)]


@pytest.mark.parametrize("reason", ["", "  "])
def test_a_resolution_needs_a_reason(scene: Scene, reason: str) -> None:
    event_id = _held(scene, recurring=False)
    with pytest.raises(Invalid, match="needs a reason"):
        _verb(scene, "resolve", event_id, resolution=Resolution.RETRY, next_due=None, reason=reason)
    assert scene.event(event_id).status is EventStatus.HELD


@pytest.mark.parametrize("verb", ["pause", "resume", "reschedule"])
def test_a_held_event_is_resolved_and_nothing_else(scene: Scene, verb: str) -> None:
    event_id = _held(scene, recurring=False)
    with pytest.raises(IllegalTransition, match="duetime events resolve"):
        _do(scene, verb, event_id)


def test_a_running_event_is_not_rescheduled(scene: Scene) -> None:
    claim = scene.claim_one()
    with pytest.raises(IllegalTransition, match="Wait until its attempt ends"):
        _reschedule(scene, claim.event_id)


@pytest.mark.parametrize("verb", ["pause", "resume", "cancel", "reschedule", "resolve"])
def test_an_unknown_event_is_named(scene: Scene, verb: str) -> None:
    with pytest.raises(UnknownName, match="no event 99"):
        _do(scene, verb, 99)


@pytest.mark.parametrize("verb", ["pause", "cancel", "reschedule"])
def test_who_did_it_and_why_is_kept(scene: Scene, verb: str) -> None:
    event_id = scene.add(due_at=scene.now + HOUR)
    after = _do(scene, verb, event_id)
    entry = _audit(scene, event_id)
    assert (entry.actor, entry.reason, entry.at) == ("user:ada", "maintenance", scene.now)
    assert (entry.verb, entry.subject) == (f"event.{verb}", f"event:{event_id}")
    assert entry.before is not None
    assert entry.after is not None
    assert entry.before["status"] == "scheduled"
    assert entry.after["status"] == after.status.value
    assert entry.after["due_at"] == after.due_at.isoformat()


def test_wishes_and_resolutions_are_kept_too(scene: Scene) -> None:
    claim = scene.claim_one()
    _verb(scene, "pause", claim.event_id)
    entry = _audit(scene, claim.event_id)
    assert (entry.verb, (entry.after or {})["wish"]) == ("event.pause", "pause")
    _verb(scene, "resume", claim.event_id)
    assert (_audit(scene, claim.event_id).after or {})["wish"] is None
    event_id = _held(scene, recurring=False)
    _verb(scene, "resolve", event_id, resolution=Resolution.FAILED, next_due=None)
    entry = _audit(scene, event_id)
    assert (entry.verb, (entry.before or {})["status"], (entry.after or {})["status"]) == (
        "event.resolve",
        "held",
        "failed",
    )


def test_what_is_refused_leaves_no_trace(scene: Scene) -> None:
    claim = scene.claim_one()
    scene.end(claim)
    before = scene.event(claim.event_id)
    with pytest.raises(IllegalTransition):
        _verb(scene, "cancel", claim.event_id)
    assert scene.event(claim.event_id) == before
    with scene.store.read() as tx:
        assert tx.audit.about(f"event:{claim.event_id}") == []


def test_somebody_without_a_name_is_somebody(scene: Scene) -> None:
    event_id = scene.add()
    assert _verb(scene, "pause", event_id, actor="", reason="").status_reason == "by somebody"


@pytest.mark.postgres
def test_a_verb_waits_for_the_row_and_sees_what_it_has_become(postgresql_scene: Scene) -> None:
    """Between its look and its write nobody claims the event."""
    scene = postgresql_scene
    event_id = scene.add()
    session_id = scene.session()
    with scene.store.write() as tx:
        tx.verbs.pause(event_id, **BY)
        assert scene.claim(session_id) == []
    assert scene.event(event_id).status is EventStatus.PAUSED


@pytest.mark.parametrize("passed", [0, 1, 5])
def test_cancelling_answers_for_every_due_time_that_is_owed(scene: Scene, passed: int) -> None:
    first = scene.now - passed * HOUR
    event_id = scene.add(schedule=Periodic(hours=1, anchor=first), due_at=first)
    _verb(scene, "cancel", event_id)
    (run,) = scene.runs(event_id)
    assert (run.due_at, run.covers_count) == (first, passed + 1)
    assert run.covers_until == (first + passed * HOUR if passed else None)


def test_a_held_one_that_is_taken_back_answers_for_what_came_due_meanwhile(scene: Scene) -> None:
    first = scene.now - 2 * HOUR
    claim = scene.claim_one(schedule=Periodic(hours=1, anchor=first), due_at=first)
    assert scene.end(claim, Held("ask Ada")).status is EventStatus.HELD
    _verb(scene, "resolve", claim.event_id, resolution=Resolution.CANCELLED, next_due=None)
    (run,) = scene.runs(claim.event_id)
    assert (run.status, run.covers_count, run.covers_until) == (RunStatus.CANCELLED, 3, first + 2 * HOUR)


@pytest.mark.parametrize("verb", ["pause", "cancel", "reschedule"])
def test_a_reason_is_cleaned_and_bounded(scene: Scene, verb: str) -> None:
    event_id = scene.add()
    given = {"reason": "a\x00b\udcff password=hunter2 " + "x" * 5000, "actor": "ada\udcff"}
    reschedule = verb == "reschedule"
    event = _reschedule(scene, event_id, **given) if reschedule else _verb(scene, verb, event_id, **given)
    entry = _audit(scene, event_id)
    assert entry.reason.startswith("a\N{REPLACEMENT CHARACTER}b? password=[redacted] xxx")
    assert (len(entry.reason), entry.actor) == (1000, "ada?")
    assert event.status_reason == f"by ada?: {entry.reason}"
