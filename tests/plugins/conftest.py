"""Real plugin folders, and what is needed to load them."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from textwrap import dedent

import pytest

from duetime.core.registration import Registries
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource

MakePlugin = Callable[..., PluginSource]
MakeFiles = Callable[[Path, Mapping[str, str]], None]


@pytest.fixture(autouse=True)
def _ordinary_umask() -> Iterator[None]:
    """Let folders that tests make be writable by nobody else, whatever the machine's umask is."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def registries() -> Registries:
    return Registries()


@pytest.fixture
def manager(registries: Registries) -> Iterator[PluginManager]:
    manager = PluginManager(registries)
    yield manager
    manager.unload_all()


@pytest.fixture
def make_files() -> MakeFiles:
    """Return a function that writes files, and folders around them, that nobody else may write to."""

    def make(folder: Path, files: Mapping[str, str]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)
        for name, text in files.items():
            file = folder / name
            for parent in reversed(file.relative_to(folder).parents[:-1]):
                (folder / parent).mkdir(exist_ok=True)
                (folder / parent).chmod(0o755)
            file.write_text(dedent(text), encoding="utf-8")
            file.chmod(0o644)

    return make


@pytest.fixture
def make_plugin(tmp_path: Path, make_files: MakeFiles) -> MakePlugin:
    """Return a function that writes a plugin folder from its files' names and texts."""

    def make(files: Mapping[str, str], *, name: str = "nightly") -> PluginSource:
        make_files(tmp_path / "plugins" / name, files)
        return PluginSource.folder(tmp_path / "plugins" / name)

    return make


@pytest.fixture
def job() -> Callable[[str], str]:
    """Return a function that writes a module which registers a job class while it is imported."""

    def text(event_type: str) -> str:
        return dedent(f"""\
            from duetime.core.registration import Entry, Kind, register

            class Job:
                def run(self):
                    return {event_type!r}

            register(Entry(Kind.EVENT_TYPE, {event_type!r}, Job))
        """)

    return text


@pytest.fixture
def modules() -> Callable[[], list[str]]:
    """Return a function that lists the plugin modules that the process knows, but for those known before."""
    before = set(sys.modules)

    def listed() -> list[str]:
        return sorted(name for name in set(sys.modules) - before if name.startswith("duetime_plugin_"))

    return listed
