"""Reading what stands around an event, and which event types nobody can run."""

from datetime import timedelta

from duetime.core.event_types import EventType
from duetime.core.events import Event
from duetime.scheduling.client import Client
from duetime.scheduling.situation import Situation, beating_workers, situation_of, waiting_types
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

GREET = "greeter.greet"


def schedule(store: Store, event_type: str = GREET) -> Event:
    with store.write() as tx:
        tx.event_types.publish([EventType(GREET, plugin="greeter")])
    return Client(store).schedule(event_type, store.now(), allow_unknown=True)


def open_session(store: Store, *event_types: str, lease_seconds: int = 30) -> int:
    with store.write() as tx:
        return tx.sessions.open(worker="host:1", lease_seconds=lease_seconds, slots=1, event_types=event_types)


def read(store: Store, event: Event) -> Situation:
    with store.read() as tx:
        return situation_of(tx, event.event_id)


def waiting(store: Store) -> list[str]:
    with store.read() as tx:
        return [kind.event_type for kind in waiting_types(tx)]


def test_an_event_is_read_with_its_type_its_plugins_wish_and_who_can_run_it(sqlite_store: Store) -> None:
    event = schedule(sqlite_store)
    with sqlite_store.write() as tx:
        tx.plugins.wish("greeter", wish="unloaded")
    open_session(sqlite_store, "other.type")
    able = open_session(sqlite_store, GREET)
    situation = read(sqlite_store, event)
    assert situation.event == event
    assert situation.kind is not None
    assert situation.kind.plugin == "greeter"
    assert situation.plugin_wish == "unloaded"
    assert len(situation.workers) == 2
    assert [worker.session_id for worker in situation.able] == [able]
    assert (situation.last_run, situation.claimed_by) == (None, None)


def test_a_silent_or_stopped_worker_is_none(sqlite_store: Store, clock: ManualClock) -> None:
    event = schedule(sqlite_store)
    open_session(sqlite_store, GREET)
    stopped = open_session(sqlite_store, GREET, lease_seconds=600)
    with sqlite_store.write() as tx:
        tx.sessions.stop(stopped)
    clock.move_to(clock.now() + timedelta(seconds=30))
    assert len(read(sqlite_store, event).workers) == 1
    clock.move_to(clock.now() + timedelta(seconds=1))
    assert read(sqlite_store, event).workers == ()
    with sqlite_store.read() as tx:
        assert beating_workers(tx) == ()


def test_types_wait_until_a_worker_that_beats_can_run_them(sqlite_store: Store, clock: ManualClock) -> None:
    schedule(sqlite_store)
    schedule(sqlite_store, "nobodys.type")
    assert waiting(sqlite_store) == [GREET, "nobodys.type"]
    open_session(sqlite_store, GREET)
    with sqlite_store.read() as tx:
        (unknown,) = waiting_types(tx)
    assert (unknown.event_type, unknown.scheduled, unknown.due, unknown.plugin) == ("nobodys.type", 1, 1, None)
    clock.move_to(clock.now() + timedelta(minutes=5))
    assert waiting(sqlite_store) == [GREET, "nobodys.type"]
