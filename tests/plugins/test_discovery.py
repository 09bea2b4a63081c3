import importlib
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from duetime.core.errors import DuplicateRegistration, InvalidDocument, PluginFailed, UnsafeFile
from duetime.core.registration import Registries
from duetime.plugins.discovery import discover
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource, SourceKind

MakeFiles = Callable[[Path, Mapping[str, str]], None]
Modules = Callable[[], list[str]]
Text = Callable[[str], str]


@pytest.fixture
def installed(tmp_path: Path, make_files: MakeFiles, monkeypatch: pytest.MonkeyPatch) -> Iterator[MakeFiles]:
    """Return a function that installs a package: its files, and entry points by name."""
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    before = set(sys.modules)

    def install(
        files: Mapping[str, str], entries: Mapping[str, str], *, name: str = "acme", version: str = "1.2"
    ) -> None:
        lines = "\n".join(f"{key} = {value}" for key, value in entries.items())
        info = {
            f"{name}-{version}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
            f"{name}-{version}.dist-info/entry_points.txt": f"[duetime.plugins]\n{lines}\n",
        }
        make_files(site, {**files, **info})
        importlib.invalidate_caches()

    yield install  # type: ignore[misc]
    for module in set(sys.modules) - before:
        if module.startswith("acme"):
            del sys.modules[module]


def names(*paths: Path) -> list[str]:
    return [source.name for source in discover(paths, installed=False)]


def test_a_folder_of_modules_is_one_plugin(tmp_path: Path, make_files: MakeFiles) -> None:
    make_files(tmp_path / "nightly", {"events.py": "", "parts/__init__.py": ""})
    (source,) = discover([tmp_path / "nightly"], installed=False)
    assert source == PluginSource("nightly", SourceKind.FOLDER, path=tmp_path / "nightly")
    assert source.location == str(tmp_path / "nightly")


def test_a_folder_with_a_manifest_is_one_plugin(tmp_path: Path, make_files: MakeFiles) -> None:
    make_files(tmp_path / "nightly", {"plugin.json": "{}", "parts/events.py": ""})
    assert names(tmp_path / "nightly") == ["nightly"]


def test_a_folder_of_folders_is_several(tmp_path: Path, make_files: MakeFiles) -> None:
    files = ["b/events.py", "a/plugin.json", "docs/index.md", ".git/hook.py", "__pycache__/x.py", "README.md"]
    make_files(tmp_path / "all", dict.fromkeys(files, ""))
    make_files(tmp_path / "c", {"events.py": ""})
    assert names(tmp_path / "all", tmp_path / "c") == ["a", "b", "c"]


def test_relative_paths_and_repetitions(tmp_path: Path, make_files: MakeFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    make_files(tmp_path / "nightly", {"events.py": ""})
    monkeypatch.chdir(tmp_path / "nightly")
    (source,) = discover([Path(), Path("../nightly"), tmp_path / "nightly"], installed=False)
    assert source.path == tmp_path / "nightly"


def test_one_folder_by_two_ways_is_one_plugin(tmp_path: Path, make_files: MakeFiles) -> None:
    make_files(tmp_path / "one/nightly", {"events.py": ""})
    (tmp_path / "two").mkdir(mode=0o755)
    (tmp_path / "two/nightly").symlink_to(tmp_path / "one/nightly")
    assert names(tmp_path / "one", tmp_path / "two") == ["nightly"]


def test_nothing_is_imported(tmp_path: Path, make_files: MakeFiles, modules: Modules) -> None:
    make_files(tmp_path / "nightly", {"events.py": "raise AssertionError"})
    assert names(tmp_path) == ["nightly"]
    assert not modules()


def test_two_plugins_of_one_name_are_refused_and_both_are_named(tmp_path: Path, make_files: MakeFiles) -> None:
    for place in ("one", "two"):
        make_files(tmp_path / place / "nightly", {"events.py": ""})
    with pytest.raises(DuplicateRegistration) as caught:
        names(tmp_path / "one", tmp_path / "two")
    assert caught.value.owner == str(tmp_path / "one/nightly")
    assert caught.value.newcomer == str(tmp_path / "two/nightly")


def test_a_folder_and_an_installed_plugin_of_one_name(
    tmp_path: Path, make_files: MakeFiles, installed: Callable[..., None]
) -> None:
    make_files(tmp_path / "nightly", {"events.py": ""})
    installed({"acme.py": ""}, {"nightly": "acme"})
    with pytest.raises(DuplicateRegistration, match=r"registered by .*/nightly; acme 1\.2 may not"):
        discover([tmp_path / "nightly"])


@pytest.mark.parametrize("name", ["builtin", "module x"])
def test_some_names_belong_to_others(tmp_path: Path, make_files: MakeFiles, name: str) -> None:
    make_files(tmp_path / name, {"events.py": ""})
    with pytest.raises(InvalidDocument, match=f"may not be called '{name}'"):
        names(tmp_path)


def test_what_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file.py").write_text("")
    for path in (tmp_path / "file.py", tmp_path / "nowhere"):
        with pytest.raises(InvalidDocument, match="there is no such folder"):
            names(path)


def test_a_folder_where_others_may_add_plugins(tmp_path: Path, make_files: MakeFiles) -> None:
    make_files(tmp_path / "all", {"nightly/events.py": ""})
    (tmp_path / "all").chmod(0o755 | stat.S_IWOTH)
    with pytest.raises(UnsafeFile, match="all is not trusted"):
        names(tmp_path / "all")


def test_an_installed_plugin(
    manager: PluginManager, registries: Registries, installed: Callable[..., None], job: Text, modules: Modules
) -> None:
    plugin = job("example.acme") + "from acme.helper import VALUE\nfrom . import helper\nimport acme.helper as again\n"
    check = "assert helper is again and acme_helper is helper and VALUE == 5\n"
    texts = {"acme/__init__.py": "", "acme/plugin.py": f"{plugin}import acme\nacme_helper = acme.helper\n{check}"}
    installed({**texts, "acme/helper.py": "VALUE = 5"}, {"nightly": "acme.plugin"})

    (source,) = discover([])
    loaded = manager.load(source, generation=2)

    assert (source.kind, source.entry, source.location) == (SourceKind.ENTRY_POINT, "acme.plugin", "acme.plugin 1.2")
    assert (loaded.name, loaded.event_types, loaded.metadata) == ("nightly", ("example.acme",), {"version": "1.2"})
    assert [name.partition(".")[2] for name in modules()] == ["", "helper", "plugin"]
    assert "acme" not in sys.modules
    manager.unload("nightly")
    assert not [*registries.event_types]
    assert not modules()


def test_an_installed_plugin_is_reloaded_with_all_its_modules(
    manager: PluginManager, registries: Registries, installed: Callable[..., None], job: Text
) -> None:
    files = {"acme/__init__.py": "", "acme/plugin.py": "from acme import events\n"}
    installed({**files, "acme/events.py": job("example.a")}, {"nightly": "acme.plugin"})
    (source,) = discover([])
    manager.load(source, generation=1)
    installed({"acme/events.py": job("example.b")}, {"nightly": "acme.plugin"})
    manager.reload(source, generation=2)
    assert [*registries.event_types] == ["example.b"]


def test_an_installed_plugin_of_one_module(
    manager: PluginManager, registries: Registries, installed: Callable[..., None], job: Text, modules: Modules
) -> None:
    installed({"acme_nightly.py": job("example.acme"), "acme_other.py": ""}, {"nightly": "acme_nightly"})
    (source,) = discover([])
    manager.load(source, generation=1)
    assert [*registries.event_types] == ["example.acme"]
    assert len(modules()) == 1


def test_an_installed_plugin_beside_others_in_a_shared_folder(
    manager: PluginManager, registries: Registries, installed: Callable[..., None], job: Text
) -> None:
    statements = "from acme.nightly import helper\nimport acme.nightly.helper\nacme.nightly.helper.VALUE\n"
    files = {"acme/nightly/__init__.py": job("example.acme") + statements, "acme/nightly/helper.py": "VALUE = 5"}
    installed({**files, "acme/other/__init__.py": "raise AssertionError"}, {"nightly": "acme.nightly"})
    (source,) = discover([])
    manager.load(source, generation=1)
    assert [*registries.event_types] == ["example.acme"]


def test_an_installed_plugin_that_raises(
    manager: PluginManager, installed: Callable[..., None], tmp_path: Path, modules: Modules
) -> None:
    installed({"acme/__init__.py": "", "acme/plugin.py": "\n1 / 0"}, {"nightly": "acme.plugin"})
    (source,) = discover([])
    with pytest.raises(PluginFailed, match=r"acme/plugin\.py:2: ZeroDivisionError"):
        manager.load(source, generation=1)
    assert not modules()


@pytest.mark.parametrize("entry", ["acme_gone", "acme_gone.plugin", "sys", "acme_shared"])
def test_an_entry_point_to_nothing_that_can_be_loaded(
    manager: PluginManager, installed: Callable[..., None], entry: str
) -> None:
    installed({"acme_shared/readme.txt": ""}, {"nightly": entry})
    (source,) = discover([])
    with pytest.raises(InvalidDocument, match=r"entry point nightly = .*: there is no package 'acme_|'sys'"):
        manager.load(source, generation=1)


def test_an_entry_point_to_a_module_that_is_missing(manager: PluginManager, installed: Callable[..., None]) -> None:
    installed({"acme/__init__.py": ""}, {"nightly": "acme.gone"})
    (source,) = discover([])
    with pytest.raises(PluginFailed, match=r"No module named 'acme\.gone'"):
        manager.load(source, generation=1)


@pytest.mark.parametrize("entry", ["acme:plugin", "acme plugin", "acme [extra]", "1acme"])
def test_an_entry_point_must_name_a_module(installed: Callable[..., None], entry: str) -> None:
    installed({"acme.py": ""}, {"nightly": entry})
    with pytest.raises(InvalidDocument, match=r"entry point nightly in duetime\.plugins: it must name a module"):
        discover([])
