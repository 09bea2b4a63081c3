"""An app on a fresh SQLite database, with a clock that is moved by hand."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.providers.fake import FakeCloud
from duetime.store.schema import upgrade
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def store(tmp_path: Path, clock: ManualClock) -> Iterator[Store]:
    with Store(f"sqlite:///{tmp_path / 'duetime.db'}", clock=clock, durable=False) as store:
        upgrade(store.engine)
        yield store


@pytest.fixture
def plugin_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "plugins"
    folder.mkdir()
    return folder


@pytest.fixture
def app(store: Store, clock: ManualClock, plugin_folder: Path) -> Iterator[App]:
    app = App(
        store,
        clock=clock,
        providers={"fake": FakeCloud()},
        plugin_paths=[plugin_folder],
        installed_plugins=False,
    )
    with closing(app):
        publish(app)
        yield app
        app.manager.unload_all()
