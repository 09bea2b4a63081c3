"""`/healthz` and `/readyz`: nothing but one word, and 503 when nothing fires though due."""

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from tests.web.conftest import As
from tests.web.observe.conftest import Working

from duetime.app.app import App
from duetime.app.readiness import Unready, look
from duetime.core.errors import DatabaseUnavailable
from duetime.core.statuses import EventStatus
from duetime.store.schema import upgrade
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.web.observe import refreshed
from duetime.web.observe.refreshed import Refreshed

MINUTE = timedelta(seconds=60)


def ready(as_: As, clock: ManualClock) -> tuple[int, str]:
    """Return the status and the word that nobody in particular is given."""
    clock.elapsed += 2  # past what the server keeps
    answer = as_(None).get("/readyz")
    body = answer.json()
    assert set(body) <= {"status", "reason"}
    return answer.status_code, body.get("reason", body["status"])


def test_health_asks_no_database(as_: As, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setattr(app, "store", None)
        answer = as_(None).get("/healthz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_an_idle_duetime_is_ready_with_and_without_workers(as_: As, clock: ManualClock, app: App) -> None:
    assert ready(as_, clock) == (200, "ready")
    Working(app, clock)
    assert ready(as_, clock) == (200, "ready")


def test_a_worker_that_was_stopped_is_missed_once_something_is_due(
    as_: As, clock: ManualClock, working: Working, app: App
) -> None:
    app.client.schedule("test.job", clock.now() + timedelta(minutes=10))
    working.worker.drain()
    assert ready(as_, clock) == (200, "ready")
    working.pass_time(600 + 60, beat=False)
    assert ready(as_, clock) == (200, "ready")
    working.pass_time(1, beat=False)
    assert ready(as_, clock) == (503, "no_worker")
    working.start_again()
    working.step()
    assert ready(as_, clock) == (200, "ready")


def test_a_worker_that_beats_and_runs_nothing_is_found_out(
    as_: As, clock: ManualClock, working: Working, app: App
) -> None:
    """Its heart beats, so no lease ends and no reaper comes; its dispatcher hangs."""
    app.client.schedule("test.job", clock.now())
    working.pass_time(60)
    assert ready(as_, clock) == (200, "ready")
    working.pass_time(1)
    assert ready(as_, clock) == (503, "nothing_fires")
    working.step()
    assert ready(as_, clock) == (200, "ready")


def test_a_backlog_that_is_worked_off_is_late_and_yet_ready(
    as_: As, clock: ManualClock, working: Working, app: App
) -> None:
    for _ in range(2):
        app.client.schedule("test.failure", clock.now())
        app.client.schedule("test.job", clock.now())
    working.pass_time(3600)
    assert ready(as_, clock) == (503, "nothing_fires")
    working.step()
    app.client.schedule("test.job", clock.now())
    working.pass_time(50)
    with app.store.read() as tx:
        assert tx.live_counts.due()
    assert ready(as_, clock) == (200, "ready")
    working.pass_time(11)  # now nothing has been run for longer than a minute, and the event is as late
    assert ready(as_, clock) == (503, "nothing_fires")


def test_a_type_without_a_handler_waits_and_is_no_fault(
    as_: As, clock: ManualClock, working: Working, app: App
) -> None:
    app.client.schedule("nobody.knows", clock.now(), allow_unknown=True)
    working.pass_time(3600)
    assert ready(as_, clock) == (200, "ready")
    working.worker.drain()
    working.pass_time(3600, beat=False)
    assert ready(as_, clock) == (200, "ready")


def test_paused_events_are_not_due(as_: As, clock: ManualClock, working: Working, app: App) -> None:
    event = app.client.schedule("test.job", clock.now())
    assert app.client.pause(event.event_id).status is EventStatus.PAUSED
    working.pass_time(3600)
    assert ready(as_, clock) == (200, "ready")


def test_the_events_of_an_unloaded_plugin_are_missed_by_nobody(store: Store, clock: ManualClock) -> None:
    app = App(store, clock=clock, providers={}, installed_plugins=False)
    working = Working(app, clock)
    with store.write() as tx:
        kind = tx.event_types.by_ids(["test.job"])["test.job"]
        tx.event_types.publish([replace(kind, plugin="extra")])
    app.client.schedule("test.job", clock.now())
    working.worker.drain()
    working.pass_time(61, beat=False)
    assert look(store, overdue_after=MINUTE).reason is Unready.NO_WORKER
    with store.write() as tx:
        tx.plugins.wish("extra", wish="unloaded")
    assert look(store, overdue_after=MINUTE).reason is None


def test_a_database_that_is_away(as_: As, clock: ManualClock, app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    assert ready(as_, clock) == (200, "ready")

    def away() -> None:
        raise DatabaseUnavailable("nobody answers", remedy="Start it.")

    monkeypatch.setattr(app.store, "read", away)
    assert ready(as_, clock) == (503, "database")


def test_a_schema_of_another_version(tmp_path: object, clock: ManualClock) -> None:
    with Store(f"sqlite:///{tmp_path}/old.db", clock=clock, durable=False) as store:
        assert look(store, overdue_after=MINUTE).reason is Unready.DATABASE  # there is no file
        upgrade(store.engine, revision="0001")
        assert look(store, overdue_after=MINUTE).reason is Unready.SCHEMA
        upgrade(store.engine)
        assert look(store, overdue_after=MINUTE).reason is None


def test_a_reading_that_hangs_is_waited_for_by_one(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refreshed, "PATIENCE", 0.05)
    answers, hangs, entered = [1], threading.Event(), threading.Event()

    def read() -> int:
        if answers:
            return answers.pop()
        entered.set()
        assert hangs.wait(10)
        return 2

    kept = Refreshed(read, clock=clock, seconds=1)
    assert _value(kept) == 1
    clock.elapsed += 2
    reader = threading.Thread(target=kept.get)
    reader.start()
    assert entered.wait(10)
    assert _value(kept) == 1  # at once, what was read a moment ago
    clock.elapsed += 15
    assert kept.get() is None  # nobody knows any more
    hangs.set()
    reader.join(10)
    assert _value(kept) == 2


def _value(kept: Refreshed[int]) -> int:
    found = kept.get()
    assert found is not None
    return found.value
