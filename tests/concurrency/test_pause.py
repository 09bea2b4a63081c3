"""Processes that stand still past their lease, and sessions that are declared lost."""

import signal
from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy import update
from tests.concurrency.conftest import MakePlace
from tests.concurrency.place import request
from tests.engine.waiting import until

from duetime.store.tables import sessions

pytestmark = [pytest.mark.concurrency, pytest.mark.slow]


def test_a_process_that_was_stopped_past_its_lease_writes_and_starts_nothing_of_before(
    any_url: str, places: MakePlace
) -> None:
    place = places(any_url)
    stopped = place.worker(slots=1)
    place.await_session(stopped)
    now = place.now()
    ids = place.schedule(
        request("crash.retry", now, gate=str(place.gate)),
        request("crash.hold", now),
        request("crash.other", now),
        request("crash.fail", now),
    )
    # With one slot, one of them runs until the gate opens and another waits behind it, claimed.
    held = ids[:2]
    until(lambda: place.statuses(held) == {"running"} and place.starts(ids[0]), what="two claims and one start")
    place.freeze(stopped)
    place.gate.touch()
    other = place.worker()
    place.wait(ids=ids)
    assert place.sessions(stopped.pid) == ["lost"]
    stopped.signal(signal.SIGCONT)
    until(lambda: place.sessions(stopped.pid) == ["lost", "alive"], what="a new session")
    until(lambda: stopped.log.count("run.stale") >= len(held), what="the refusal of what it held")
    other.stop()
    later = place.schedule(*[request("crash.other", place.now()) for _ in range(20)])
    place.wait(ids=later)
    found = place.judge()
    assert [run.status for run in found.runs[ids[0]]] == ["lost", "succeeded"]
    assert [len(found.starts[event_id]) for event_id in ids] == [2, 1, 1, 1]
    assert {found.starts[event_id][0].pid for event_id in later} == {stopped.pid}
    assert all(found.events[event_id].status == "succeeded" for event_id in (*ids, *later))


def test_a_session_that_was_declared_lost_claims_nothing_before_it_has_heard_of_it(
    any_url: str, places: MakePlace
) -> None:
    place = places(any_url, lease_seconds=12, poll_seconds=0.01)
    worker = place.worker()
    until(lambda: place.beats(worker), what="the first beat; the next one is far off")
    with place.store.write() as tx:
        tx.events._connection.execute(update(sessions).values(status="lost", ended_at=tx.now))
    place.schedule(*[request("crash.retry", place.now()) for _ in range(10)])
    place.wait()
    assert place.sessions(worker.pid) == ["lost", "alive"]
    found = place.judge()
    (second,) = [number for number, row in found.sessions.items() if row.status != "lost"]
    claimed_by = {move.session_id for moves in found.moves.values() for move in moves if move.status == "running"}
    assert claimed_by == {second}


@pytest.fixture
def beating(postgresql_url: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(postgresql_url) as connection:
        yield connection


@pytest.mark.postgres
def test_a_beat_that_comes_while_the_session_is_being_declared_lost_saves_it(
    postgresql_url: str, places: MakePlace, beating: psycopg.Connection
) -> None:
    place = places(postgresql_url, lease_seconds=1)
    with place.store.write() as tx:
        silent = tx.sessions.open(worker="elsewhere:1", lease_seconds=1, slots=1)
    beating.execute("UPDATE sessions SET beat = beat + 1 WHERE session_id = %s", (silent,))
    place.worker()

    def is_waited_for() -> bool:
        waiting = (
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE %s"
        )
        with psycopg.connect(postgresql_url) as connection:
            row = connection.execute(waiting, ("UPDATE sessions%",)).fetchone()
        return row is not None and row[0] > 0

    until(is_waited_for, what="the reaper to declare the silent session lost")
    beating.commit()
    until(lambda: not is_waited_for(), what="the answer to the reaper")
    assert place.sessions(1) == ["alive"]
