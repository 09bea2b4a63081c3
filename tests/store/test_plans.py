"""What events pass through is found by its index, however many others there are."""

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import require_postgresql
from tests.postgresql import NEWEST, OLDEST, PostgresqlServer
from tests.store.plans import fill_with_others, plans_of
from tests.store.scene import STOP, Scene

from duetime.core.claims import Ending
from duetime.core.events import OnExisting
from duetime.core.operations import ScheduleEvent, UnscheduleEvents
from duetime.core.statuses import EventStatus, RunStatus
from duetime.store.event_table import EventQuery
from duetime.store.hot_path import Probe, Start, Want
from duetime.store.page import RunPlace
from duetime.store.run_count_query import CountQuery
from duetime.store.run_table import RunQuery
from duetime.store.schema import upgrade
from duetime.store.store import Store, Transaction

pytestmark = pytest.mark.slow

Deed = Callable[[Transaction], object]
Plans = Callable[[Deed, str], None]
WALKS = re.compile(r"Seq Scan on (events|runs)|SCAN (events|runs)(?! USING (COVERING )?INDEX)")


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


@pytest.fixture
def _small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a page look at as small a part of these tables as it does of large ones."""
    monkeypatch.setattr("duetime.store.page.MOST_LOOKED_AT", 2_000)


@pytest.mark.usefixtures("_small_pages")
@pytest.mark.parametrize(
    "query",
    [
        RunQuery(),
        RunQuery(text="in none"),
        RunQuery(accounts=frozenset({"9"})),
        RunQuery(bot_id=8),
        RunQuery(event_type="none", statuses=[RunStatus.FAILED]),
    ],
    ids=["all", "text", "account", "bot", "type and status"],
)
@pytest.mark.parametrize("place", ["first", "middle"])
def test_a_page_of_history(check: Plans, crowded: Store, query: RunQuery, place: str) -> None:
    if place == "middle":
        query = replace(query, after=RunPlace.below(crowded.now() - timedelta(hours=2_000), 0))
    check(lambda tx: tx.runs.page(query), "finished")


@pytest.mark.usefixtures("_small_pages")
def test_the_history_of_an_event_and_of_a_resource(check: Plans, crowded: Store) -> None:
    check(lambda tx: tx.runs.page(RunQuery(event_id=17)), _primary_key(crowded, "runs"))
    check(lambda tx: tx.runs.page(RunQuery(event_id=17, text="in none")), _primary_key(crowded, "runs"))
    check(lambda tx: tx.runs.of_resource("instance:0:r:i-17"), "events_resource")
    check(lambda tx: tx.runs.of_resource("instance:0:r:i-17"), _primary_key(crowded, "runs"))
    check(lambda tx: tx.events.of_resource("instance:0:r:i-17"), "events_resource")
    check(lambda tx: tx.events.page(EventQuery(resource_id="instance:0:r:i-17")), "events_resource")
    for deed in (lambda tx: tx.runs.of_resource("x"), lambda tx: tx.events.of_resource("x")):
        # Whatever the planner knows of the data, it must not come to prefer the index of the order.
        assert re.search("CTE Scan on found|MATERIALIZE found", "\n".join(plans_of(crowded, deed)))


@pytest.mark.usefixtures("_small_pages")
@pytest.mark.parametrize(
    "query",
    [
        EventQuery(text="in none", after_id=60_000),
        EventQuery(statuses=[EventStatus.FAILED], after_id=60_000),
        EventQuery(accounts=frozenset({"9"}), after_id=60_000),
    ],
    ids=["text", "status", "account"],
)
def test_a_page_of_events(check: Plans, crowded: Store, query: EventQuery) -> None:
    check(lambda tx: tx.events.page(query), _primary_key(crowded, "events"))


@pytest.mark.usefixtures("_small_pages")
@pytest.mark.parametrize(
    ("query", "index"),
    [
        (EventQuery(statuses=[EventStatus.RUNNING]), "events_session"),
        (EventQuery(statuses=[EventStatus.HELD]), "events_stopped"),
        (EventQuery(statuses=[EventStatus.HELD, EventStatus.PAUSED], bot_id=8), "events_stopped"),
    ],
    ids=["running", "held", "stopped of a bot"],
)
def test_events_that_have_an_index_of_their_own(check: Plans, query: EventQuery, index: str) -> None:
    check(lambda tx: tx.events.page(query), index)


@pytest.mark.usefixtures("_small_pages")
def test_what_a_bot_has_planned(crowded: Store) -> None:
    # A plan for any bot would count on the one that all the others are of.
    query = EventQuery(statuses=[EventStatus.SCHEDULED], bot_id=8)
    for deed in (lambda tx: tx.events.page(query), lambda tx: tx.events.due_page(query)):
        found = "\n".join(plans_of(crowded, deed))
        assert "events_bot" in found, found
        assert WALKS.search(found) is None, found


@pytest.mark.usefixtures("_small_pages")
@pytest.mark.parametrize("query", [EventQuery(), EventQuery(event_type=STOP), EventQuery(text="in none")])
def test_what_comes_next(check: Plans, query: EventQuery) -> None:
    check(lambda tx: tx.events.due_page(query), "events_claim")


@pytest.mark.parametrize(
    ("given", "index"),
    [
        ({"statuses": [EventStatus.RUNNING]}, "events_session"),
        ({"statuses": [EventStatus.HELD]}, "events_stopped"),
        ({"statuses": [EventStatus.SCHEDULED], "ready_before": "now"}, "events_claim"),
        ({"resource_id": "instance:0:r:i-17"}, "events_resource"),
    ],
    ids=["running", "held", "due", "of a resource"],
)
def test_a_count_for_the_overview(check: Plans, crowded: Store, given: dict[str, Any], index: str) -> None:
    if "ready_before" in given:
        given = given | {"ready_before": crowded.now()}
    check(lambda tx: tx.events.count_up_to(EventQuery(**given)), index)


def test_counting_history(check: Plans) -> None:
    check(lambda tx: tx.run_counts.over_time(CountQuery(since=tx.now - timedelta(days=2))), "finished")
    check(lambda tx: tx.run_counts.roll_up(), "finished")


def test_when_each_type_may_start_next(check: Plans) -> None:
    check(lambda tx: tx.live_counts.earliest_ready_at(), "events_claim")


def test_counts_for_monitoring_follow_the_indexes_of_their_statuses(crowded: Store) -> None:
    """PostgreSQL may read a third of a small table as it stands: that costs less. Of few rows it must not."""
    found = "\n".join(plans_of(crowded, lambda tx: tx.live_counts.by_status()))
    assert all(index in found for index in ("events_claim", "events_session", "events_stopped")), found
    assert not crowded.is_sqlite or WALKS.search(found) is None, found
