"""What is to be imported for a plugin, found without running any of it."""

import importlib.util
from dataclasses import dataclass
from importlib.machinery import ModuleSpec
from pathlib import Path

from duetime.core.errors import InvalidDocument
from duetime.plugins.manifest import read_manifest
from duetime.plugins.source import PluginSource
from duetime.plugins.trust import require_trusted_tree

_FOR_TOOLS = ("__init__", "__main__", "conftest", "setup")
"""Files of a folder that are not modules of a plugin, or (the first) come in as the package itself."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The files of one plugin.

    Attributes:
        root: the file of its package; in a folder it need not exist.
        places: the folders of its modules; none when it is one module.
        modules: what is imported, in order, by names relative to the package; "" is the package itself.
        names: the names under which its code may import the package.
        last_name: another such name, for when nothing else is called so.
        plain: whether its code may import its modules by their plain names.
    """

    root: Path
    places: tuple[str, ...]
    modules: tuple[str, ...]
    names: tuple[str, ...]
    last_name: str | None = None
    plain: bool = False


def layout_of(source: PluginSource) -> Layout:
    """Return what is to be imported.

    Raises:
        InvalidDocument: `plugin.json` does not say what it must, or there is no such folder or package.
        UnsafeFile: others could have changed the folder.
    """
    if source.path is not None:
        return _of_folder(source.path)
    return _of_entry(source)


def _of_folder(folder: Path) -> Layout:
    if not folder.is_dir():
        raise InvalidDocument(str(folder), "there is no such folder")
    require_trusted_tree(folder)
    files = read_manifest(folder)
    names = _all_modules(folder) if files is None else [_dotted(file) for file in files]
    root = folder / "__init__.py"
    return Layout(
        root=root,
        places=(str(folder),),
        modules=("", *names) if root.is_file() else tuple(names),
        names=(f"plugins.{folder.name}",),
        last_name=folder.name,
        plain=True,
    )


def _all_modules(folder: Path) -> list[str]:
    return sorted(
        file.stem
        for file in folder.glob("*.py")
        # Python cannot import a name with a dot: such files are editors' copies.
        if "." not in file.stem and file.stem not in _FOR_TOOLS and not file.stem.startswith("test_")
    )


def _dotted(file: str) -> str:
    return file.removesuffix(".py").replace("/", ".").removesuffix("__init__").rstrip(".")


def _of_entry(source: PluginSource) -> Layout:
    """Take the whole top package of the entry's module: its modules import each other by full names."""
    entry = source.entry or ""
    top, spec = _top_package(entry)
    if spec is None or not spec.origin or not spec.origin.endswith(".py"):
        problem = f"there is no package {top!r} of Python files; install it again"
        raise InvalidDocument(f"entry point {source.name} = {source.location}", problem)
    return Layout(
        root=Path(spec.origin),
        places=tuple(spec.submodule_search_locations or ()),
        modules=(entry[len(top) + 1 :],),
        names=(top,),
    )


def _top_package(entry: str) -> tuple[str, ModuleSpec | None]:
    """Return the first part of a dotted name that is more than a folder shared by several packages."""
    parts = entry.split(".")
    name, spec = "", None
    for count in range(1, len(parts) + 1):
        name = ".".join(parts[:count])
        try:
            spec = importlib.util.find_spec(name)
        except (ImportError, ValueError):
            return name, None
        if spec is None or spec.origin is not None:
            break
    return name, spec
