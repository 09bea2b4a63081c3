"""The database refuses rows that no event can be in, whoever writes them."""

from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError
from tests.store.scene import Scene

from duetime.core.statuses import FINAL, EventStatus

FINISHED = "finished_at = created_at"


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("status = 'dispatched'", "events_status_known"),
        *((f"status = '{status}'", "events_final_is_finished") for status in sorted(FINAL)),
        *(
            (f"status = '{status}', {FINISHED}", "events_final_is_finished")
            for status in EventStatus
            if status not in FINAL and status is not EventStatus.RUNNING
        ),
        (f"status = 'running', session_id = 1, {FINISHED}", "events_final_is_finished"),
        ("status = 'running'", "events_running_is_claimed"),
        ("session_id = 1", "events_running_is_claimed"),
        ("wish = 'cancel'", "events_wish_while_running"),
        ("status = 'running', session_id = 1, wish = 'delete'", "events_wish_known"),
        (f"status = 'cancelled', {FINISHED}", "events_key_while_live"),
        ("on_lost = 'forget'", "events_on_lost_known"),
    ],
)
def test_an_impossible_event_is_refused(scene: Scene, change: str, check: str) -> None:
    event_id = scene.add(dedupe_key=b"k" * 16)
    if check != "events_key_while_live":
        scene.sql("UPDATE events SET dedupe_key = NULL")
    before = scene.event(event_id)
    with pytest.raises(IntegrityError, match=check):
        scene.sql(f"UPDATE events SET {change}")
    assert scene.event(event_id) == before


@pytest.mark.parametrize(
    "change",
    [
        "status = 'running', session_id = 1",
        "status = 'running', session_id = 1, wish = 'detach'",
        "status = 'paused'",
        "status = 'held'",
        f"status = 'failed', {FINISHED}, dedupe_key = NULL",
    ],
)
def test_possible_events_are_not(scene: Scene, change: str) -> None:
    scene.add(dedupe_key=b"k" * 16)
    assert scene.sql(f"UPDATE events SET {change}") == 1


@pytest.mark.parametrize("column", ["event_type", "status", "due_at", "ready_at", "schedule", "args", "on_lost"])
def test_an_event_without_its_essentials_is_refused(scene: Scene, column: str) -> None:
    scene.add()
    with pytest.raises(IntegrityError):
        scene.sql(f"UPDATE events SET {column} = NULL")


def test_one_key_has_one_event(scene: Scene) -> None:
    scene.add(dedupe_key=b"k" * 16)
    with pytest.raises(IntegrityError):
        scene.add(dedupe_key=b"k" * 16)
    scene.add(dedupe_key=b"l" * 16)
    scene.add(dedupe_key=None)
    scene.add(dedupe_key=None)
    assert len(scene.ids()) == 4


@pytest.mark.parametrize(
    ("change", "check"),
    [("status = 'running'", "runs_status_known"), ("covers_count = 0", "runs_cover_something")],
)
def test_an_impossible_run_is_refused(scene: Scene, change: str, check: str) -> None:
    scene.end(scene.claim_one())
    with pytest.raises(IntegrityError, match=check):
        scene.sql(f"UPDATE runs SET {change}")


def test_an_attempt_has_one_run(scene: Scene) -> None:
    scene.end(scene.claim_one())
    with pytest.raises(IntegrityError):
        scene.sql(
            "INSERT INTO runs (event_id, due_at, attempt, event_type, status, final, finished_at)"
            " SELECT event_id, due_at, attempt, event_type, status, final, finished_at FROM runs"
        )


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ("status = 'asleep', ended_at = started_at", "sessions_status_known"),
        ("status = 'lost'", "sessions_ended"),
        ("ended_at = started_at", "sessions_ended"),
    ],
)
def test_an_impossible_session_is_refused(scene: Scene, change: str, check: str) -> None:
    scene.session()
    with pytest.raises(IntegrityError, match=check):
        scene.sql(f"UPDATE sessions SET {change}")


def test_instants_are_kept_to_the_microsecond(scene: Scene) -> None:
    due_at = scene.now.replace(year=2031) + timedelta(microseconds=1)
    event = scene.event(scene.add(due_at=due_at, expires_at=due_at + timedelta(days=365 * 60, microseconds=3)))
    assert event.due_at == due_at
    assert event.expires_at == due_at + timedelta(days=365 * 60, microseconds=3)
    assert event.due_at.tzinfo is not None
