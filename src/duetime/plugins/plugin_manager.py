"""Loads, unloads and reloads plugins while the program runs."""

import threading
from collections.abc import Callable, Iterable
from types import ModuleType

from duetime.core.errors import DuplicateRegistration, UnknownName, nearest
from duetime.core.registration import Batch, Entry, Kind, Registries, registering_with
from duetime.core.registry import BUILTIN
from duetime.plugins.faults import Fault, fault_at
from duetime.plugins.generation import Generation, begin_generation
from duetime.plugins.loaded_plugin import LoadedPlugin
from duetime.plugins.metadata import metadata_of
from duetime.plugins.source import PluginSource


class PluginManager:
    """The plugins of one app.

    Every verb is all or nothing, and they may be called from several threads. What a plugin registers while its modules
    are imported and in their `load()` functions belongs to it, and goes with it.

    Args:
        registries: where the app's registrations are.
        check: raises when something that a plugin registers makes no sense; the plugin is then refused.
    """

    def __init__(self, registries: Registries, *, check: Callable[[Entry], object] | None = None) -> None:
        self._registries = registries
        self._check = check
        self._lock = threading.RLock()
        self._running: dict[str, Generation] = {}
        self._loaded: dict[str, LoadedPlugin] = {}

    def loaded(self) -> tuple[LoadedPlugin, ...]:
        """Return the plugins that are loaded, by name."""
        return tuple(sorted([*self._loaded.values()], key=lambda plugin: plugin.name))

    def load(self, source: PluginSource, *, generation: int) -> LoadedPlugin:
        """Load a plugin.

        Args:
            source: where it is.
            generation: which load of it this is; module names carry the number.

        Raises:
            PluginFailed: its code raised; the file and line of the plugin are named, and nothing of it is left.
            DuplicateRegistration: it is loaded already, or another plugin has one of its names; both are named.
            InvalidDocument: `plugin.json` does not say what it must, or there is no such folder or package.
            UnsafeFile: others could have changed the folder.
        """
        with self._lock:
            present = self._loaded.get(source.name)
            if present is not None:
                raise DuplicateRegistration(
                    "plugin", source.name, owner=present.source.location, newcomer=source.location
                )
            return self._start(source, generation=generation)

    def unload(self, name: str) -> tuple[Fault, ...]:
        """Unload a plugin. Jobs that run keep the classes they started with.

        Returns:
            What went wrong in its `unload()` functions; it is gone all the same.

        Raises:
            UnknownName: no such plugin is loaded.
        """
        with self._lock:
            running = self._running.get(name)
            if running is None:
                raise UnknownName("loaded plugin", name, near=nearest(name, self._running))
            try:
                return running.end()
            finally:  # also when somebody interrupts an unload() that hangs
                self._registries.remove_owner(name)
                self._remove_stray_registrations(running)
                del self._running[name], self._loaded[name]

    def unload_all(self) -> tuple[Fault, ...]:
        """Unload every plugin, the last one first; an app that ends leaves no modules in the process."""
        with self._lock:
            return tuple(fault for name in reversed([*self._running]) for fault in self.unload(name))

    def reload(self, source: PluginSource, *, generation: int) -> LoadedPlugin:
        """Load a plugin again, or for the first time; when that fails, the old generation goes on.

        Raises:
            PluginFailed, DuplicateRegistration, InvalidDocument, UnsafeFile: as for `load`.
        """
        with self._lock:
            return self._start(source, generation=generation)

    def load_builtin(self, modules: Iterable[ModuleType]) -> None:
        """Register our own jobs, actions and filters: call the `load()` of each module.

        Such a module is imported once per process but serves every app in it, so it registers in `load()`, never while
        it is imported.

        Raises:
            DuplicateRegistration: two of them register the same name.
        """
        batch = Batch(owner=BUILTIN)
        with self._lock:
            with registering_with(self._registries, batch=batch):
                for module in modules:
                    module.load()
            self._registries.adopt(batch)

    def _start(self, source: PluginSource, *, generation: int) -> LoadedPlugin:
        new = begin_generation(source, number=generation)
        try:
            self._require_sense(new)
            self._registries.adopt(new.batch)
        except BaseException:
            new.end()
            raise
        old = self._running.get(source.name)
        self._running[source.name] = new
        self._loaded[source.name] = self._describe(new)
        if old is not None:
            try:
                faults = old.end()
            finally:
                self._remove_stray_registrations(old)
            self._loaded[source.name] = self._describe(new, faults=faults)
        return self._loaded[source.name]

    def _require_sense(self, generation: Generation) -> None:
        if self._check is None:
            return
        for entry in generation.batch.entries:
            try:
                self._check(entry)
            except Exception as error:
                fault = fault_at(entry.item, error, space=generation.space)
                raise fault.as_error(generation.source.name) from error

    def _describe(self, generation: Generation, *, faults: tuple[Fault, ...] = ()) -> LoadedPlugin:
        def names(kind: Kind) -> tuple[str, ...]:
            return tuple(sorted(entry.name for entry in generation.batch.entries if entry.kind is kind))

        source = generation.source
        stated = {"version": source.version} if source.version else {}
        return LoadedPlugin(
            name=source.name,
            generation=generation.number,
            source=source,
            event_types=names(Kind.EVENT_TYPE),
            actions=names(Kind.ACTION),
            filters=names(Kind.FILTER),
            hooks=names(Kind.HOOK),
            overrides=tuple(
                sorted(name for kind in Kind for name in set(names(kind)) & {*self._registries.of(kind).overridden()})
            ),
            metadata={**stated, **metadata_of(generation.modules)},
            faults=faults,
        )

    def _remove_stray_registrations(self, generation: Generation) -> None:
        """Remove what its code registered later, from inside a job: that is its module's, not the plugin's."""
        for name in generation.space.modules():
            self._registries.remove_owner(f"module {name}")
