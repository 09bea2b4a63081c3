"""The door itself: addresses, transactions, time, and one writer at a time on SQLite."""

import sys
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection
from tests.store.scene import Scene

from duetime.core.clock import SystemClock
from duetime.core.errors import DatabaseUnavailable, InvalidSetting, UnknownName
from duetime.store.store import Store, Transaction
from duetime.testing.clock import ManualClock


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("nonsense", "it is no database URL; write sqlite:///"),
        ("", "it is no database URL"),
        ("mysql://host/name", "'mysql' is not supported"),
        ("sqlite://", "a database in memory cannot be shared"),
        ("sqlite:///:memory:", "a database in memory cannot be shared"),
    ],
)
def test_an_address_that_means_nothing_is_refused(url: str, problem: str) -> None:
    with pytest.raises(InvalidSetting, match=f"Setting database_url: {problem}"):
        Store(url)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg", "postgresql+psycopg2"])
def test_every_name_of_postgresql_means_the_one_driver(scheme: str) -> None:
    with Store(f"{scheme}://ada:secret@host/name") as store:
        assert not store.is_sqlite
        assert store.engine.driver == "psycopg"
        assert store.location == "postgresql+psycopg://ada:***@host/name"


def test_postgresql_without_its_package_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(InvalidSetting, match=r"pip install 'duetime\[postgres\]'"):
        Store("postgresql://host/name")


def test_a_file_is_named_in_full(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    monkeypatch.chdir(tmp_path)
    with Store("sqlite:///here.db") as store:
        assert store.location == str(tmp_path / "here.db")


def test_a_transaction_is_kept_whole_or_not_at_all(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.audit.add(actor="ada", verb="test", subject="kept")
    with pytest.raises(UnknownName), scene.store.write() as tx:
        _write_and_fail(tx)
    with scene.store.read() as tx:
        assert len(tx.audit.about("kept")) == 1
        assert tx.audit.about("dropped") == []


def _write_and_fail(tx: Transaction) -> None:
    tx.audit.add(actor="ada", verb="test", subject="dropped")
    tx.events.get(99)


def test_a_transaction_has_one_time(scene: Scene, clock: ManualClock) -> None:
    with scene.store.write() as tx:
        assert tx.now == clock.now()
        clock.move_to(clock.now() + timedelta(hours=1))
        tx.audit.add(actor="ada", verb="test", subject="x")
        assert tx.audit.about("x")[0].at == tx.now == clock.now() - timedelta(hours=1)


def test_entries_are_kept_as_they_were_and_the_newest_comes_first(scene: Scene) -> None:
    with scene.store.write() as tx:
        tx.audit.add(actor="ada", verb="bot.apply", subject="bot:1", before=None, after={"größe": [1, None, "🚀"]})
        tx.audit.add(actor="", verb="bot.pause", subject="bot:1", reason="why", before={}, after=None)
        tx.audit.add(actor="ada", verb="bot.apply", subject="bot:10")
        newest, oldest = tx.audit.about("bot:1")
        assert len(tx.audit.about("bot:1", most=1)) == 1
    assert (newest.verb, newest.actor, newest.reason, newest.before, newest.after) == ("bot.pause", "", "why", {}, None)
    assert (oldest.before, oldest.after) == (None, {"größe": [1, None, "🚀"]})


def test_writers_of_one_process_take_turns(sqlite_store: Store) -> None:
    inside: list[int] = []
    most: list[int] = []

    def write() -> None:
        for _ in range(20):
            with sqlite_store.write() as tx:
                inside.append(1)
                most.append(len(inside))
                tx.audit.add(actor="ada", verb="test", subject="x")
                inside.pop()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert most == [1] * 80
    with sqlite_store.read() as tx:
        assert tx.audit.verify().entries == len(tx.audit.about("x")) == 80


def test_a_writer_that_never_ends_is_an_error_and_not_a_hang(sqlite_url: str) -> None:
    with Store(sqlite_url, busy_seconds=0.05) as store:
        with (
            store.write(),
            pytest.raises(DatabaseUnavailable, match="another thread of this process has kept it locked"),
            store.write(),
        ):
            pass
        with store.write() as tx:
            tx.audit.add(actor="ada", verb="test", subject="x")


def test_a_read_does_not_wait_for_a_writer(scene: Scene) -> None:
    scene.add()
    with scene.store.write() as tx:
        tx.audit.add(actor="ada", verb="test", subject="x")
        with scene.store.read() as other:
            assert other.events.get(1).event_id == 1
            assert other.audit.about("x") == []


def test_sqlite_shares_the_clock_of_its_store(sqlite_store: Store, clock: ManualClock) -> None:
    assert sqlite_store.measure_clock() == timedelta(0)
    moment = datetime.fromisoformat("2031-01-01T00:00:00.000001+00:00")
    clock.move_to(moment)
    with sqlite_store.engine.connect() as connection:
        micros = connection.exec_driver_sql("SELECT duetime_now()").scalar_one()
    assert micros == moment.timestamp() * 1_000_000
    assert sqlite_store.now() == moment


@pytest.mark.postgres
def test_postgresql_has_a_clock_of_its_own(postgresql_store: Store, clock: ManualClock) -> None:
    clock.move_to(clock.now() - timedelta(hours=5))
    offset = postgresql_store.measure_clock()
    assert timedelta(hours=5) <= offset < timedelta(hours=5, minutes=10)
    assert postgresql_store.clock_offset == offset
    assert postgresql_store.now() == clock.now() + offset


@pytest.mark.postgres
@pytest.mark.parametrize("how", ["now", "read", "write"])
def test_postgresql_says_its_time_at_the_first_question(
    postgresql_url: str, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    real = datetime.now(UTC)
    monkeypatch.setattr(SystemClock, "now", lambda _: real - timedelta(hours=5))
    with Store(postgresql_url) as store:
        if how == "now":
            now = store.now()
        else:
            with getattr(store, how)() as tx:
                now = tx.now
        assert abs(now - real) < timedelta(minutes=10)
        assert store.clock_offset > timedelta(hours=4)


@pytest.mark.postgres
def test_postgresql_is_asked_for_its_time_once(postgresql_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    measure = Store._measure

    def counted(store: Store, connection: Connection) -> timedelta:
        asked.append(1)
        return measure(store, connection)

    monkeypatch.setattr(Store, "_measure", counted)
    with Store(postgresql_url) as store:
        store.now()
        with store.read(), store.write():
            store.now()
    assert asked == [1]


@pytest.mark.postgres
def test_the_connection_has_its_timeouts(postgresql_store: Store) -> None:
    with postgresql_store.engine.connect() as connection:
        settings = {
            name: connection.exec_driver_sql(f"SHOW {name}").scalar_one()
            for name in ("statement_timeout", "lock_timeout", "TimeZone", "application_name")
        }
    assert settings == {
        "statement_timeout": "30s",
        "lock_timeout": "15s",
        "TimeZone": "UTC",
        "application_name": "duetime",
    }


def test_sqlite_waits_for_the_disk_unless_told_otherwise(sqlite_url: str) -> None:
    for durable, synchronous in ((True, 2), (False, 0)):
        with Store(sqlite_url, durable=durable) as store, store.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == synchronous
            assert connection.exec_driver_sql("PRAGMA journal_mode").scalar_one() == "wal"
