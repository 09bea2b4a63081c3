"""A worker that is stepped by hand on a clock that is moved by hand."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from tests.engine.stepped import NOW, FaultyStore, Stepped

from duetime.providers.fake import FakeCloud
from duetime.testing.clock import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def cloud() -> FakeCloud:
    return FakeCloud()


@pytest.fixture
def faulty_store(sqlite_url: str, clock: ManualClock) -> Iterator[FaultyStore]:
    with FaultyStore(sqlite_url, clock=clock) as store:
        yield store


@pytest.fixture
def make_stepped(faulty_store: FaultyStore, clock: ManualClock, cloud: FakeCloud) -> Callable[..., Stepped]:
    """Return a function that makes another app with a worker of its own on the same database."""

    def make(**parts: Any) -> Stepped:
        return Stepped(faulty_store, clock=clock, cloud=cloud, **parts)

    return make


@pytest.fixture
def stepped(make_stepped: Callable[..., Stepped]) -> Stepped:
    return make_stepped()
