"""A connection that breaks at its commit: what became of the transaction is unknown until it is read back."""

from collections.abc import Iterator

import pytest
from sqlalchemy import text
from tests.postgresql import PostgresqlServer
from tests.store.proxy import Cut, Proxy, proxied
from tests.store.scene import STOP, Scene

from duetime.core.errors import DatabaseUnavailable
from duetime.core.operations import ScheduleEvent
from duetime.core.outcomes import Released
from duetime.core.statuses import EventStatus
from duetime.store.finishing import FinishReport
from duetime.store.hot_path import Want
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

pytestmark = pytest.mark.postgres


@pytest.fixture
def proxy(postgresql_server: PostgresqlServer) -> Iterator[Proxy]:
    with proxied(postgresql_server.socket) as proxy:
        yield proxy


@pytest.fixture
def scene(postgresql_url: str, clock: ManualClock, proxy: Proxy) -> Iterator[Scene]:
    database = postgresql_url.partition("?")[0].rpartition("/")[2]
    with Store(f"postgresql://postgres@127.0.0.1:{proxy.port}/{database}", clock=clock) as store:
        yield Scene(store)


@pytest.mark.parametrize("cut", Cut)
def test_endings_are_written_once_however_the_commit_broke(scene: Scene, proxy: Proxy, cut: Cut) -> None:
    claims = [scene.claim_one() for _ in range(5)]
    operations = (ScheduleEvent(scene.new(description="from the run")),)
    endings = [scene.ending(claim, operations=operations if claim is claims[0] else ()) for claim in claims[:4]]
    endings.append(scene.ending(claims[4], Released("drained")))
    proxy.cut = cut
    with pytest.raises(DatabaseUnavailable):
        scene.finish(*endings)
    committed = cut is Cut.BEFORE_THE_ANSWER
    expected = [EventStatus.SUCCEEDED] * 4 + [EventStatus.SCHEDULED] if committed else [EventStatus.RUNNING] * 5
    assert [scene.event(claim.event_id).status for claim in claims] == expected
    assert scene.finish(*endings) == FinishReport(written=endings)
    assert [len(scene.runs(claim.event_id)) for claim in claims] == [1, 1, 1, 1, 0]
    assert [scene.event(event_id).description for event_id in scene.ids()] == [""] * 5 + ["from the run"]


def test_claims_of_a_broken_commit_are_found_again(scene: Scene, proxy: Proxy) -> None:
    ids = {scene.add(), scene.add()}
    session_id = scene.session()
    known = scene.claim_one(session_id, event_type="known")
    proxy.cut = Cut.BEFORE_THE_ANSWER
    with pytest.raises(DatabaseUnavailable), scene.store.write() as tx:
        tx.claims.take(session_id=session_id, wants=[Want(STOP, 5)], most=5)
    with scene.store.read() as tx:
        held = tx.claims.held_by(session_id, besides={known.event_id})
    assert {orphan.claim.event_id for orphan in held} == ids
    for orphan in held:
        assert scene.end(orphan.claim, Released()).status is EventStatus.SCHEDULED


def test_a_backend_that_is_killed_in_the_middle_wrote_nothing(scene: Scene, postgresql_store: Store) -> None:
    scene.claim_one()
    with pytest.raises(DatabaseUnavailable), scene.store.write() as tx:  # noqa: PT012 - it is killed in the middle
        tx.audit.add(actor="tester", verb="test", subject="event:1")
        with postgresql_store.engine.connect() as other:
            other.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND pid <> pg_backend_pid()"
                )
            )
        tx.events.get(1)
    with scene.store.read() as tx:
        assert tx.audit.about("event:1") == []
