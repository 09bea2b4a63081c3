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
from importlib.machinery import EXTENSION_SUFFIXES, ExtensionFileLoader, FileFinder, ModuleSpec
from importlib.util import spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

from duetime.plugins.open_spaces import open_spaces
from duetime.plugins.plugin_loader import PluginLoader


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
        self._builtins: Mapping[str, Any] = vars(builtins)
        self._finders: dict[str, FileFinder] = {}
        self._closed: dict[str, ModuleType] | None = None
        self._lock = threading.RLock()
        self.package = open_spaces.add(self, f"duetime_plugin_{re.sub(r'[^0-9A-Za-z]', '_', plugin)}_g{generation}")

    def import_with(self, importer: Callable[..., ModuleType]) -> None:
        """Send every import statement of the plugin's code, while it loads and later, through `importer`.

        A statement finds `__import__` among the builtins of its own module, so nothing outside the plugin changes.
        """
        self._builtins = {**vars(builtins), "__import__": importer}

    def find(self, fullname: str, places: Sequence[str] | None) -> ModuleSpec | None:
        """Return how to import one of its modules, or None when there is none of that name."""
        if fullname == self.package:
            loader = PluginLoader(fullname, str(self.root), builtins=self._builtins, optional=True)
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
            open_spaces.activate(self)
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
        open_spaces.deactivate(self)
        return modules

    def _finder(self, place: str) -> FileFinder:
        """Return a finder of its own: the process's may remember which files were there at an earlier load."""
        if place not in self._finders:

            def loader(fullname: str, path: str) -> PluginLoader:
                return PluginLoader(fullname, path, builtins=self._builtins)

            kinds: list[Any] = [(loader, [".py"]), (ExtensionFileLoader, EXTENSION_SUFFIXES)]
            self._finders[place] = FileFinder(place, *kinds)
        return self._finders[place]
