"""The pages, before a world in which there is something to see. It is made once and copied for each test."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.web.pages.world import Made, World, make_world

from duetime.app.app import App
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

HOSTILE = "<script>alert(1)</script>\"'{{7*7}}"
"""What an attacker would like a browser to read as something else than text."""


@pytest.fixture
def mark() -> str:
    """What stands in every text that somebody else may have chosen; a test may say it anew."""
    return ""


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Callable[[str], Made]:
    """Make a world with a mark, once for all tests."""
    known: dict[str, Made] = {}

    def make(mark: str) -> Made:
        if mark not in known:
            folder = tmp_path_factory.mktemp("world")
            shutil.copy(sqlite_template, folder / "world.db")
            known[mark] = make_world(folder, mark=mark)
        return known[mark]

    return make


@pytest.fixture
def clock(made: Callable[[str], Made], mark: str) -> ManualClock:
    """The clock of the world: its worker has just beaten."""
    return ManualClock(made(mark).at)


@pytest.fixture
def sqlite_url(made: Callable[[str], Made], mark: str, tmp_path: Path) -> str:
    path = tmp_path / "duetime.db"
    shutil.copy(made(mark).path, path)
    return f"sqlite:///{path}"


@pytest.fixture
def app(made: Callable[[str], Made], mark: str, sqlite_store: Store) -> Iterator[App]:
    opened = made(mark).open(sqlite_store)
    with closing(opened):
        yield opened
        opened.manager.unload_all()


@pytest.fixture
def world(made: Callable[[str], Made], mark: str, app: App, clock: ManualClock) -> World:
    return made(mark).around(app, clock)
