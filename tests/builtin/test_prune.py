"""The job that deletes old history, on a real store."""

from datetime import timedelta

from duetime.builtin.prune import Prune
from duetime.core.outcomes import Succeeded
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.store import Store
from duetime.testing.clock import ManualClock


def test_sessions_that_ended_long_ago_go_and_the_audit_trail_stays(sqlite_store: Store, clock: ManualClock) -> None:
    with sqlite_store.write() as tx:
        tx.sessions.stop(tx.sessions.open(worker="host:1", lease_seconds=30, slots=1))
        alive = tx.sessions.open(worker="host:2", lease_seconds=30, slots=1)
        tx.audit.add(actor="ada", verb="test", subject="x")
    clock.move_to(clock.now() + timedelta(days=2))
    with using(Client(sqlite_store)):
        assert Prune(days=3).run() == Succeeded({"runs": 0, "events": 0, "sessions": 0, "notes": 0, "counts": 0})
        assert Prune(days=1).run() == Succeeded({"runs": 0, "events": 0, "sessions": 1, "notes": 0, "counts": 0})
    with sqlite_store.read() as tx:
        assert [session.session_id for session in tx.sessions.latest()] == [alive]
        assert len(tx.audit.about("x")) == 1
