"""PostgreSQL goes away under load: stopped as in a crash, and connection by connection."""

from collections.abc import Iterator
from contextlib import suppress
from random import Random

import psycopg
import pytest
from tests.concurrency.conftest import MakePlace
from tests.concurrency.evidence import Evidence
from tests.concurrency.place import Place, pause
from tests.postgresql import PostgresqlServer

from duetime.store.schema import upgrade
from duetime.store.store import Store

pytestmark = [pytest.mark.concurrency, pytest.mark.slow, pytest.mark.postgres]

LEASE = 2


@pytest.fixture
def server(postgresql_server: PostgresqlServer) -> Iterator[PostgresqlServer]:
    """Return a server that may be stopped, and keeps what it has acknowledged."""
    with PostgresqlServer(durable=True) as server:
        yield server


def test_a_database_that_is_stopped_and_started_loses_and_repeats_nothing(
    server: PostgresqlServer, places: MakePlace, random: Random
) -> None:
    place = _place(server, places)
    place.schedule(*place.mixture(random, 2500, spread=11))
    workers = [place.worker(), place.worker()]
    for seconds in (0.2, LEASE + 1.5, 0.0):
        pause(random.uniform(0.8, 1.2))
        server.stop("immediate")
        pause(seconds)
        server.start()
    place.store.engine.dispose()
    place.wait()
    _everybody_survived(place.judge(), {worker.pid for worker in workers})
    assert all("service.unavailable" in worker.log for worker in workers)


def test_connections_that_are_ended_at_random_lose_and_repeat_nothing(
    postgresql_url: str, places: MakePlace, random: Random
) -> None:
    place = places(postgresql_url, lease_seconds=LEASE)
    place.schedule(*place.mixture(random, 1500, spread=5))
    workers = [place.worker(), place.worker()]
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for _ in range(40):
            pause(random.uniform(0.05, 0.15))
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1"
            )
    with suppress(Exception):  # ours may be among those that were ended
        place.pending()
    place.store.engine.dispose()
    place.wait()
    _everybody_survived(place.judge(), {worker.pid for worker in workers})
    assert any("service.unavailable" in worker.log for worker in workers)


def _place(server: PostgresqlServer, places: MakePlace) -> Place:
    with Store(server.create("outage")) as store:
        upgrade(store.engine)
    return places(server.url("outage"), lease_seconds=LEASE)


def _everybody_survived(found: Evidence, pids: set[int]) -> None:
    assert {run.status for run in found.all_runs} == {"succeeded"}
    assert set(found.pid_of.values()) == pids
    assert {session.status for session in found.sessions.values()} == {"stopped"}
