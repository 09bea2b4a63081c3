"""A client with a few event types published: on SQLite, or on both databases where the test asks for that."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest

from duetime.core.event_types import EventType
from duetime.core.events import Event, Run
from duetime.core.statuses import OnLost
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.event_table import EventQuery
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

ANYTHING = {"type": "object", "properties": {}, "required": [], "additionalProperties": True}
MAIL = {
    "type": "object",
    "properties": {"to": {"type": "string"}, "times": {"type": "integer"}, "note": {}},
    "required": ["to"],
    "additionalProperties": False,
}
KINDS = [
    EventType("test.job", plugin="test", arguments=ANYTHING),
    EventType("test.mail", plugin="test", arguments=MAIL),
    EventType("test.group", plugin="test", arguments=ANYTHING, max_group=50),
    EventType(
        "test.delete",
        plugin="test",
        arguments=ANYTHING,
        destructive=True,
        on_lost=OnLost.HOLD,
        expires_after=timedelta(hours=24),
    ),
]


@pytest.fixture
def now(clock: ManualClock) -> datetime:
    return clock.now()


@pytest.fixture
def database() -> str:
    """Return which database `client` speaks to; tests that are about writing are parametrised with both."""
    return "sqlite"


@pytest.fixture
def client(request: pytest.FixtureRequest, database: str) -> Iterator[Client]:
    """Return a client that is the current one."""
    store: Store = request.getfixturevalue(f"{database}_store")
    with store.write() as tx:
        tx.event_types.publish(KINDS)
    client = Client(store)
    with using(client):
        yield client


@pytest.fixture
def events(client: Client) -> Callable[..., list[Event]]:
    """Return a function that returns events, the oldest first."""

    def run(**query: Any) -> list[Event]:
        with client.store.read() as tx:
            return tx.events.find(EventQuery(most=10_000, **query))[::-1]

    return run


@pytest.fixture
def runs(client: Client) -> Callable[[int], list[Run]]:
    """Return a function that returns the history of an event."""

    def run(event_id: int) -> list[Run]:
        with client.store.read() as tx:
            return tx.runs.of_event(event_id)

    return run
