"""A real store on SQLite with a clock that stands still, a client that is current, and registries of its own."""

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from duetime.core.event_types import EventType
from duetime.core.events import Event
from duetime.core.registration import Batch, Registries, registering_with
from duetime.core.resources import Resource
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.event_table import EventQuery
from duetime.store.schema import upgrade
from duetime.store.store import Store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


class StandingClock:
    """Shows the time that it was last set to."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - NOW).total_seconds()

    def wait(self, signal: threading.Event, *, seconds: float) -> bool:
        self.moment += timedelta(seconds=seconds)
        return signal.is_set()


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def registries() -> Registries:
    return Registries()


@pytest.fixture
def load(registries: Registries) -> Callable[..., None]:
    """Return a function that loads modules or wrappers as one plugin."""

    def run(*parts: Any, owner: str = "plugin a") -> None:
        batch = Batch(owner)
        with registering_with(registries, batch=batch):
            for part in parts:
                part.load()
        registries.adopt(batch)

    return run


@pytest.fixture
def store(tmp_path: Path, clock: StandingClock) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'duetime.db'}", clock=clock, durable=False) as store:
        upgrade(store.engine)
        with store.write() as tx:
            tx.event_types.publish(
                [
                    EventType("divvy.stop_resource", plugin="builtin", max_group=50, changes=("state",)),
                    EventType("divvy.start_resource", plugin="builtin", max_group=50, changes=("state",)),
                ]
            )
        yield store


@pytest.fixture
def events(store: Store) -> Callable[[], list[Event]]:
    """Return a function that returns every event there is, in the order of their ids."""

    def run() -> list[Event]:
        with store.read() as tx:
            return sorted(tx.events.find(EventQuery()), key=lambda event: event.event_id)

    return run


@pytest.fixture
def client(store: Store, registries: Registries) -> Iterator[Client]:
    client = Client(store, registries=registries)
    with using(client):
        yield client


@pytest.fixture
def make() -> Callable[..., Resource]:
    """Return a function that makes a resource from what matters to the test."""

    def run(provider_id: str = "i-1", **parts: Any) -> Resource:
        usual: dict[str, Any] = {"resource_type": "instance", "account": "10", "region": "us-east-1"}
        return Resource.of(provider_id=provider_id, **(usual | parts))

    return run
