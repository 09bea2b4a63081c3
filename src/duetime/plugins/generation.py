"""One load of one plugin: its modules are imported and its `load()` functions run, all of it or nothing."""

import importlib
import inspect
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import ModuleType

from duetime.core.registration import Batch, Registries, registering_with
from duetime.plugins.faults import Fault, fault_of
from duetime.plugins.import_router import ImportRouter
from duetime.plugins.layout import layout_of
from duetime.plugins.module_space import ModuleSpace
from duetime.plugins.source import PluginSource


@dataclass(slots=True)
class Generation:
    """The modules of one load, and what they registered."""

    source: PluginSource
    number: int
    space: ModuleSpace
    batch: Batch
    modules: tuple[ModuleType, ...] = ()
    started: int = 0

    def end(self) -> tuple[Fault, ...]:
        """Call the modules' `unload()` functions, last one first, and let go of the modules.

        A function that raises is reported and stops nothing. KeyboardInterrupt passes, after the modules are gone.
        """
        faults: list[Fault] = []
        try:
            with self._registering():
                for module in reversed(self.modules[: self.started]):
                    try:
                        _call_hook(module, "unload")
                    except KeyboardInterrupt:
                        raise
                    except BaseException as error:  # noqa: BLE001 - it goes, whatever it says
                        faults.append(fault_of(error, space=self.space))
        finally:
            self.space.close()
        return tuple(faults)

    def begin(self, names: Iterable[str]) -> None:
        """Import the modules in order, then call their `load()` functions in order."""
        package = self.space.package
        with self._registering():
            self.modules = tuple(importlib.import_module(f"{package}.{name}".rstrip(".")) for name in names)
            for module in self.modules:
                _call_hook(module, "load")
                self.started += 1

    def _registering(self) -> AbstractContextManager[None]:
        # With registries of its own: what a plugin takes back while it loads or unloads must not reach the
        # registrations of another generation of it, which carry the same owner.
        return registering_with(Registries(), batch=self.batch)


def begin_generation(source: PluginSource, *, number: int) -> Generation:
    """Load a plugin without touching any registry: what it registers waits in the generation's batch.

    Raises:
        PluginFailed: its code raised; nothing of it is left.
        InvalidDocument: `plugin.json` does not say what it must, or there is no such folder or package.
        UnsafeFile: others could have changed the folder.
    """
    layout = layout_of(source)
    known_as = layout.last_name or layout.names[0]
    space = ModuleSpace(source.name, generation=number, root=layout.root, places=layout.places, known_as=known_as)
    space.import_with(ImportRouter(space, names=layout.names, last_name=layout.last_name, plain=layout.plain))
    generation = Generation(source, number, space, Batch(owner=source.name))
    try:
        generation.begin(layout.modules)
    except KeyboardInterrupt:
        generation.end()
        raise
    except BaseException as error:
        fault = fault_of(error, space=space)
        generation.end()
        raise fault.as_error(source.name) from error
    return generation


def _call_hook(module: ModuleType, name: str) -> None:
    """Call a module's `load()` or `unload()`, if it has one.

    Something else of that name, such as `from json import load`, is told by the arguments that it needs.
    """
    hook = getattr(module, name, None)
    if not callable(hook) or not _needs_nothing(hook):
        return
    if inspect.iscoroutinefunction(hook):
        message = f"{name}() is a coroutine function and would never run; make it a plain one"
        raise TypeError(message)
    hook()


def _needs_nothing(hook: Callable[..., object]) -> bool:
    try:
        inspect.signature(hook).bind()
    except TypeError:
        return False
    except ValueError:  # a builtin that does not say
        return False
    return True
