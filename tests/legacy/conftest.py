from collections.abc import Callable, Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from duetime.core.registration import Registries
from duetime.plugins.loaded_plugin import LoadedPlugin
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource


@pytest.fixture
def registries() -> Registries:
    return Registries()


@pytest.fixture
def manager(registries: Registries) -> Iterator[PluginManager]:
    manager = PluginManager(registries)
    yield manager
    manager.unload_all()


@pytest.fixture
def load(manager: PluginManager, tmp_path: Path) -> Callable[[str], LoadedPlugin]:
    """Return a function that loads a plugin of one module."""

    def load_text(text: str) -> LoadedPlugin:
        folder = tmp_path / "older"
        folder.mkdir(mode=0o755)
        (folder / "events.py").write_text(dedent(text), encoding="utf-8")
        (folder / "events.py").chmod(0o644)
        return manager.load(PluginSource.folder(folder), generation=1)

    return load_text
