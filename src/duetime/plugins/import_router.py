"""What an import statement inside a plugin means.

In this order: the standard library and duetime itself; the plugin's own modules, by their plain names, as if the folder
were on the path; older names that stand for something here; everything that is installed.
"""

import builtins
import importlib
import importlib.util
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from duetime.plugins.aliases import ALIASES, LEGACY_PREFIX
from duetime.plugins.legacy_errors import missing_module, missing_name
from duetime.plugins.module_space import ModuleSpace

_ALWAYS_THEMSELVES = sys.stdlib_module_names | {"duetime"}


class _Route(NamedTuple):
    """A name as the plugin says it, and the module that it means."""

    said: str
    meant: str

    def covers(self, name: str) -> bool:
        return name == self.said or name.startswith(f"{self.said}.")

    def translate(self, name: str) -> str:
        return self.meant + name[len(self.said) :]


class ImportRouter:
    """The `__import__` of one plugin's code, while it loads and later inside its functions.

    Args:
        space: the plugin's modules.
        names: the names under which the whole plugin is known to its own code, such as `plugins.nightly`.
        last_name: another such name, for when nothing else is called so.
        plain: whether its modules are known by their plain names, as in a folder on the path.
    """

    def __init__(
        self, space: ModuleSpace, *, names: Sequence[str], last_name: str | None = None, plain: bool = False
    ) -> None:
        self._space = space
        self._plain = plain
        self._last_name = last_name
        self._own = [_Route(name, space.package) for name in names]
        self._aliases = [_Route(*pair) for pair in ALIASES.items()]

    def __call__(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - the names of builtins.__import__
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        """Import a module, as `builtins.__import__` does."""
        if level:
            package = (globals or {}).get("__package__") or self._space.package
            name = importlib.util.resolve_name("." * level + name, package)
        route = self._route(name)
        if route is not None:
            return self._import(name, route, fromlist or ())
        if name.startswith(LEGACY_PREFIX):
            return self._import(name, _Route(name.partition(".")[0], name.partition(".")[0]), fromlist or ())
        try:
            return builtins.__import__(name, globals, locals, fromlist or (), 0)
        except ModuleNotFoundError as error:
            route = self._last_route(name.partition(".")[0])
            if route is None or error.name != route.said:
                raise
        return self._import(name, route, fromlist or ())

    def _route(self, name: str) -> _Route | None:
        """Return what `name` means here, or None when it means what it means everywhere."""
        top = name.partition(".")[0]
        if top == self._space.package:
            return _Route(top, top)
        if top in _ALWAYS_THEMSELVES:
            return None
        if self._plain and self._space.has(top):
            return _Route(top, f"{self._space.package}.{top}")
        return next((route for route in (*self._own, *self._aliases) if route.covers(name)), None)

    def _last_route(self, top: str) -> _Route | None:
        """Return what a name that nothing answers to may still mean."""
        if self._plain and self._space.has_folder(top):
            return _Route(top, f"{self._space.package}.{top}")
        return _Route(top, self._space.package) if top == self._last_name else None

    def _import(self, name: str, route: _Route, fromlist: Sequence[str]) -> ModuleType:
        meant = route.translate(name)
        with self._space.importable():
            try:
                module = importlib.import_module(meant)
            except ModuleNotFoundError as error:
                if not f"{meant}.".startswith(f"{error.name}."):
                    raise  # it is there, and misses something itself
                raise self._not_there(name, route) from None
            if fromlist:
                builtins.__import__(meant, None, None, fromlist, 0)  # imports submodules that are asked for by name
                self._require_names(module, fromlist, asked=name, route=route)
                return module
            return _seen_from_top(route.said, sys.modules[route.meant])

    def _not_there(self, name: str, route: _Route) -> ModuleNotFoundError:
        if self._is_own(route):
            return ModuleNotFoundError(f"No module named {name!r}", name=name)
        return missing_module(name)

    def _require_names(self, module: ModuleType, names: Sequence[str], *, asked: str, route: _Route) -> None:
        if self._is_own(route):
            return  # the statement itself says it, and it may be a module that is still being imported
        for name in names:
            if name != "*" and not hasattr(module, name):
                raise missing_name(name, asked=asked, module=module)

    def _is_own(self, route: _Route) -> bool:
        return route.meant.partition(".")[0] == self._space.package


def _seen_from_top(said: str, module: ModuleType) -> ModuleType:
    """Return what `import a.b.c` binds to `a` when the plugin's `a.b` is `module`."""
    *outer, last = said.split(".")
    for name in reversed(outer):
        stand_in = ModuleType(name)
        setattr(stand_in, last, module)
        module, last = stand_in, name
    return module
