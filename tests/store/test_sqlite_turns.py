"""One write lock, and a writer that never pauses: the others get their turns all the same."""

import subprocess
import sys

import pytest

from duetime.core.errors import DatabaseUnavailable
from duetime.store.store import Store

GREEDY = """
import sqlite3, sys, threading
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=15)
hold = threading.Event()
turns = 0
enough = threading.Event()
threading.Thread(target=lambda: (sys.stdin.read(), enough.set()), daemon=True).start()
while not enough.is_set():
    connection.execute("BEGIN IMMEDIATE")
    if not turns:
        print("holding", flush=True)
    turns += 1
    hold.wait(0.005)
    connection.execute("ROLLBACK")
print(turns)
"""
"""A process that holds the write lock for 5 ms, lets go of it, and takes it at once again."""


def test_a_writer_without_pauses_does_not_keep_others_out(sqlite_url: str) -> None:
    path = sqlite_url.removeprefix("sqlite:///")
    with (
        Store(sqlite_url, durable=False) as patient,
        subprocess.Popen(
            [sys.executable, "-c", GREEDY, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as greedy,
    ):
        assert greedy.stdout is not None
        assert greedy.stdout.readline() == "holding\n"
        for _ in range(10):
            with patient.write():
                pass
        turns, _ = greedy.communicate()
    # With SQLite's own waiting of up to 100 ms the greedy one has thousands of turns in this time.
    assert int(turns) < 2000


def test_the_wait_has_an_end(sqlite_url: str) -> None:
    with (
        Store(sqlite_url) as holder,
        Store(sqlite_url, busy_seconds=0.1) as hurried,
        holder.write(),
        pytest.raises(DatabaseUnavailable, match="locked"),
        hurried.write(),
    ):
        pass


def test_other_statements_wait_as_long_as_before(sqlite_store: Store) -> None:
    with sqlite_store.write():
        pass
    with sqlite_store.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar_one() == 15_000
