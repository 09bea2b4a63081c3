"""Places to crash in: a database of the test's own, and real processes on it."""

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest
from tests.concurrency.place import Place

MakePlace = Callable[..., Place]

_SEED = os.environ.get("CONCURRENCY_SEED")


@pytest.fixture(autouse=True)
def _marked(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("concurrency"), "say pytestmark = pytest.mark.concurrency"


@pytest.fixture
def random() -> Random:
    """Return random numbers whose seed is printed; `CONCURRENCY_SEED` repeats a run, as far as processes allow."""
    seed = int(_SEED) if _SEED else time.time_ns() % 1_000_000
    print(f"CONCURRENCY_SEED={seed}")  # noqa: T201 - pytest shows it when the test fails
    return Random(seed)


@pytest.fixture
def places(tmp_path: Path) -> Iterator[MakePlace]:
    """Return what makes a place on a database; everything of it ends with the test."""
    made: list[Place] = []

    def make(url: str, **settings: Any) -> Place:
        made.append(Place(url, tmp_path, **settings))
        return made[-1]

    yield make
    for place in made:
        place.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def any_url(request: pytest.FixtureRequest) -> str:
    """Return the address of an empty database, SQLite and PostgreSQL in turn."""
    return str(request.getfixturevalue(f"{request.param}_url"))
