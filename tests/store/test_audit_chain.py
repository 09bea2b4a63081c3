"""The audit trail is chained and append-only: what was changed or removed behind its back is named."""

import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import Connection, select, text
from sqlalchemy.exc import DBAPIError
from tests.store.scene import Scene

from duetime.store.audit_chain import NO_ENTRY, ChainReport, entry_hash
from duetime.store.audit_query import AuditQuery
from duetime.store.schema import upgrade
from duetime.store.store import Store
from duetime.store.tables import audit_entries


def add(store: Store, *subjects: str) -> None:
    with store.write() as tx:
        for subject in subjects:
            tx.audit.add(actor="ada", verb="test", subject=subject, reason="why", before={"a": "ö"}, after={"b": None})


def verify(store: Store, head: str | None = None) -> ChainReport:
    with store.read() as tx:
        return tx.audit.verify(head=head)


@contextmanager
def behind_its_back(store: Store) -> Iterator[Connection]:
    """Let rows be changed by somebody who owns the database, and takes its triggers away first."""
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            if store.is_sqlite:
                for name in ("update", "delete", "replace"):
                    connection.execute(text(f"DROP TRIGGER audit_entries_keep_{name}"))
            else:
                connection.execute(text("DROP TRIGGER audit_entries_keep ON audit_entries"))
            yield connection


def test_a_trail_that_nobody_touched_is_whole(store: Store) -> None:
    assert verify(store) == ChainReport(0, NO_ENTRY.hex(), None)
    heads = [NO_ENTRY.hex()]
    for number in range(1, 4):
        add(store, *"xyz"[:number])
        heads.append(verify(store).head)
    assert len(set(heads)) == 4
    for head in heads:
        assert verify(store, head) == ChainReport(6, heads[-1], None)


@pytest.mark.parametrize(
    "change",
    [
        *("actor = 'eve'", "verb = 'x'", "subject = 'y'", "reason = ''", "before = NULL", "after = '{}'"),
        *("at = at + 1", "audit_id = 99", "entry_hash = NULL"),
    ],
)
def test_every_field_of_an_entry_is_covered(store: Store, change: str) -> None:
    add(store, "x", "y", "z")
    before = verify(store)
    if not store.is_sqlite:
        change = change.replace("at + 1", "at + interval '1 microsecond'")
    with behind_its_back(store) as connection:
        connection.execute(text(f"UPDATE audit_entries SET {change} WHERE audit_id = 3"))
    report = verify(store)
    assert report.broken is not None
    assert (report.entries, report.broken.audit_id) == (2, 99 if "99" in change else 3)
    assert report.head != before.head
    words = {"audit_id = 99": "3 to 98 were removed, or it was", "entry_hash = NULL": "by something else than duetime"}
    assert words.get(change, "Entry 3 was changed.") in report.broken.problem


@pytest.mark.parametrize(
    ("removed", "broken", "problem"),
    [
        ("audit_id = 1", 2, "entry 1 was removed"),
        ("audit_id = 3", 4, "entry 3 was removed"),
        ("audit_id IN (2, 3)", 4, "entries 2 to 3 were removed"),
    ],
)
def test_an_entry_that_is_missing_is_named(store: Store, removed: str, broken: int, problem: str) -> None:
    add(store, *"abcde")
    with behind_its_back(store) as connection:
        connection.execute(text(f"DELETE FROM audit_entries WHERE {removed}"))
    report = verify(store)
    assert report.broken is not None
    assert report.broken.audit_id == broken
    assert problem in report.broken.problem


def test_what_is_missing_at_the_end_is_known_by_a_noted_head(store: Store) -> None:
    add(store, *"abcde")
    head = verify(store).head
    with behind_its_back(store) as connection:
        connection.execute(text("DELETE FROM audit_entries WHERE audit_id > 3"))
    assert verify(store).broken is None
    add(store, "f")  # the trail goes on as though nothing were missing
    report = verify(store, head)
    assert report.broken is not None
    assert report.broken.audit_id is None
    assert "The noted head is the hash of no entry" in report.broken.problem


def test_a_trail_that_was_written_anew_is_known_by_a_noted_head(store: Store) -> None:
    add(store, *"abc")
    head = verify(store).head
    with behind_its_back(store) as connection:
        connection.execute(text("UPDATE audit_entries SET actor = 'eve' WHERE audit_id = 1"))
        previous = NO_ENTRY
        for row in connection.execute(select(audit_entries).order_by(audit_entries.c.audit_id)).all():
            previous = entry_hash(row, previous=previous)
            hashed = audit_entries.update().where(audit_entries.c.audit_id == row.audit_id)
            connection.execute(hashed.values(entry_hash=previous))
    assert verify(store).broken is None
    assert verify(store, head).broken is not None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_entries SET actor = 'eve'",
        "UPDATE audit_entries SET actor = 'eve' WHERE audit_id = 2",
        "DELETE FROM audit_entries",
        "DELETE FROM audit_entries WHERE audit_id = 2",
        "TRUNCATE audit_entries",
        "INSERT OR REPLACE INTO audit_entries (audit_id, at, actor, verb, subject) VALUES (2, 0, 'eve', 'x', 'y')",
    ],
)
def test_the_database_refuses_to_change_or_delete_an_entry(scene: Scene, statement: str) -> None:
    if ("TRUNCATE" in statement and scene.store.is_sqlite) or ("REPLACE" in statement and not scene.store.is_sqlite):
        pytest.skip("the database has no such statement")
    add(scene.store, "x", "y")
    with pytest.raises(DBAPIError, match="audit_entries is append-only"):
        scene.sql(statement)
    assert verify(scene.store).entries == 2


def test_entries_of_an_older_version_are_chained_by_the_upgrade(store: Store, empty: Store) -> None:
    upgrade(empty.engine, revision="0002")
    moment = "1767225600000000" if store.is_sqlite else "'2026-01-01T00:00:00Z'"
    rows = ", ".join(f"({number}, {moment}, 'ada', 'x', 's:{number}', 'ö', NULL, '{{}}')" for number in (2, 3, 7))
    with empty.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            columns = 'audit_id, at, actor, verb, subject, reason, "before", "after"'
            connection.execute(text(f"INSERT INTO audit_entries ({columns}) VALUES {rows}"))
    upgrade(empty.engine)
    add(empty, "new")
    assert verify(empty) == replace(verify(empty), entries=4, broken=None)
    with empty.read() as tx:
        assert [entry.audit_id for entry in tx.audit.page(AuditQuery()).rows] == [8, 7, 3, 2]
    with behind_its_back(empty) as connection:
        connection.execute(text("UPDATE audit_entries SET reason = '' WHERE audit_id = 3"))
    report = verify(empty)
    assert report.broken is not None
    assert report.broken.audit_id == 3


def test_what_a_transaction_added_is_seen_by_it_and_gone_when_it_fails(store: Store) -> None:
    add(store, "old")
    fault = RuntimeError("halfway")

    def add_and_fail() -> None:
        with store.write() as tx:
            for subject in ("new", "newer"):
                tx.audit.add(actor="ada", verb="test", subject=subject, after={"k": "Wert"})
            assert [entry.subject for entry in tx.audit.page(AuditQuery(most=2)).rows] == ["newer", "new"]
            first = tx.audit.page(AuditQuery(most=1))
            assert [each.subject for each in tx.audit.page(AuditQuery(after_id=first.next)).rows] == ["new", "old"]
            for query, shown in (
                (AuditQuery(subject="new"), ["new"]),
                (AuditQuery(text="WERT"), ["newer", "new"]),
                (AuditQuery(actor="eve"), []),
                (AuditQuery(verb="test", since=tx.now), ["newer", "new", "old"]),
                (AuditQuery(until=tx.now), []),
            ):
                assert [entry.subject for entry in tx.audit.page(query).rows] == shown
            raise fault

    with pytest.raises(RuntimeError, match="halfway"):
        add_and_fail()
    with store.read() as tx:
        assert [entry.subject for entry in tx.audit.page(AuditQuery()).rows] == ["old"]
    assert verify(store).entries == 1


def test_a_page_of_the_trail_is_filtered_and_bounded(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duetime.store.page.MOST_LOOKED_AT", 3)
    add(store, *"abcab", "rare", *"abcabc")
    with store.read() as tx:
        query = AuditQuery(text="RARE")
        seen: list[int] = []
        pages = 0
        while True:
            page = tx.audit.page(query)
            pages += 1
            seen += [entry.audit_id for entry in page.rows]
            if page.next is None:
                break
            assert page.looked_back_to is not None
            query = replace(query, after_id=page.next)
        assert (seen, pages) == ([6], 5)
        assert len(tx.audit.page(AuditQuery(subject="a")).rows) == 4
        assert tx.audit.page(AuditQuery(since=tx.now + timedelta(seconds=1))).rows == ()


def test_a_long_trail_is_not_held_in_memory(store: Store) -> None:
    with store.write() as tx:
        for number in range(6000):
            tx.audit.add(actor="ada", verb="test", subject=f"s:{number}", after={"text": "x" * 2000})
    tracemalloc.start()
    assert verify(store).entries == 6000
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000, peak


@pytest.mark.postgres
def test_the_end_of_the_chain_is_locked_by_those_alone_who_wait_for_nothing(postgresql_store: Store) -> None:
    """Lock rows crosswise with another connection that also appends: whoever locked the chain first would deadlock."""
    scene = Scene(postgresql_store)
    first, second = scene.add(), scene.add()
    has_first, has_second = threading.Event(), threading.Event()
    faults: list[BaseException] = []

    def other() -> None:
        try:
            with postgresql_store.write() as tx:
                tx.verbs.cancel(second, actor="ben")
                has_second.set()
                assert has_first.wait(10)
        except BaseException as error:  # noqa: BLE001 - shown by the test itself
            faults.append(error)

    thread = threading.Thread(target=other)
    with postgresql_store.write() as tx:
        tx.verbs.cancel(first, actor="ada")
        assert [entry.actor for entry in tx.audit.about(f"event:{first}")] == ["ada"]
        thread.start()
        assert has_second.wait(10)
        has_first.set()
        tx.events.get(second)
        tx.verbs.locked(second)  # waits until the other one has committed, its audit entry included
    thread.join(10)
    assert faults == []
    assert verify(postgresql_store).entries == 2


@pytest.mark.postgres
def test_whoever_appends_waits_for_the_one_before(postgresql_store: Store) -> None:
    begun, faults = threading.Event(), []

    def other() -> None:
        try:
            with postgresql_store.write() as tx:
                tx.audit.add(actor="ben", verb="test", subject="second")
                begun.set()
        except BaseException as error:  # noqa: BLE001 - shown by the test itself
            faults.append(error)

    thread = threading.Thread(target=other)
    with postgresql_store.write() as tx:
        tx.audit.add(actor="ada", verb="test", subject="first")
        tx.audit.flush()
        thread.start()
        assert begun.wait(10)
        thread.join(0.3)  # it stands at the lock, and has nowhere to go
        assert thread.is_alive()
    thread.join(10)
    assert faults == []
    with postgresql_store.read() as tx:
        assert [entry.subject for entry in tx.audit.page(AuditQuery()).rows] == ["second", "first"]
    assert verify(postgresql_store).broken is None
