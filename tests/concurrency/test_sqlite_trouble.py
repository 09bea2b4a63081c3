"""SQLite is locked by somebody else, or cannot grow."""

import resource
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from tests.concurrency.conftest import MakePlace
from tests.concurrency.place import Place, pause
from tests.concurrency.worker_process import WorkerProcess
from tests.engine.waiting import until

pytestmark = [pytest.mark.concurrency, pytest.mark.slow]

LEASE = 2


def test_a_database_that_others_lock_for_longer_than_the_lease_loses_nothing_and_nobody(
    sqlite_url: str, places: MakePlace, random: Random
) -> None:
    place = places(sqlite_url, lease_seconds=LEASE, busy_seconds=0.3)
    place.schedule(*place.mixture(random, 1500, spread=12))
    workers = [place.worker(), place.worker()]
    for worker in workers:
        place.await_session(worker)
    # Around the lease, and beyond it.
    for seconds in (1.7, 1.9, 2.1, 3.0):
        with _locked(place):
            pause(seconds)
        pause(0.8)
    place.wait()
    found = place.judge()
    assert {run.status for run in found.all_runs} == {"succeeded"}
    assert {session.status for session in found.sessions.values()} == {"stopped"}
    assert set(found.pid_of.values()) == {worker.pid for worker in workers}
    assert all("service.unavailable" in worker.log and "locked" in worker.log for worker in workers)


def test_a_disk_that_takes_no_more_loses_nothing(sqlite_url: str, places: MakePlace, random: Random) -> None:
    growing = _file(sqlite_url).with_name("may-grow")
    growing.touch()
    place = places(sqlite_url, lease_seconds=LEASE, growing=growing)
    worker = place.worker()
    place.await_session(worker)
    place.schedule(*place.mixture(random, 600))
    growing.unlink()
    until(lambda: "the disk is full" in worker.log, what="the worker to say that the disk is full")
    pause(LEASE)
    assert place.pending()
    growing.touch()
    _ends_well(place, worker)


def test_a_disk_that_answers_with_errors_loses_nothing(sqlite_url: str, places: MakePlace, random: Random) -> None:
    place = places(sqlite_url, lease_seconds=LEASE)
    worker = place.worker()
    place.await_session(worker)
    place.schedule(*place.mixture(random, 600))
    # The least that lets it write its log on: the log of the database is longer by far.
    most, _ = resource.prlimit(worker.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (100_000, most))
    until(lambda: "the disk answers with an error" in worker.log, what="the worker to say that the disk fails")
    pause(LEASE)
    assert place.pending()
    resource.prlimit(worker.pid, resource.RLIMIT_FSIZE, (most, most))
    _ends_well(place, worker)


def _ends_well(place: Place, worker: WorkerProcess) -> None:
    place.wait()
    found = place.judge()
    assert set(found.pid_of.values()) == {worker.pid}
    assert {run.status for run in found.all_runs} == {"succeeded"}
    assert {session.status for session in found.sessions.values()} == {"stopped"}


def _file(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))


@contextmanager
def _locked(place: Place) -> Iterator[None]:
    """Keep everybody from writing."""
    with closing(sqlite3.connect(_file(place.url), isolation_level=None, timeout=10)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield
        connection.execute("ROLLBACK")
