import pytest
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
