from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.postgresql import PostgresqlServer
from tests.store.scene import Scene

from duetime.store.store import Store


@pytest.fixture
def scene(store: Store) -> Scene:
    """Return the scene of a test that runs on both databases."""
    return Scene(store)


@pytest.fixture
def sqlite_scene(sqlite_store: Store) -> Scene:
    return Scene(sqlite_store)


@pytest.fixture
def postgresql_scene(postgresql_store: Store) -> Scene:
    return Scene(postgresql_store)


@pytest.fixture
def empty(store: Store, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Return a database of the same kind in which nothing has been created."""
    if store.is_sqlite:
        (tmp_path / "empty.db").touch(mode=0o600)
        with Store(f"sqlite:///{tmp_path / 'empty.db'}") as empty:
            yield empty
        return
    server: PostgresqlServer = request.getfixturevalue("postgresql_server")
    name = f"empty_{store.url.database}"
    with Store(server.create(name)) as empty:
        yield empty
    server.drop(name)
