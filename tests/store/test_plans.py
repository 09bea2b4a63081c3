"""What events pass through is found by its index, however many others there are."""

import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.conftest import require_postgresql
from tests.postgresql import NEWEST, OLDEST, PostgresqlServer
from tests.store.plans import fill_with_others, plans_of
from tests.store.scene import STOP, Scene

from duetime.core.claims import Ending
from duetime.core.events import OnExisting
from duetime.core.operations import ScheduleEvent, UnscheduleEvents
from duetime.store.hot_path import Probe, Start, Want
from duetime.store.run_table import RunQuery
from duetime.store.schema import upgrade
from duetime.store.store import Store, Transaction

pytestmark = pytest.mark.slow

Deed = Callable[[Transaction], object]
Plans = Callable[[Deed, str], None]
WALKS = re.compile(r"Seq Scan on (events|runs)|SCAN (events|runs)(?! USING INDEX)")


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


@pytest.fixture
def check(crowded: Store) -> Plans:
    """Return a function that does something and checks that an index is used, and that no table is walked through."""

    def run(deed: Deed, index: str) -> None:
        for mode in ("custom",) if crowded.is_sqlite else ("custom", "generic"):
            found = "\n".join(plans_of(crowded, deed, mode=mode))
            assert index in found, found
            assert WALKS.search(found) is None, found

    return run


def _claimed(crowded: Store) -> list[Ending]:
    """Return endings for everything that is running, as one batch would write them."""
    scene = Scene(crowded)
    with crowded.read() as tx:
        held = [orphan for session_id in (1, 2, 3) for orphan in tx.claims.held_by(session_id, besides=())]
    template = scene.ending(held[0].claim)
    return [template._replace(claim=orphan.claim, session_id=orphan.session_id) for orphan in held[:500]]


def _primary_key(store: Store, table: str) -> str:
    if not store.is_sqlite:
        return f"{table}_default_pkey" if table == "runs" else f"{table}_pkey"
    return "events USING INTEGER PRIMARY KEY" if table == "events" else "sqlite_autoindex_runs_1"


def test_a_claim(check: Plans) -> None:
    wants = [Want(STOP, 500), Want("none", 500)]
    check(lambda tx: tx.claims.take(session_id=1, wants=wants, most=500), "events_claim")


def test_a_claim_looks_at_what_is_due_and_at_no_more(crowded: Store) -> None:
    (plan,) = plans_of(crowded, lambda tx: tx.claims.take(session_id=1, wants=[Want(STOP, 500)], most=500))
    due = r"events_claim \(event_type=\? AND ready_at<\?\)|Index Cond: \(\(event_type = .*\) AND \(ready_at <= "
    assert re.search(due, plan) is not None, plan


def test_a_claim_of_many_types(check: Plans) -> None:
    wants = [Want(STOP, 500), *(Want(f"type-{number}", 100) for number in range(300))]
    check(lambda tx: tx.claims.take(session_id=1, wants=wants, most=500), "events_claim")


def test_filling_a_group(check: Plans) -> None:
    probes = [Probe(STOP, 3, 50), Probe(STOP, 4, 50)]
    check(lambda tx: tx.claims.fill(session_id=1, probes=probes), "events_group")


def test_when_to_wake_up(check: Plans) -> None:
    check(lambda tx: tx.claims.earliest_ready_at(event_types=[STOP, "none"]), "events_claim")


def test_a_start(check: Plans, crowded: Store) -> None:
    starts = [Start(ending.claim.event_id, ending.claim.token, crowded.now()) for ending in _claimed(crowded)]
    check(lambda tx: tx.claims.start(starts), _primary_key(crowded, "events"))


@pytest.mark.parametrize("size", [1, 500])
def test_an_ending(check: Plans, crowded: Store, size: int) -> None:
    endings = _claimed(crowded)[:size]
    check(lambda tx: tx.claims.finish(endings), _primary_key(crowded, "events"))


def test_looking_again_after_a_broken_commit(check: Plans, crowded: Store) -> None:
    (ending, *_) = _claimed(crowded)
    check(lambda tx: tx.runs.has(ending), _primary_key(crowded, "runs"))
    check(lambda tx: tx.claims.has_ended(ending), _primary_key(crowded, "events"))


@pytest.mark.parametrize("what", ["orphans", "held_by", "wishes"])
def test_what_a_session_runs(check: Plans, what: str) -> None:
    deeds: dict[str, Deed] = {
        "orphans": lambda tx: tx.claims.orphans(most=500),
        "held_by": lambda tx: tx.claims.held_by(1, besides=()),
        "wishes": lambda tx: tx.claims.wishes(1),
    }
    check(deeds[what], "events_session")


def test_unscheduling_for_a_resource(check: Plans) -> None:
    operation = UnscheduleEvents(reason="x", bot_id=7, resource_id="instance:0:r:i-17")
    check(lambda tx: tx.operations.apply([operation]), "events_resource")


def test_replacing_by_a_key(check: Plans, crowded: Store) -> None:
    new = Scene(crowded).new(dedupe_key=b"k" * 16, on_existing=OnExisting.REPLACE)
    check(lambda tx: tx.operations.apply([ScheduleEvent(new)]), "events_dedupe")


def test_one_event_and_its_history(check: Plans, crowded: Store) -> None:
    check(lambda tx: tx.events.get(1), _primary_key(crowded, "events"))
    check(lambda tx: tx.runs.of_event(1), _primary_key(crowded, "runs"))
    check(lambda tx: tx.runs.last_attempt(1, due_at=tx.now), _primary_key(crowded, "runs"))


def test_the_newest_history(check: Plans) -> None:
    check(lambda tx: tx.runs.find(RunQuery()), "finished")
