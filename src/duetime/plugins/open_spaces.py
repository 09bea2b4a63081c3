"""The one entry in the import system's list of finders through which all plugin modules are found."""

import sys
import threading
from collections.abc import Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Protocol
from weakref import WeakValueDictionary


class Space(Protocol):
    """A package of plugin modules; see `ModuleSpace`."""

    @property
    def package(self) -> str: ...

    def find(self, fullname: str, places: Sequence[str] | None) -> ModuleSpec | None: ...


class OpenSpaces:
    """Finds the modules of all open spaces; the import system's list has this one finder for all of them.

    It stays on that list: taking an entry away while another thread walks the list would hide a finder from it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._alive: WeakValueDictionary[str, Space] = WeakValueDictionary()
        self._open: dict[str, Space] = {}

    def add(self, space: Space, wanted: str) -> str:
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

    def activate(self, space: Space) -> None:
        self._open[space.package] = space

    def deactivate(self, space: Space) -> None:
        self._open.pop(space.package, None)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        space = self._open.get(fullname.partition(".")[0])
        return None if space is None else space.find(fullname, path)


open_spaces = OpenSpaces()
