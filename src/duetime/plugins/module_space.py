"""The modules of one load of one plugin, under names that nothing else in the process has.

A plugin may be loaded several times in one process: again after it was changed, or by two apps at once. Each load gets
a package of its own, such as `duetime_plugin_nightly_g3`, so that old and new code never mix and no plugin sees
another's `events.py`. Old modules leave `sys.modules` when their load ends and live on for as long as something still
runs in them.
"""

import builtins
import re
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any
from weakref import WeakValueDictionary


class ModuleSpace:
    """One package of plugin modules, importable from the start until it is closed.

    Attributes:
        package: its name, unique in the process.
        known_as: what its own code, and people, call it.
        root: the file of the package itself; in a folder it need not exist.
        places: the folders of its modules; none for a plugin that is one module.
    """

    def __init__(
        self, plugin: str, *, generation: int, root: Path, places: Sequence[str], known_as: str | None = None
    ) -> None:
        self.known_as = known_as or plugin
        self.root = root
        self.places = tuple(places)
        self.builtins: Mapping[str, Any] = vars(builtins)
        self._finders: dict[str, FileFinder] = {}
        self._closed: dict[str, ModuleType] | None = None
        self._lock = threading.RLock()
        self.package = _spaces.add(self, f"duetime_plugin_{re.sub(r'[^0-9A-Za-z]', '_', plugin)}_g{generation}")

    def import_with(self, importer: Callable[..., ModuleType]) -> None:
        """Send every import statement of the plugin's code, while it loads and later, through `importer`.

        A statement finds `__import__` among the builtins of its own module, so nothing outside the plugin changes.
        """
        self.builtins = {**vars(builtins), "__import__": importer}

    def find(self, fullname: str, places: Sequence[str] | None) -> ModuleSpec | None:
        """Return how to import one of its modules, or None when there is none of that name."""
        if fullname == self.package:
            loader = _Loader(fullname, str(self.root), space=self)
            return spec_from_file_location(
                fullname, self.root, loader=loader, submodule_search_locations=list(self.places) or None
            )
        portions: list[str] = []
        for place in places or ():
            spec = self._finder(place).find_spec(fullname)
            if spec is not None and spec.loader is not None:
                return spec
            if spec is not None:
                portions += spec.submodule_search_locations or ()
        if not portions:
            return None
        folder = ModuleSpec(fullname, None, is_package=True)
        folder.submodule_search_locations = portions
        return folder

    def has(self, name: str) -> bool:
        """Return whether a module or package called `name` lies at its top."""
        spec = self._find_top(name)
        return spec is not None and spec.loader is not None

    def has_folder(self, name: str) -> bool:
        """Return whether a folder without `__init__.py` lies at its top: a package if nothing else is called so."""
        spec = self._find_top(name)
        return spec is not None and spec.loader is None

    def holds(self, filename: str) -> bool:
        """Return whether a file's code is the plugin's."""
        file = Path(filename)
        return file == self.root or any(file.is_relative_to(place) for place in self.places)

    def modules(self) -> dict[str, ModuleType]:
        """Return what was imported of it, by name."""
        return self._in_table() if self._closed is None else dict(self._closed)

    def close(self) -> None:
        """Take its modules out of the process's table. Code that still runs keeps them."""
        with self._lock:
            if self._closed is None:
                self._closed = self._take_out()

    @contextmanager
    def importable(self) -> Iterator[None]:
        """Let its modules be imported inside the block, even when it is closed.

        A job that outlives the load of its plugin may only then come to an import inside one of its functions.
        """
        if self._closed is None:
            yield
            return
        with self._lock:
            _spaces.activate(self)
            sys.modules.update(self._closed)
            try:
                yield
            finally:
                self._closed = self._take_out()

    def _find_top(self, name: str) -> ModuleSpec | None:
        return self.find(f"{self.package}.{name}", self.places)

    def _in_table(self) -> dict[str, ModuleType]:
        inner = f"{self.package}."
        return {
            name: module
            for name, module in tuple(sys.modules.items())
            if name == self.package or name.startswith(inner)
        }

    def _take_out(self) -> dict[str, ModuleType]:
        modules = self._in_table()
        for name in modules:
            sys.modules.pop(name, None)
        _spaces.deactivate(self)
        return modules

    def _finder(self, place: str) -> FileFinder:
        """Return a finder of its own: the process's may remember which files were there at an earlier load."""
        if place not in self._finders:

            def loader(fullname: str, path: str) -> _Loader:
                return _Loader(fullname, path, space=self)

            kinds: list[Any] = [(loader, [".py"]), (ExtensionFileLoader, EXTENSION_SUFFIXES)]
            self._finders[place] = FileFinder(place, *kinds)
        return self._finders[place]


class _Loader(SourceFileLoader):
    """Runs one file of a plugin, always from its source."""

    def __init__(self, fullname: str, path: str, *, space: ModuleSpace) -> None:
        super().__init__(fullname, path)
        self._space = space

    def get_code(self, fullname: str) -> CodeType:
        # Bytecode caches are told from their source by its age in whole seconds: an edit followed by a reload is
        # faster than that. Nor shall loading a plugin write into its folder.
        return self.source_to_code(self.get_data(self.path), self.path)

    def get_data(self, path: str) -> bytes:
        if Path(path) == self._space.root and not self._space.root.exists():
            return b""
        return super().get_data(path)

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__["__builtins__"] = self._space.builtins
        super().exec_module(module)


class _Spaces:
    """Finds the modules of all open spaces; the import system's list has this one finder for all of them.

    It stays on that list: taking an entry away while another thread walks the list would hide a finder from it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alive: WeakValueDictionary[str, ModuleSpace] = WeakValueDictionary()
        self._open: dict[str, ModuleSpace] = {}

    def add(self, space: ModuleSpace, wanted: str) -> str:
        """Open `space` under the wanted name, or one made from it when that is in use."""
        with self._lock:
            if self not in sys.meta_path:
                sys.meta_path.insert(0, self)
            name, number = wanted, 1
            while name in self._alive:
                number += 1
                name = f"{wanted}_{number}"
            self._alive[name] = self._open[name] = space
            return name

    def activate(self, space: ModuleSpace) -> None:
        self._open[space.package] = space

    def deactivate(self, space: ModuleSpace) -> None:
        self._open.pop(space.package, None)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        space = self._open.get(fullname.partition(".")[0])
        return None if space is None else space.find(fullname, path)


_spaces = _Spaces()
