"""Which plugins there are: folders that the settings name, and installed packages that announce themselves."""

from collections.abc import Iterable
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from duetime.core.errors import DuplicateRegistration, InvalidDocument
from duetime.plugins.manifest import MANIFEST
from duetime.plugins.source import PluginSource
from duetime.plugins.trust import require_trusted

ENTRY_POINT_GROUP = "duetime.plugins"


def discover(paths: Iterable[Path], *, installed: bool = True) -> tuple[PluginSource, ...]:
    """Return every plugin that can be loaded, by name.

    A path that holds `plugin.json` or Python files is one plugin; of any other, each sub-folder that does is one.
    Nothing is imported.

    Args:
        paths: the folders to look into.
        installed: whether installed packages are looked for as well.

    Raises:
        InvalidDocument: a path is no folder, or an entry point names no module.
        UnsafeFile: others may add plugins to one of the folders.
        DuplicateRegistration: two plugins have one name; both places are named.
    """
    found: dict[str, PluginSource] = {}
    for source in (*_in_folders(paths), *(_installed() if installed else ())):
        present = found.setdefault(source.name, source)
        if present != source and not _is_same_folder(present, source):
            raise DuplicateRegistration("plugin", source.name, owner=present.location, newcomer=source.location)
    return tuple(found[name] for name in sorted(found))


def _in_folders(paths: Iterable[Path]) -> Iterable[PluginSource]:
    for path in paths:
        if not path.is_dir():
            raise InvalidDocument(str(path), "there is no such folder; name a plugin, or a folder of plugins")
        try:
            require_trusted(path)
            yield from _in_folder(path)
        except PermissionError as error:
            raise InvalidDocument(str(path), f"it cannot be looked into: {error.strerror}") from error


def _in_folder(path: Path) -> list[PluginSource]:
    if _is_plugin(path):
        return [PluginSource.folder(path)]
    return [
        PluginSource.folder(child)
        for child in sorted(path.iterdir())
        if child.is_dir() and not child.name.startswith(".") and child.name != "__pycache__" and _is_plugin(child)
    ]


def _is_plugin(folder: Path) -> bool:
    return any(
        file.name == MANIFEST or (file.suffix == ".py" and not file.name.startswith(".")) for file in folder.iterdir()
    )


def _installed() -> list[PluginSource]:
    return [_of_entry_point(entry) for entry in entry_points(group=ENTRY_POINT_GROUP)]


def _of_entry_point(entry: EntryPoint) -> PluginSource:
    if not all(part.isidentifier() for part in entry.value.split(".")):
        raise InvalidDocument(
            f"entry point {entry.name} in {ENTRY_POINT_GROUP}",
            f"it must name a module, such as acme.plugin, not {entry.value!r}",
        )
    version = entry.dist.version if entry.dist is not None else ""
    return PluginSource.installed(entry.name, entry=entry.value, version=version)


def _is_same_folder(one: PluginSource, other: PluginSource) -> bool:
    return one.path is not None and other.path is not None and one.path.resolve() == other.path.resolve()
