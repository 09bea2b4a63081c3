import grp
import os
import pwd
import stat
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace

import pytest

from duetime.core.errors import UnsafeFile
from duetime.core.registration import Registries
from duetime.plugins import trust
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource
from duetime.plugins.trust import require_trusted, require_trusted_tree

MakePlugin = Callable[..., PluginSource]
MakeFiles = Callable[[Path, Mapping[str, str]], None]
Text = Callable[[str], str]


@pytest.fixture
def folder(tmp_path: Path, make_files: MakeFiles) -> Path:
    tmp_path.chmod(0o755)
    make_files(tmp_path / "nightly", {"events.py": "", "data/rates.txt": "7", "parts/__init__.py": ""})
    return tmp_path / "nightly"


@pytest.fixture
def give_away(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Return a function that makes a file somebody else's."""

    def give(path: Path) -> None:
        if os.geteuid() == 0:
            os.chown(path, 12345, -1, follow_symlinks=False)
        else:  # then this process is somebody else
            monkeypatch.setattr(os, "geteuid", lambda: 12345)

    return give


def add(path: Path, bits: int) -> None:
    path.chmod(stat.S_IMODE(path.stat().st_mode) | bits)


def test_what_is_ones_own_is_trusted(folder: Path) -> None:
    require_trusted_tree(folder)
    require_trusted(folder / "events.py")


@pytest.mark.parametrize("name", ["", "events.py", "data", "data/rates.txt", "parts/__init__.py"])
@pytest.mark.parametrize(
    ("bits", "problem"),
    [(stat.S_IWOTH, "everybody may write"), (stat.S_IWGRP, "its group .* may write"), (0o022, "everybody may write")],
)
def test_what_others_may_write_to_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, bits: int, problem: str
) -> None:
    monkeypatch.setattr(trust, "_is_private_group", lambda _gid, **_: False)
    add(folder / name, bits)
    with pytest.raises(UnsafeFile, match=problem) as caught:
        require_trusted_tree(folder)
    assert caught.value.path == str(folder / name)


@pytest.mark.parametrize("name", ["", "events.py", "data/rates.txt"])
def test_what_belongs_to_somebody_else_is_not(folder: Path, give_away: Callable[[Path], None], name: str) -> None:
    give_away(folder / name)
    with pytest.raises(UnsafeFile, match="belongs to"):
        require_trusted_tree(folder)


def test_what_belongs_to_root_is_trusted() -> None:
    require_trusted(Path("/etc/passwd"))


def test_a_user_whom_nobody_knows_is_named_by_number(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = SimpleNamespace(st_mode=stat.S_IFREG | 0o644, st_uid=987654, st_gid=0)
    monkeypatch.setattr(Path, "lstat", lambda _path: found)
    with pytest.raises(UnsafeFile, match="belongs to user 987654"):
        require_trusted(folder / "events.py")


@pytest.mark.parametrize(
    ("group", "trusted"),
    [
        ({"gr_name": "me", "gr_mem": []}, True),
        ({"gr_name": "me", "gr_mem": ["me"]}, True),
        ({"gr_name": "me", "gr_mem": ["me", "you"]}, False),
        ({"gr_name": "staff", "gr_mem": []}, False),
        (None, False),
    ],
)
def test_a_group_that_is_only_its_owner(
    monkeypatch: pytest.MonkeyPatch, group: dict[str, object] | None, trusted: bool
) -> None:
    def look_up(gid: int) -> SimpleNamespace:
        if group is None:
            raise KeyError(gid)
        return SimpleNamespace(**group)

    monkeypatch.setattr(grp, "getgrgid", look_up)
    monkeypatch.setattr(pwd, "getpwuid", lambda _uid: SimpleNamespace(pw_name="me", pw_gid=1000))
    assert trust._is_private_group(1000, owner=1000) is trusted
    assert not trust._is_private_group(1001, owner=1000)
    assert not trust._is_private_group(1000, owner=0)


def test_a_link_is_judged_by_its_end(folder: Path, tmp_path: Path) -> None:
    target = tmp_path / "shared.py"
    target.write_text("")
    target.chmod(0o644)
    (folder / "shared.py").symlink_to(target)
    require_trusted_tree(folder)
    add(target, stat.S_IWOTH)
    with pytest.raises(UnsafeFile, match="everybody") as caught:
        require_trusted_tree(folder)
    assert caught.value.path == str(target)


def test_a_link_into_a_folder_where_others_may_write_is_not_trusted(folder: Path, tmp_path: Path) -> None:
    open_folder = tmp_path / "open"
    open_folder.mkdir()
    (open_folder / "shared.py").write_text("")
    (open_folder / "shared.py").chmod(0o644)
    (folder / "shared.py").symlink_to(open_folder / "shared.py")
    require_trusted_tree(folder)
    add(open_folder, stat.S_IWOTH)
    with pytest.raises(UnsafeFile, match="everybody"):
        require_trusted_tree(folder)


def test_a_link_of_somebody_else_is_not_trusted(folder: Path, give_away: Callable[[Path], None]) -> None:
    (folder / "more.py").symlink_to(folder / "events.py")
    give_away(folder / "more.py")
    with pytest.raises(UnsafeFile, match=r"more\.py is not trusted: it belongs to|belongs to"):
        require_trusted(folder / "more.py")


def test_a_linked_folder_is_looked_through(folder: Path, tmp_path: Path, make_files: MakeFiles) -> None:
    make_files(tmp_path / "vendor", {"lib.py": ""})
    (folder / "vendor").symlink_to(tmp_path / "vendor")
    require_trusted_tree(folder)
    add(tmp_path / "vendor/lib.py", stat.S_IWOTH)
    with pytest.raises(UnsafeFile, match=r"lib\.py"):
        require_trusted_tree(folder)


@pytest.mark.parametrize("end", ["nowhere.py", "loop.py"])
def test_a_link_that_leads_nowhere_is_not_trusted(folder: Path, end: str) -> None:
    (folder / "loop.py").symlink_to(folder / end)
    with pytest.raises(UnsafeFile, match="leads nowhere"):
        require_trusted_tree(folder)


def test_a_link_back_up_is_followed_once(folder: Path) -> None:
    (folder / "data/up").symlink_to(folder)
    require_trusted_tree(folder)
    assert len([*trust._walk(folder, seen=set())]) == 7


def test_a_pipe_is_no_module(folder: Path) -> None:
    os.mkfifo(folder / "pipe.py")
    (folder / "pipe.py").chmod(0o644)
    with pytest.raises(UnsafeFile, match="neither a file nor a folder"):
        require_trusted_tree(folder)


def test_what_is_never_read_is_not_judged(folder: Path, make_files: MakeFiles) -> None:
    make_files(folder, {".git/config": "", "__pycache__/events.pyc": "", ".events.py.swp": ""})
    for name in (".git/config", "__pycache__/events.pyc", ".events.py.swp"):
        add(folder / name, stat.S_IWOTH)
    require_trusted_tree(folder)


def test_a_plugin_that_is_not_trusted_is_not_run(
    manager: PluginManager, registries: Registries, make_plugin: MakePlugin, job: Text
) -> None:
    source = make_plugin({"events.py": job("example.a")})
    manager.load(source, generation=1)
    add(Path(source.location), stat.S_IWOTH)
    make_plugin({"zz.py": "raise AssertionError"})
    add(Path(source.location), stat.S_IWOTH)
    with pytest.raises(UnsafeFile):
        manager.reload(source, generation=2)
    assert [*registries.event_types] == ["example.a"]


def test_a_plugin_behind_a_link_is_called_like_the_link(
    manager: PluginManager, make_plugin: MakePlugin, job: Text, tmp_path: Path
) -> None:
    source = make_plugin({"events.py": job("example.a") + "import helper\n", "helper.py": ""}, name="nightly-v3")
    (tmp_path / "nightly").symlink_to(source.location)
    assert manager.load(PluginSource.folder(tmp_path / "nightly"), generation=1).name == "nightly"
