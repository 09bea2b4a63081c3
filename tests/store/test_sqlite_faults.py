"""What can happen to a file: a clear error, nothing acknowledged is lost, and it works again afterwards."""

import os
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import event
from tests.store.scene import Scene

from duetime.core.errors import DatabaseMissing, DatabaseUnavailable
from duetime.core.statuses import EventStatus
from duetime.store.schema import upgrade
from duetime.store.store import Store

HOLD = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
print("holding", flush=True)
sys.stdin.read()
connection.execute("ROLLBACK")
"""


@contextmanager
def _another_process_writing(path: str) -> Iterator[None]:
    """Hold the write lock of a file from a process of its own."""
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holding\n"
        yield
        holder.communicate()


@contextmanager
def _pragma(store: Store, setting: str, back: str) -> Iterator[None]:
    """Change a setting of every connection of a store."""

    def change(connection: object, _record: object) -> None:
        connection.execute(f"PRAGMA {setting}")  # type: ignore[attr-defined]

    store.close()
    event.listen(store.engine, "connect", change)
    yield
    event.remove(store.engine, "connect", change)
    with store.engine.connect() as connection:
        connection.exec_driver_sql(f"PRAGMA {back}")
    store.close()


@pytest.fixture
def scene(sqlite_url: str) -> Iterator[Scene]:
    with Store(sqlite_url, busy_seconds=0.05) as store:
        yield Scene(store)


def test_the_file_is_its_owners_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with Store(f"sqlite:///{tmp_path / 'new.db'}") as store:
            upgrade(store.engine)
            scene = Scene(store)
            scene.add()
            with store.read():
                modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        os.umask(before)
    assert modes == dict.fromkeys(("new.db", "new.db-wal", "new.db-shm"), 0o600)


def test_upgrading_leaves_a_file_that_is_there_as_it_is(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.chmod(0o640)
    with Store(sqlite_url) as store:
        upgrade(store.engine)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_missing_file_is_named_in_full_and_not_created(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Store("sqlite:///gone.db") as store, pytest.raises(DatabaseMissing) as caught, store.read():
        pass
    assert str(caught.value) == f"{tmp_path / 'gone.db'}: there is no database file. Run `duetime db upgrade` first."
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "duetime.db"
    with Store(f"sqlite:///{path}") as store, pytest.raises(DatabaseUnavailable, match=str(path)):
        upgrade(store.engine)


def test_another_writer_is_waited_for_and_then_named(scene: Scene) -> None:
    event_id = scene.add()
    before = scene.event(event_id)
    with _another_process_writing(scene.store.location):
        assert scene.event(event_id) == before  # who only reads does not mind
        with pytest.raises(DatabaseUnavailable, match=r"another process has kept it locked\. End that writer"):
            scene.add()
        with pytest.raises(DatabaseUnavailable):
            scene.claim(1)
    assert scene.ids() == [event_id]
    assert len(scene.claim()) == 1


def test_who_reads_first_and_writes_later_keeps_others_out_from_the_start(scene: Scene, sqlite_url: str) -> None:
    """Otherwise its write would fail at once, and no waiting would help: what it has read is old by then."""
    with Store(sqlite_url, busy_seconds=0.05) as other:
        with scene.store.write() as tx:
            assert tx.events.counts_by_status() == {}
            with pytest.raises(DatabaseUnavailable, match="kept it locked"):
                Scene(other).add()
            tx.audit.add(actor="ada", verb="test", subject="x")
        assert Scene(other).add() == 1


def test_an_ending_waits_while_another_process_writes(scene: Scene) -> None:
    claim = scene.claim_one()
    ending = scene.ending(claim)
    with _another_process_writing(scene.store.location), pytest.raises(DatabaseUnavailable):
        scene.finish(ending)
    assert scene.event(claim.event_id).status is EventStatus.RUNNING
    assert scene.finish(ending).written == [ending]


def test_a_full_disk_loses_nothing_that_was_acknowledged(scene: Scene) -> None:
    acknowledged = [scene.add(description="x" * 200) for _ in range(3)]
    with _pragma(scene.store, "max_page_count = 1", "max_page_count = 1000000"):  # that is: not one page more
        with pytest.raises(DatabaseUnavailable, match=r"the disk is full\. Free some space"):
            scene.add_many([scene.new(description="x" * 500) for _ in range(500)])
        assert scene.ids() == acknowledged
        with pytest.raises(DatabaseUnavailable, match="the disk is full"):
            scene.add_many([scene.new(description="x" * 500) for _ in range(500)])
    assert scene.add_many([scene.new(description="x" * 500) for _ in range(500)]).created == 500
    assert scene.sql("UPDATE events SET description = ''") == 503
    with scene.store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA integrity_check").scalar_one() == "ok"


def test_endings_wait_for_room_on_the_disk(scene: Scene) -> None:
    claims = [scene.claim_one() for _ in range(5)]
    endings = [scene.ending(claim, result="x" * 60_000) for claim in claims]
    with _pragma(scene.store, "max_page_count = 1", "max_page_count = 1000000"):
        with pytest.raises(DatabaseUnavailable, match="the disk is full"):
            scene.finish(*endings)
        assert {scene.event(claim.event_id).status for claim in claims} == {EventStatus.RUNNING}
        assert [len(scene.runs(claim.event_id)) for claim in claims] == [0] * 5
    assert scene.finish(*endings).written == endings


@pytest.mark.parametrize("how", ["setting", "mode"])
def test_a_file_that_may_only_be_read_says_so(scene: Scene, how: str) -> None:
    event_id = scene.add()
    path = Path(scene.store.location)
    if how == "mode":
        if os.geteuid() == 0:
            pytest.skip("root may write every file")
        scene.store.close()
        path.chmod(0o400)
        path.parent.chmod(0o500)
    try:
        with _pragma(scene.store, f"query_only = {int(how == 'setting')}", "query_only = 0"):
            with pytest.raises(DatabaseUnavailable, match=r"its file cannot be written\. Give this user the right"):
                scene.add()
            assert scene.event(event_id).event_id == event_id
    finally:
        path.parent.chmod(0o700)
        path.chmod(0o600)
    scene.add()


def test_a_file_that_is_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    text = "These are notes and no database. " * 100
    path.write_text(text, encoding="utf-8")
    with Store(f"sqlite:///{path}") as store:
        with (
            pytest.raises(DatabaseUnavailable, match=r"its file is no SQLite database\. Point database_url"),
            store.read(),
        ):
            pass
        with pytest.raises(DatabaseUnavailable, match="its file is no SQLite database"):
            upgrade(store.engine)
    assert path.read_text(encoding="utf-8") == text


def test_a_folder_is_no_database(tmp_path: Path) -> None:
    with Store(f"sqlite:///{tmp_path}") as store:
        with pytest.raises(DatabaseUnavailable, match="its file cannot be opened"), store.read():
            pass
        with pytest.raises(DatabaseUnavailable, match="cannot be opened or created"):
            upgrade(store.engine)


def test_a_damaged_file_says_so(scene: Scene) -> None:
    scene.add_many([scene.new(description="x" * 500) for _ in range(200)])
    scene.store.close()
    path = Path(scene.store.location)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x07" * (len(content) - 4096)
    path.write_bytes(content)
    with pytest.raises(DatabaseUnavailable, match=r"its file is damaged\. Restore it from a backup"):
        scene.event(100)


@pytest.mark.parametrize("what", ["table", "column"])
def test_a_schema_that_is_not_current_names_the_remedy(scene: Scene, what: str) -> None:
    scene.sql("DROP TABLE events" if what == "table" else "ALTER TABLE events DROP COLUMN user_resource_id")
    with pytest.raises(DatabaseUnavailable, match="Run `duetime db upgrade`"):
        scene.event(1)
