"""Pages of long lists: whatever the filter, all of them together are the full list, and none looks at too many rows."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert
from tests.store.scene import Scene

from duetime.core.events import Event, Run
from duetime.core.resources import Resource
from duetime.core.statuses import FINAL, EventStatus, RunStatus
from duetime.store.cloud_tables import resources
from duetime.store.event_table import EventQuery
from duetime.store.page import DuePlace, RunPlace
from duetime.store.resource_query import ResourceQuery
from duetime.store.run_table import RunQuery
from duetime.store.store import Store, Transaction
from duetime.store.tables import events, runs

BEGIN = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ONCE = '{"_type":"once","version":1,"when":"2030-01-01T00:00:00Z"}'
RESOURCES = ("instance:10:r:i-1:", "instance:10:r:i-2:", "volume:20:r:v-1:", None)
TYPES = ("test.stop", "test.start", "other")

Rows = list[dict[str, Any]]


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> int:
    """Let a page look at no more than a handful of rows."""
    monkeypatch.setattr("duetime.store.page.MOST_LOOKED_AT", 6)
    return 6


def fill(store: Store, *, event_rows: Rows = (), run_rows: Rows = (), resource_rows: Rows = ()) -> None:  # type: ignore[assignment]
    """Replace all that is in the tables."""
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            for table, rows in ((events, event_rows), (runs, run_rows), (resources, resource_rows)):
                connection.execute(delete(table))
                if rows:
                    connection.execute(insert(table), list(rows))


def walk(
    store: Store, ask: Callable[[Transaction, Any], Any], query: Any, place: str, *, limit: int = 500
) -> Iterator[Any]:
    """Yield the pages of a list."""
    with store.read() as tx:
        for _ in range(limit):
            page = ask(tx, query)
            assert len(page.rows) <= query.most
            yield page
            if page.next is None:
                assert page.looked_back_to is None
                return
            query = replace(query, **{place: page.next})
    raise AssertionError("the list does not end")


def rows_of(pages: Iterator[Any]) -> list[Any]:
    return [row for page in pages for row in page.rows]


# --- history

run_rows = st.lists(
    st.tuples(
        st.integers(1, 6),  # event
        st.integers(0, 4),  # due time
        st.integers(1, 2),  # attempt
        st.integers(0, 3),  # when it ended: many end at one instant
        st.sampled_from(TYPES),
        st.sampled_from([RunStatus.SUCCEEDED, RunStatus.FAILED]),
        st.sampled_from([None, 7]),
        st.sampled_from(["", "is gone"]),
    ),
    min_size=25,  # fewer would seldom fill two pages
    max_size=40,
    unique_by=lambda row: row[:3],
)
run_queries = st.builds(
    RunQuery,
    event_id=st.none() | st.none() | st.integers(1, 6),
    event_type=st.none() | st.sampled_from(TYPES),
    resource_id=st.none() | st.none() | st.sampled_from(RESOURCES[:3]),
    bot_id=st.none() | st.just(7),
    statuses=st.just(()) | st.just((RunStatus.FAILED,)),
    accounts=st.none() | st.just(frozenset({"10"})) | st.just(frozenset({"20", "30"})) | st.just(frozenset()),
    text=st.none() | st.sampled_from(["GONE", "i-1", "%"]),
    finished_after=st.none() | st.integers(0, 3).map(lambda n: BEGIN + n * MINUTE),
    finished_before=st.none() | st.integers(0, 3).map(lambda n: BEGIN + n * MINUTE),
    most=st.integers(1, 9),
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(run_rows, run_queries)
def test_pages_of_history_are_together_the_full_list(
    store: Store, narrow: int, given_rows: Sequence[Any], query: RunQuery
) -> None:
    del narrow
    of_event = {number: RESOURCES[number % 4] for number in range(1, 7)}
    fill(
        store,
        event_rows=[_event_row(number, resource_id=resource_id) for number, resource_id in of_event.items()],
        run_rows=[
            {
                "event_id": event_id,
                "due_at": BEGIN + due * MINUTE,
                "attempt": attempt,
                "event_type": kind,
                "resource_id": of_event[event_id],
                "bot_id": bot_id,
                "status": status.value,
                "final": attempt == 2,
                "finished_at": BEGIN + ended * MINUTE,
                "reason": reason,
            }
            for event_id, due, attempt, ended, kind, status, bot_id, reason in given_rows
        ],
    )
    found = rows_of(walk(store, lambda tx, asked: tx.runs.page(asked), query, "after"))
    with store.read() as tx:
        whole = tx.runs.find(RunQuery(most=1000))
    order: Callable[[Run], Any] = RunPlace.of if query.event_id is None else lambda run: (run.due_at, run.attempt)
    assert found == sorted((run for run in whole if _shows_run(query, run)), key=order, reverse=True)


def _shows_run(query: RunQuery, run: Run) -> bool:
    texts = " ".join((run.event_type, run.resource_id or "", run.reason, run.error)).lower()
    return (
        query.event_id in (None, run.event_id)
        and query.event_type in (None, run.event_type)
        and query.resource_id in (None, run.resource_id)
        and query.bot_id in (None, run.bot_id)
        and (not query.statuses or run.status in query.statuses)
        and _in_accounts(query.accounts, run.resource_id)
        and (query.text is None or query.text.lower() in texts)
        and (query.finished_after is None or run.finished_at >= query.finished_after)
        and (query.finished_before is None or run.finished_at < query.finished_before)
    )


def _in_accounts(accounts: frozenset[str] | None, resource_id: str | None) -> bool:
    return accounts is None or (resource_id is not None and resource_id.split(":")[1] in accounts)


def test_a_page_of_history_says_how_far_it_has_looked(scene: Scene, narrow: int) -> None:
    rows = [
        {
            "event_id": number,
            "due_at": BEGIN,
            "attempt": 1,
            "event_type": "rare" if number == 3 else "test.stop",
            "status": "succeeded",
            "final": True,
            "finished_at": BEGIN + number * MINUTE,
        }
        for number in range(1, 21)
    ]
    fill(scene.store, run_rows=rows)
    pages = list(walk(scene.store, lambda tx, asked: tx.runs.page(asked), RunQuery(event_type="rare", most=5), "after"))
    assert [len(page.rows) for page in pages] == [0, 0, 1, 0]
    assert [page.looked_back_to for page in pages] == [
        *(BEGIN + (20 - looked + 1) * MINUTE for looked in (narrow, 2 * narrow, 3 * narrow)),
        None,
    ]
    pages = list(walk(scene.store, lambda tx, asked: tx.runs.page(asked), RunQuery(most=20), "after"))
    assert [len(page.rows) for page in pages] == [20]  # without a filter nothing is looked at in vain


# --- events


def _event_row(number: int, **given: Any) -> dict[str, Any]:
    status = given.get("status", EventStatus.SCHEDULED)
    due_at = given.get("due_at", BEGIN)
    return {
        "event_id": number,
        "event_type": "test.stop",
        "status": status,
        "resource_id": None,
        "bot_id": None,
        "due_at": due_at,
        "ready_at": due_at,
        "created_at": BEGIN + number * MINUTE,
        "finished_at": BEGIN if status in FINAL else None,
        "session_id": 1 if status is EventStatus.RUNNING else None,
        "on_lost": "retry",
        "schedule": ONCE,
        "description": "",
    } | given


event_rows = st.lists(
    st.tuples(
        st.sampled_from(TYPES),
        st.sampled_from([*EventStatus, *[EventStatus.SCHEDULED] * 6]),
        st.sampled_from(RESOURCES),
        st.sampled_from([None, 7]),
        st.integers(0, 3),
        st.sampled_from(["", "is 100% sure"]),
    ),
    min_size=25,
    max_size=40,
)
moments = st.none() | st.integers(0, 3).map(lambda number: BEGIN + number * MINUTE)
event_queries = st.builds(
    EventQuery,
    statuses=st.just(()) | st.just((EventStatus.SCHEDULED,)) | st.lists(st.sampled_from(EventStatus)).map(tuple),
    event_type=st.none() | st.sampled_from(TYPES),
    resource_id=st.none() | st.none() | st.sampled_from(RESOURCES[:3]),
    bot_id=st.none() | st.just(7),
    accounts=st.none() | st.just(frozenset({"10"})) | st.just(frozenset()),
    text=st.none() | st.sampled_from(["100%", "i-1", "STOP"]),
    due_after=moments,
    due_before=moments,
    ready_after=moments,
    ready_before=moments,
    most=st.integers(1, 9),
)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(event_rows, event_queries)
def test_pages_of_events_are_together_the_full_list(
    store: Store, narrow: int, given_rows: Sequence[Any], query: EventQuery
) -> None:
    del narrow
    fill(
        store,
        event_rows=[
            _event_row(
                number,
                event_type=kind,
                status=status,
                resource_id=resource_id,
                bot_id=bot_id,
                due_at=BEGIN + due * MINUTE,
                description=description,
            )
            for number, (kind, status, resource_id, bot_id, due, description) in enumerate(given_rows, 1)
        ],
    )
    with store.read() as tx:
        whole = tx.events.find(EventQuery(most=1000))
        counts = {most: tx.events.count_up_to(query, most=most) for most in (1, 1000)}
    wanted = [event for event in whole if _shows_event(query, event)]
    found = rows_of(walk(store, lambda tx, asked: tx.events.page(asked), query, "after_id"))
    assert found == wanted
    due = rows_of(walk(store, lambda tx, asked: tx.events.due_page(asked), query, "after_due"))
    assert due == sorted((event for event in wanted if event.status is EventStatus.SCHEDULED), key=DuePlace.of)
    assert counts == {1: min(2, len(wanted)), 1000: len(wanted)}


def _shows_event(query: EventQuery, event: Event) -> bool:
    texts = " ".join((event.event_type, event.resource_id or "", event.description)).lower()
    return (
        (not query.statuses or event.status in query.statuses)
        and query.event_type in (None, event.event_type)
        and query.resource_id in (None, event.resource_id)
        and query.bot_id in (None, event.bot_id)
        and _in_accounts(query.accounts, event.resource_id)
        and (query.text is None or query.text.lower() in texts)
        and (query.due_after is None or event.due_at >= query.due_after)
        and (query.due_before is None or event.due_at <= query.due_before)
        and (query.ready_after is None or event.ready_at >= query.ready_after)
        and (query.ready_before is None or event.ready_at <= query.ready_before)
    )


def test_a_page_of_events_says_how_far_it_has_looked(scene: Scene, narrow: int) -> None:
    fill(scene.store, event_rows=[_event_row(number) for number in range(1, 2 * narrow)])
    query = EventQuery(text="not there", most=5)
    pages = list(walk(scene.store, lambda tx, asked: tx.events.page(asked), query, "after_id"))
    assert [(page.next, page.looked_back_to) for page in pages] == [(6, BEGIN + 6 * MINUTE), (None, None)]
    pages = list(walk(scene.store, lambda tx, asked: tx.events.due_page(asked), query, "after_due"))
    assert [page.next for page in pages] == [DuePlace(BEGIN, 6), None]


def test_each_type_has_its_share_of_what_a_page_of_what_comes_next_looks_at(scene: Scene, narrow: int) -> None:
    rows = [_event_row(number, due_at=BEGIN + number * MINUTE) for number in range(1, 11)]
    rows += [_event_row(10 + number, event_type="other", due_at=BEGIN + 9 * number * MINUTE) for number in range(1, 5)]
    fill(scene.store, event_rows=rows)
    query = EventQuery(text="not there", most=5)
    pages = list(walk(scene.store, lambda tx, asked: tx.events.due_page(asked), query, "after_due"))
    assert [page.looked_back_to for page in pages[:3]] == [
        BEGIN + number * narrow // 2 * MINUTE for number in (1, 2, 3)
    ]


def test_the_events_of_a_resource_are_the_live_ones_and_then_those_that_ended(scene: Scene) -> None:
    mine = RESOURCES[0]
    statuses = [EventStatus.SUCCEEDED, EventStatus.SCHEDULED, EventStatus.FAILED, EventStatus.HELD]
    rows = [_event_row(number, status=status, resource_id=mine) for number, status in enumerate(statuses, 1)]
    fill(scene.store, event_rows=[*rows, _event_row(5, resource_id=RESOURCES[1]), _event_row(6)])
    with scene.store.read() as tx:
        assert [event.event_id for event in tx.events.of_resource(str(mine))] == [4, 2, 3, 1]
        assert [event.event_id for event in tx.events.of_resource(str(mine), most=3)] == [4, 2, 3]


@pytest.mark.parametrize("query", [EventQuery(resource_id=RESOURCES[0], most=2), EventQuery(bot_id=7, most=2)])
def test_what_comes_next_for_one_resource_or_bot_goes_on_where_the_page_before_ended(
    scene: Scene, query: EventQuery
) -> None:
    rows = [
        _event_row(number, resource_id=RESOURCES[0], bot_id=7, due_at=BEGIN - number // 2 * MINUTE)
        for number in range(1, 8)
    ]
    fill(scene.store, event_rows=rows)
    found = rows_of(walk(scene.store, lambda tx, asked: tx.events.due_page(asked), query, "after_due"))
    assert [event.event_id for event in found] == [6, 7, 4, 5, 2, 3, 1]


def test_what_comes_next_is_merged_from_more_types_than_one_statement_takes(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duetime.store.due_list._TYPES_PER_STATEMENT", 2)
    rows = [
        _event_row(number, event_type=f"type-{number % 5}", due_at=BEGIN - number * MINUTE) for number in range(1, 30)
    ]
    fill(scene.store, event_rows=rows)
    found = rows_of(walk(scene.store, lambda tx, asked: tx.events.due_page(asked), EventQuery(most=7), "after_due"))
    assert [event.event_id for event in found] == list(range(29, 0, -1))


# --- the inventory

resource_rows = st.lists(
    st.tuples(
        st.sampled_from(["instance", "volume"]),
        st.sampled_from(["10", "20"]),
        st.sampled_from(["r", "s"]),
        st.integers(1, 9),
        st.sampled_from(["running", "stopped"]),
        st.booleans(),
        st.sampled_from(["", "web-1", "db_1"]),
    ),
    min_size=15,
    max_size=30,
    unique_by=lambda row: row[:4],
)
resource_queries = st.builds(
    ResourceQuery,
    accounts=st.none() | st.just(frozenset({"10"})) | st.just(frozenset()),
    account=st.none() | st.just("20"),
    region=st.none() | st.just("r"),
    resource_type=st.none() | st.just("volume"),
    state=st.none() | st.just("running"),
    text=st.none() | st.sampled_from(["WEB", "db_", ":20:", "ö"]),
    gone=st.booleans(),
    most=st.integers(1, 9),
)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(resource_rows, resource_queries)
def test_pages_of_the_inventory_are_together_the_full_list(
    store: Store, narrow: int, given_rows: Sequence[Any], query: ResourceQuery
) -> None:
    del narrow
    fill(
        store,
        resource_rows=[
            {
                "resource_id": f"{kind}:{account}:{region}:i-{number}:",
                "resource_type": kind,
                "account": account,
                "region": region,
                "provider_id": f"i-{number}",
                "name": name,
                "state": state,
                "tags": '{"team":"Größe"}' if number == 1 else "{}",
                "harvested_at": BEGIN,
                "gone_at": BEGIN if gone else None,
            }
            for kind, account, region, number, state, gone, name in given_rows
        ],
    )
    found = rows_of(walk(store, lambda tx, asked: tx.resources.page(asked), query, "after_id"))
    with store.read() as tx:
        whole = tx.resources.page(ResourceQuery(gone=True, most=1000)).rows
    assert len(whole) == len(given_rows)
    assert found == [each for each in whole if _shows_resource(query, each)]


def _shows_resource(query: ResourceQuery, each: Resource) -> bool:
    texts = " ".join((each.resource_id, each.name, str(dict(each.tags)))).lower()
    return (
        (query.gone or each.gone_at is None)
        and (query.accounts is None or each.account in query.accounts)
        and query.account in (None, each.account)
        and query.region in (None, each.region)
        and query.resource_type in (None, each.resource_type)
        and query.state in (None, each.state)
        and (query.text is None or query.text.lower() in texts)
    )
