"""What can happen to a server: the same store goes on when it is there again."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from psycopg import sql
from tests.postgresql import PostgresqlServer
from tests.store.scene import Scene

from duetime.core.errors import DatabaseUnavailable
from duetime.core.statuses import EventStatus
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

pytestmark = pytest.mark.postgres


@pytest.fixture
def scene(postgresql_url: str, clock: ManualClock) -> Iterator[Scene]:
    with Store(postgresql_url, clock=clock, busy_seconds=0.1) as store:
        yield Scene(store)


@pytest.fixture
def stopped(postgresql_server: PostgresqlServer) -> Iterator[Callable[[str], None]]:
    """Return a function that stops the server; it runs again after the test at the latest."""
    yield postgresql_server.stop
    if not postgresql_server.is_running:
        postgresql_server.start()


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_a_store_survives_its_server(
    scene: Scene, postgresql_server: PostgresqlServer, stopped: Callable[[str], None], how: str
) -> None:
    claim = scene.claim_one()
    waiting = scene.add()
    ending = scene.ending(claim)
    with ExitStack() as stack:
        for _ in range(4):  # connections that will all be stale
            stack.enter_context(scene.store.read())
    stopped(how)
    for _ in range(3):
        with pytest.raises(DatabaseUnavailable):
            scene.event(waiting)
        with pytest.raises(DatabaseUnavailable):
            scene.finish(ending)
    with pytest.raises(DatabaseUnavailable):
        scene.store.measure_clock()
    postgresql_server.start()
    assert scene.event(waiting).status is EventStatus.SCHEDULED
    assert scene.finish(ending).written == [ending]
    assert [again.event_id for again in scene.claim()] == [waiting]


def test_a_stop_in_the_middle_of_a_transaction_undoes_it(
    scene: Scene, postgresql_server: PostgresqlServer, stopped: Callable[[str], None]
) -> None:
    event_id = scene.add()
    with pytest.raises(DatabaseUnavailable), scene.store.write() as tx:  # noqa: PT012 - it is stopped in the middle
        tx.verbs.pause(event_id, actor="ada")
        stopped("fast")
        tx.events.get(event_id)
    postgresql_server.start()
    assert scene.event(event_id).status is EventStatus.SCHEDULED


def test_a_row_that_somebody_keeps_locked_is_not_waited_for_for_ever(scene: Scene, postgresql_store: Store) -> None:
    event_id = scene.add()
    with postgresql_store.write() as tx:
        tx.verbs.pause(event_id, actor="ada")
        with pytest.raises(DatabaseUnavailable, match="lock timeout"), scene.store.write() as other:
            other.verbs.cancel(event_id, actor="bob")
    assert scene.event(event_id).status is EventStatus.PAUSED


def test_no_free_connection_says_so(scene: Scene) -> None:
    with ExitStack() as stack:
        for _ in range(16):
            stack.enter_context(scene.store.read())
        with pytest.raises(DatabaseUnavailable, match="no connection became free"), scene.store.read():
            pass
    with scene.store.read() as tx:
        assert tx.events.counts_by_status() == {}


def test_a_server_that_only_reads_says_so(scene: Scene, postgresql_server: PostgresqlServer) -> None:
    name = sql.Identifier(str(scene.store.url.database))
    postgresql_server.execute(sql.SQL("ALTER DATABASE {} SET default_transaction_read_only = on").format(name))
    with pytest.raises(DatabaseUnavailable, match="read-only transaction"):
        scene.add()


def test_a_database_that_is_not_there_is_named(postgresql_server: PostgresqlServer) -> None:
    with (
        Store(postgresql_server.url("nowhere")) as store,
        pytest.raises(DatabaseUnavailable, match='database "nowhere" does not exist'),
        store.read(),
    ):
        pass


def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    with (
        Store("postgresql://ada:secret@127.0.0.1:1/name") as store,
        pytest.raises(DatabaseUnavailable, match="port 1 failed: Connection refused") as caught,
        store.read(),
    ):
        pass
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("change", ["DROP TABLE events", "ALTER TABLE events RENAME COLUMN args TO arguments"])
def test_a_schema_that_is_not_current_names_the_remedy(scene: Scene, change: str) -> None:
    scene.sql(change)
    with pytest.raises(DatabaseUnavailable, match="Run `duetime db upgrade`"):
        scene.event(1)
