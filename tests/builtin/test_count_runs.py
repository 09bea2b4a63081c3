"""The job that counts history by the hour, on a real store."""

from datetime import timedelta

import pytest

from duetime.builtin.count_runs import CountRuns
from duetime.builtin.prune import Prune
from duetime.core.outcomes import Succeeded
from duetime.core.statuses import RunStatus
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.run_count_query import CountQuery
from duetime.store.run_table import DueTime
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

HOUR = timedelta(hours=1)


def end(store: Store, *event_ids: int, ago: timedelta) -> None:
    """Write one answer for each event."""
    moment = store.now() - ago
    with store.write() as tx:
        due_times = [DueTime(event_id, moment, 0, "test.stop", "instance:10:r:i-1:", None) for event_id in event_ids]
        tx.runs.answer(due_times, status=RunStatus.SKIPPED, reason="", now=moment)


def counted(store: Store) -> int:
    with store.read() as tx:
        return sum(each.runs for each in tx.run_counts.over_time(CountQuery(since=tx.now - timedelta(days=30)), by=()))


def test_hours_that_ended_are_counted_and_late_endings_too(sqlite_store: Store, clock: ManualClock) -> None:
    clock.move_to(clock.now().replace(minute=7, second=0) + HOUR)
    end(sqlite_store, 1, 2, ago=3 * HOUR)
    end(sqlite_store, 3, ago=HOUR)
    end(sqlite_store, 4, ago=timedelta(minutes=1))
    with using(Client(sqlite_store)):
        assert CountRuns().run() == Succeeded({"hours": 2, "again": 0})
        assert CountRuns().run() == Succeeded({"hours": 0, "again": 0})
        end(sqlite_store, 5, ago=3 * HOUR + timedelta(minutes=1))
        assert counted(sqlite_store) == 4
        assert CountRuns().run() == Succeeded({"hours": 0, "again": 1})
        assert counted(sqlite_store) == 5
        clock.move_to(clock.now() + timedelta(days=2))
        deleted = Prune(days=1).run()
    assert isinstance(deleted, Succeeded)
    assert isinstance(deleted.data, dict)
    assert (deleted.data["runs"], deleted.data["counts"]) == (5, 2)


def test_it_ends_between_two_hours_when_it_is_asked_to(
    sqlite_store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock.move_to(clock.now().replace(minute=7, second=0) + HOUR)
    for hours in (1, 2, 3):
        end(sqlite_store, hours, ago=hours * HOUR)
    asked = iter([False, False, True])
    monkeypatch.setattr(CountRuns, "cancel_requested", property(lambda _: next(asked, True)))
    with using(Client(sqlite_store)):
        assert CountRuns().run() == Succeeded({"hours": 2, "again": 0})
        assert counted(sqlite_store) == 3
