"""What events pass through is found by its index, however many others there are."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import require_postgresql
from tests.postgresql import NEWEST, OLDEST, PostgresqlServer
from tests.store.plans import fill_with_others, plans_of
from tests.store.scene import STOP, Scene

from duetime.core.claims import Ending
from duetime.core.operations import ScheduleEvent, UnscheduleEvents
from duetime.store.hot_path import Probe, Start, Want
from duetime.store.schema import upgrade
from duetime.store.store import Store, Transaction

pytestmark = pytest.mark.slow

Plans = Callable[[Callable[[Transaction], object]], str]


@pytest.fixture(
    scope="module",
    params=["sqlite", *(pytest.param(release, marks=pytest.mark.postgres) for release in (OLDEST, NEWEST))],
)
def crowded(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Store]:
    """Return a store in which 80,000 events stand that nobody here asks for."""
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("crowded") / "duetime.db"
        shutil.copy(sqlite_template, path)
        with Store(f"sqlite:///{path}", durable=False) as store:
            fill_with_others(store)
            yield store
        return
    require_postgresql()
    with PostgresqlServer(release=request.param) as server, Store(server.create("crowded")) as store:
        upgrade(store.engine)
        fill_with_others(store)
        yield store


@pytest.fixture(params=["custom", "generic"])
def plans(crowded: Store, request: pytest.FixtureRequest) -> Plans:
    """Return a function that says how everything a deed sends would be carried out."""
    if crowded.is_sqlite and request.param == "generic":
        pytest.skip("SQLite has one kind of plan")

    def run(deed: Callable[[Transaction], object]) -> str:
        found = "\n".join(plans_of(crowded, deed, mode=request.param))
        print(found)
        assert "Seq Scan on events" not in found
        assert "SCAN events" not in found
        return found

    return run


def _claimed(crowded: Store) -> list[Ending]:
    """Return endings for everything that is running, as one batch would write them."""
    scene = Scene(crowded)
    with crowded.read() as tx:
        held = [orphan for session_id in (1, 2, 3) for orphan in tx.claims.held_by(session_id, besides=())]
    template = scene.ending(held[0].claim)
    return [template._replace(claim=orphan.claim, session_id=orphan.session_id) for orphan in held[:500]]


def test_a_claim(plans: Plans) -> None:
    plan = plans(lambda tx: tx.claims.take(session_id=1, wants=[Want(STOP, 500), Want("none", 500)], most=500))
    assert "events_claim" in plan


def test_a_claim_of_many_types(plans: Plans) -> None:
    wants = [Want(STOP, 500), *(Want(f"type-{number}", 100) for number in range(300))]
    assert "events_claim" in plans(lambda tx: tx.claims.take(session_id=1, wants=wants, most=500))


def test_filling_a_group(plans: Plans) -> None:
    plan = plans(lambda tx: tx.claims.fill(session_id=1, probes=[Probe(STOP, 3, 50), Probe(STOP, 4, 50)]))
    assert "events_group" in plan


def test_when_to_wake_up(plans: Plans) -> None:
    assert "events_claim" in plans(lambda tx: tx.claims.earliest_ready_at(event_types=[STOP, "none"]))


def test_a_start(plans: Plans, crowded: Store) -> None:
    starts = [Start(ending.claim.event_id, ending.claim.token, crowded.now()) for ending in _claimed(crowded)]
    _by_primary_key(plans(lambda tx: tx.claims.start(starts)), crowded)


@pytest.mark.parametrize("size", [1, 500])
def test_an_ending(plans: Plans, crowded: Store, size: int) -> None:
    endings = _claimed(crowded)[:size]
    _by_primary_key(plans(lambda tx: tx.claims.finish(endings)), crowded)


def _by_primary_key(plan: str, store: Store) -> None:
    assert ("events USING INTEGER PRIMARY KEY" if store.is_sqlite else "events_pkey") in plan


def test_looking_again_after_a_broken_commit(plans: Plans, crowded: Store) -> None:
    (ending, *_) = _claimed(crowded)
    assert "pkey" in plans(lambda tx: (tx.runs.has(ending), tx.runs.last_attempt(1, due_at=tx.now))).replace(
        "sqlite_autoindex_runs_1", "runs_pkey"
    )


@pytest.mark.parametrize("what", ["orphans", "held_by", "wishes"])
def test_what_a_session_runs(plans: Plans, what: str) -> None:
    deeds: dict[str, Callable[[Transaction], object]] = {
        "orphans": lambda tx: tx.claims.orphans(most=500),
        "held_by": lambda tx: tx.claims.held_by(1, besides=()),
        "wishes": lambda tx: tx.claims.wishes(1),
    }
    assert "events_session" in plans(deeds[what])


def test_unscheduling_for_a_resource(plans: Plans) -> None:
    operation = UnscheduleEvents(reason="x", bot_id=7, resource_id="instance:0:r:i-17")
    assert "events_resource" in plans(lambda tx: tx.operations.apply([operation]))


@pytest.mark.parametrize("on_existing", ["keep", "replace"])
def test_scheduling_under_a_key(plans: Plans, crowded: Store, on_existing: str) -> None:
    new = Scene(crowded).new(dedupe_key=b"k" * 16, on_existing=on_existing)
    plan = plans(lambda tx: tx.operations.apply([ScheduleEvent(new)]))
    if on_existing == "replace":
        assert "events_dedupe" in plan


def test_the_history_of_an_event(plans: Plans) -> None:
    plan = plans(lambda tx: tx.runs.of_event(1))
    assert "Seq Scan" not in plan
    assert "SCAN runs" not in plan


def test_an_event_by_itself(plans: Plans, crowded: Store) -> None:
    _by_primary_key(plans(lambda tx: tx.events.get(1)), crowded)
