"""Counted history: kept and live counts together are always the full count."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select

from duetime.core.statuses import RunStatus
from duetime.store.run_count_query import NO_BOT, Bucket, CountBy, CountQuery, RunCountBucket
from duetime.store.run_count_table import GRACE
from duetime.store.statistics_tables import counted_until, run_counts
from duetime.store.store import Store
from duetime.store.tables import runs
from duetime.testing.clock import ManualClock

HOUR = timedelta(hours=1)
BEGIN = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
STATUSES = (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.SKIPPED)
ACCOUNTS = ("10", "20", None)


def run_row(number: int, finished_at: datetime, **given: Any) -> dict[str, Any]:
    """Return a row of history."""
    return {
        "event_id": number,
        "due_at": finished_at - timedelta(seconds=5),
        "attempt": 1,
        "event_type": "test.stop",
        "resource_id": "instance:10:r:i-1:",
        "bot_id": None,
        "status": "succeeded",
        "final": True,
        "started_at": finished_at - timedelta(seconds=3),
        "finished_at": finished_at,
    } | given


def write(store: Store, rows: Sequence[dict[str, Any]]) -> None:
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            if rows:
                connection.execute(insert(runs), list(rows))


def clear(store: Store) -> None:
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            for table in (runs, run_counts, counted_until):
                connection.execute(delete(table))


def roll(store: Store) -> None:
    """Do what the built-in event does."""
    while True:
        with store.write() as tx:
            if tx.run_counts.roll_up() is None:
                break
    with store.read() as tx:
        late = tx.run_counts.late_hours()
    for hour in late:
        with store.write() as tx:
            tx.run_counts.recount(hour)


def counted(store: Store, query: CountQuery, **given: Any) -> list[RunCountBucket]:
    with store.read() as tx:
        return tx.run_counts.over_time(query, **given)


def full_count(store: Store) -> Counter[tuple[Any, ...]]:
    """Count every run in Python, hour by hour."""
    found: Counter[tuple[Any, ...]] = Counter()
    with store.engine.connect() as connection:
        for row in connection.execute(select(runs)):
            account = row.resource_id.split(":")[1] if row.resource_id else ""
            hour = Bucket.HOUR.start_of(row.finished_at)
            found[hour, row.event_type, RunStatus(row.status), account, row.bot_id or NO_BOT] += 1
    return found


attempts = st.tuples(
    st.sampled_from(["test.stop", "test.start"]),
    st.sampled_from(STATUSES),
    st.sampled_from(ACCOUNTS),
    st.sampled_from([None, 7]),
    st.integers(0, 299),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.lists(attempts, max_size=5)),
        st.tuples(st.just("wait"), st.integers(1, 200)),
        st.tuples(st.just("roll"), st.none()),
        st.tuples(st.just("roll one"), st.none()),
        st.tuples(st.just("die"), st.none()),
    ),
    max_size=14,
)


class _Killed(Exception):
    pass


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
def test_the_counts_are_those_of_a_full_count_whatever_happens(
    store: Store, clock: ManualClock, happenings: list[tuple[str, Any]]
) -> None:
    clear(store)
    clock.move_to(max(clock.now(), BEGIN).replace(minute=30, second=0, microsecond=0))
    number = 0
    for what, given_ in happenings:
        if what == "write":
            rows = []
            for kind, status, account, bot_id, seconds in given_:
                number += 1  # an ending is written up to the grace after it came
                rows.append(
                    run_row(
                        number,
                        clock.now() - timedelta(seconds=seconds),
                        event_type=kind,
                        status=status.value,
                        resource_id=None if account is None else f"instance:{account}:r:i-1:",
                        bot_id=bot_id,
                    )
                )
            write(store, rows)
        elif what == "wait":
            clock.move_to(clock.now() + timedelta(minutes=given_))
        elif what == "roll":
            roll(store)
        elif what == "roll one":
            with store.write() as tx:
                tx.run_counts.roll_up()
        else:
            _roll_and_die(store)
        since = clock.now() - timedelta(days=30)
        shown = counted(store, CountQuery(since=since), by=tuple(CountBy))
        assert Counter({_key(each): each.runs for each in shown}) == full_count(store)


def _key(each: RunCountBucket) -> tuple[Any, ...]:
    return each.start, each.event_type, each.status, each.account, each.bot_id


def _roll_and_die(store: Store) -> None:
    try:
        with store.write() as tx:
            tx.run_counts.roll_up()
            raise _Killed
    except _Killed:
        pass


def test_an_ending_that_comes_later_than_the_grace_is_counted_by_the_next_round(
    store: Store, clock: ManualClock
) -> None:
    clock.move_to(clock.now().replace(minute=30) + HOUR)
    now = clock.now()
    write(store, [run_row(1, now - 2 * HOUR), run_row(2, now - 40 * HOUR)])
    roll(store)
    with store.read() as tx:
        assert tx.run_counts.counted_until() == Bucket.HOUR.start_of(now)
    write(store, [run_row(3, now - 2 * HOUR), run_row(4, now - 30 * HOUR), run_row(5, now - 40 * HOUR)])
    roll(store)
    shown = counted(store, CountQuery(since=now - 50 * HOUR), by=())
    assert [each.runs for each in shown] == [2, 1, 2]
    with store.read() as tx:
        assert tx.run_counts.late_hours() == []


def test_an_hour_is_left_alone_until_its_endings_are_surely_written(store: Store, clock: ManualClock) -> None:
    clock.move_to(clock.now().replace(minute=0, second=0) + HOUR + GRACE - timedelta(seconds=1))
    hour = Bucket.HOUR.start_of(clock.now()) - HOUR
    write(store, [run_row(1, hour)])
    with store.write() as tx:
        assert tx.run_counts.roll_up() is None
    clock.move_to(clock.now() + timedelta(seconds=1))
    with store.write() as tx:
        assert tx.run_counts.roll_up() == hour
        assert tx.run_counts.roll_up() is None
    with store.read() as tx:
        assert tx.run_counts.counted_until() == hour + HOUR


@pytest.mark.parametrize("rolled", [False, True])
def test_what_is_counted_and_how_it_is_told_apart(store: Store, clock: ManualClock, rolled: bool) -> None:
    day = clock.now().replace(hour=0, minute=0, second=0)
    write(
        store,
        [
            run_row(1, day - 3 * HOUR, due_at=day - 3 * HOUR - timedelta(seconds=10, microseconds=1999)),
            run_row(1, day - 2 * HOUR, attempt=2, status="failed"),  # a second attempt is late on purpose
            run_row(2, day - 2 * HOUR, status="skipped", started_at=None, resource_id=None, bot_id=7),
            run_row(3, day - HOUR, resource_id="odd", event_type="test.start"),
            run_row(4, day, resource_id="instance:20:r:i-2:", started_at=day - timedelta(seconds=9)),
        ],
    )
    clock.move_to(day + 5 * HOUR)
    if rolled:
        roll(store)
    query = CountQuery(since=day - timedelta(days=1), until=day)
    (whole,) = counted(store, query, bucket=Bucket.DAY, by=())
    assert whole == RunCountBucket(
        start=day - timedelta(days=1),
        runs=4,
        started=3,
        first_starts=2,
        delay=timedelta(seconds=9, microseconds=1000),
        took=timedelta(seconds=9),
    )
    assert whole.mean_took == timedelta(seconds=3)
    assert whole.mean_delay == timedelta(seconds=4, microseconds=500_500 - 0)
    by_bot = counted(store, query, bucket=Bucket.DAY, by=(CountBy.BOT,))
    assert [(each.bot_id, each.runs, each.account) for each in by_bot] == [(NO_BOT, 3, None), (7, 1, None)]
    by_account = counted(store, query, bucket=Bucket.DAY, by=(CountBy.ACCOUNT,))
    assert [(each.account, each.runs, each.mean_delay is None) for each in by_account] == [
        ("", 2, False),
        ("10", 2, False),
    ]
    by_type = counted(store, query, by=(CountBy.TYPE, CountBy.STATUS))
    assert [(each.start, each.event_type, each.status) for each in by_type] == [
        (day - 3 * HOUR, "test.stop", RunStatus.SUCCEEDED),
        (day - 2 * HOUR, "test.stop", RunStatus.FAILED),
        (day - 2 * HOUR, "test.stop", RunStatus.SKIPPED),
        (day - HOUR, "test.start", RunStatus.SUCCEEDED),
    ]
    # The first run of the next day starts before it was due: that is no negative delay.
    (late,) = counted(store, CountQuery(since=day), by=())
    assert (late.runs, late.delay, late.took) == (1, timedelta(0), timedelta(seconds=9))


@pytest.mark.parametrize("rolled", [False, True])
@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"accounts": frozenset({"10"})}, 2),
        ({"accounts": frozenset({"10", "20"})}, 3),
        ({"accounts": frozenset({"1"})}, 0),
        ({"accounts": frozenset()}, 0),
        ({"event_type": "test.start"}, 1),
        ({"bot_id": 7}, 1),
        ({"bot_id": NO_BOT}, 3),
        ({"statuses": [RunStatus.FAILED, RunStatus.SKIPPED]}, 2),
    ],
)
def test_a_query_narrows(store: Store, clock: ManualClock, asked: dict[str, Any], found: int, rolled: bool) -> None:
    now = clock.now()
    write(
        store,
        [
            run_row(1, now - 2 * HOUR),
            run_row(2, now - 2 * HOUR, status="failed", event_type="test.start"),
            run_row(3, now - 2 * HOUR, resource_id="instance:20:r:i-1:", bot_id=7),
            run_row(4, now - 2 * HOUR, resource_id=None, status="skipped"),
        ],
    )
    clock.move_to(now + HOUR)
    if rolled:
        roll(store)
    shown = counted(store, CountQuery(since=now - 3 * HOUR, **asked), by=())
    assert sum(each.runs for each in shown) == found


@pytest.mark.postgres
def test_an_hour_that_is_counted_while_somebody_asks_is_not_counted_twice(
    postgresql_store: Store, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock.now()
    write(postgresql_store, [run_row(1, now - 5 * HOUR), run_row(2, now - 3 * HOUR)])
    with postgresql_store.write() as tx:
        assert tx.run_counts.roll_up() is not None
    with postgresql_store.read() as tx:
        border = tx.run_counts.counted_until()

        def look_and_be_overtaken() -> datetime | None:
            roll(postgresql_store)
            return border

        monkeypatch.setattr(tx.run_counts, "counted_until", look_and_be_overtaken)
        shown = tx.run_counts.over_time(CountQuery(since=now - 9 * HOUR), by=())
    assert [each.runs for each in shown] == [1, 1]


def test_old_counts_are_deleted(store: Store, clock: ManualClock) -> None:
    now = clock.now()
    write(store, [run_row(number, now - number * 24 * HOUR) for number in range(1, 6)])
    roll(store)
    with store.write() as tx:
        assert tx.run_counts.prune(before=now - timedelta(days=3), most=1) == 1
        assert tx.run_counts.prune(before=now - timedelta(days=3), most=100) == 1
        assert tx.run_counts.prune(before=now - timedelta(days=3), most=100) == 0
    assert len(counted(store, CountQuery(since=now - timedelta(days=9)), by=())) == 3
