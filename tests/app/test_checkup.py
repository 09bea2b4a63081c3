"""The checkup: each thing that can be wrong is found, and nothing is left behind by looking."""

from dataclasses import replace
from datetime import timedelta

import pytest

from duetime.app.app import App
from duetime.app.checkup import Checkup, check_up
from duetime.core.resources import Account
from duetime.core.statuses import EventStatus
from duetime.store.account_table import Credentials
from duetime.store.plugin_table import PluginState
from duetime.store.store import Store
from duetime.testing.clock import ManualClock


def names_of_trouble(found: Checkup) -> list[str]:
    return [check.name for check in found.checks if not check.ok]


def open_session(store: Store, *event_types: str) -> int:
    with store.write() as tx:
        return tx.sessions.open(worker="host:1", lease_seconds=30, slots=8, event_types=event_types)


def test_a_worker_and_nothing_else_is_healthy(app: App) -> None:
    open_session(app.store)
    found = check_up(app.store)
    assert found.healthy
    assert found.backend == "sqlite"
    assert found.location.endswith("duetime.db")
    assert found.revision


def test_looking_leaves_nothing_behind(app: App) -> None:
    check_up(app.store)
    with app.store.read() as tx:
        assert tx.audit.about("database") == []


def test_no_worker_is_trouble(app: App) -> None:
    assert names_of_trouble(check_up(app.store)) == ["workers"]


def test_a_worker_that_has_gone_silent_is_trouble(app: App, clock: ManualClock) -> None:
    open_session(app.store)
    clock.move_to(clock.now() + timedelta(seconds=31))
    open_session(app.store)
    found = check_up(app.store)
    assert names_of_trouble(found) == ["workers"]
    assert [worker.session_id for worker in found.silent] == [1]


def test_types_without_a_handler_are_named_and_are_not_called_late(app: App, clock: ManualClock) -> None:
    app.client.schedule("some.type", clock.now(), allow_unknown=True)
    clock.move_to(clock.now() + timedelta(hours=1))
    open_session(app.store, "divvy.stop_resource")
    found = check_up(app.store)
    assert names_of_trouble(found) == ["event types"]
    assert [waiting.event_type for waiting in found.waiting] == ["some.type"]


def test_an_old_due_event_is_trouble(app: App, clock: ManualClock) -> None:
    due_at = clock.now()
    app.client.schedule("duetime.prune", due_at)
    clock.move_to(due_at + timedelta(seconds=30))
    open_session(app.store, "duetime.prune")
    assert check_up(app.store).healthy
    clock.move_to(due_at + timedelta(seconds=90))
    open_session(app.store, "duetime.prune")
    found = check_up(app.store)
    assert "oldest due event" in names_of_trouble(found)
    assert found.oldest_due_at == due_at


def test_failed_plugins_and_overridden_builtins_are_shown(app: App) -> None:
    session_id = open_session(app.store)
    with app.store.write() as tx:
        tx.plugins.report(PluginState(session_id, "a", 1, "loaded", details={"overrides": ["divvy.stop_resource"]}))
    found = check_up(app.store)
    assert found.healthy
    assert any("overridden built-ins: divvy.stop_resource" in check.detail for check in found.checks)
    with app.store.write() as tx:
        tx.plugins.report(PluginState(session_id, "b", 1, "failed", error="line 3"))
    assert names_of_trouble(check_up(app.store)) == ["plugins"]


def test_failing_harvests_are_trouble(app: App) -> None:
    open_session(app.store)
    with app.store.write() as tx:
        tx.accounts.save(Account("10", provider="fake"))
        tx.accounts.record_harvest("10", error="refused")
    found = check_up(app.store)
    assert names_of_trouble(found) == ["accounts"]
    assert any("10 (1 times): refused" in check.detail for check in found.checks)


def test_held_events_and_drifting_clocks_are_trouble(app: App) -> None:
    open_session(app.store)
    found = check_up(app.store)
    held = replace(found, events={EventStatus.HELD: 2})
    assert names_of_trouble(held) == ["held events"]
    drifting = replace(found, backend="postgresql", clock_offset=timedelta(seconds=-3))
    assert names_of_trouble(drifting) == ["clock"]


@pytest.mark.parametrize("seconds", [-1, 0, 1])
def test_a_small_drift_is_none(app: App, seconds: int) -> None:
    open_session(app.store)
    found = replace(check_up(app.store), backend="postgresql", clock_offset=timedelta(seconds=seconds))
    assert found.healthy


def test_an_invalid_account_needs_attention(sqlite_store: Store) -> None:
    with sqlite_store.write() as tx:
        tx.accounts.save(Account("10", "aws"))
        for _ in range(3):
            tx.accounts.record_harvest("10", error="who are you", credentials=Credentials.REFUSED)
    check = next(each for each in check_up(sqlite_store).checks if each.name == "accounts")
    assert not check.ok
    assert check.detail == "credentials are refused: 10: who are you"
    assert "duetime accounts harvest" in check.remedy
