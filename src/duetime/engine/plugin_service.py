"""Brings this process to the wished state of its plugins, and says what it reached."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from duetime.core.clock import Clock
from duetime.core.errors import DuetimeError
from duetime.engine.catalogue import Catalogue
from duetime.engine.log import get_logger
from duetime.engine.service import Service
from duetime.engine.session import Session
from duetime.plugins.loaded_plugin import LoadedPlugin
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource
from duetime.store.plugin_table import PluginState, PluginWish
from duetime.store.store import Store

_log = get_logger(__name__)

_ROUND_SECONDS = 1.0
_ABSENT = "this worker finds no such plugin; check DUETIME_PLUGINS"


class PluginService(Service):
    """Reconciles plugins with the database's wishes.

    A plugin that is found and that nobody has spoken of yet is wished loaded. A load that fails is reported with its
    error and not tried again until somebody asks: the wish's generation says whether somebody has.
    """

    name = "plugins"

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        session: Session,
        manager: PluginManager,
        catalogue: Catalogue,
        find: Callable[[], Sequence[PluginSource]],
        on_changed: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(clock=clock)
        self._store = store
        self._session = session
        self._manager = manager
        self._catalogue = catalogue
        self._find = find
        self._on_changed = on_changed
        self._reached: dict[str, PluginState] = {}
        self._errors: list[DuetimeError] = []
        self._reported: dict[str, PluginState] = {}
        self._published: frozenset[Any] | None = None
        self._sources: Mapping[str, PluginSource] = {}
        self._not_found = ""

    def round(self) -> float:
        sources = self._look()
        with self._store.read() as tx:
            wishes = tx.plugins.wishes()
        if not sources.keys() <= wishes.keys():
            with self._store.write() as tx:
                tx.plugins.ensure(sorted(sources))
                wishes = tx.plugins.wishes()
        for plugin, wish in wishes.items():
            reached = self._reached.get(plugin)
            has_come = reached is not None and reached.error == _ABSENT and plugin in sources
            if reached is None or reached.generation != wish.generation or has_come:
                self._bring_about(wish, sources)
        self._publish()
        self._report()
        return _ROUND_SECONDS

    def _look(self) -> Mapping[str, PluginSource]:
        """Return the plugins that can be found; what was found before when a folder cannot be looked into now."""
        try:
            self._sources = {source.name: source for source in self._find()}
        except DuetimeError as error:
            if str(error) != self._not_found:
                _log.error("plugins.not_found", error=str(error))
                self._errors = [*self._errors[-9:], error]
            self._not_found = str(error)
        else:
            self._not_found = ""
        return self._sources

    def take_errors(self) -> list[DuetimeError]:
        """Return the errors of loads since the last call, for whoever steps this service by hand."""
        errors, self._errors = self._errors, []
        return errors

    def _bring_about(self, wish: PluginWish, sources: Mapping[str, PluginSource]) -> None:
        loaded = {plugin.name for plugin in self._manager.loaded()}
        source = sources.get(wish.plugin)
        if wish.wish == "unloaded":
            faults: Sequence[object] = self._manager.unload(wish.plugin) if wish.plugin in loaded else ()
            self._reach(wish, "unloaded", error="; ".join(map(str, faults)))
        elif source is None:
            self._reach(wish, "failed", error=_ABSENT)
        else:
            self._load(wish, source)

    def _load(self, wish: PluginWish, source: PluginSource) -> None:
        try:
            plugin = self._manager.reload(source, generation=wish.generation)
        except DuetimeError as error:
            _log.error("plugin.failed", plugin=wish.plugin, error=str(error))
            self._errors = [*self._errors[-9:], error]
            going_on = [plugin for plugin in self._manager.loaded() if plugin.name == wish.plugin]
            if going_on:  # the reload failed, and what was loaded before still serves
                old = f"Generation {going_on[0].generation} goes on."
                self._reach(wish, "failed", error=f"{error} {old}", details=_details(going_on[0]))
            else:
                self._reach(wish, "failed", error=str(error))
            return
        self._catalogue.set_generation(plugin.name, plugin.generation)
        self._reach(wish, "loaded", details=_details(plugin), error="; ".join(map(str, plugin.faults)))

    def _reach(
        self, wish: PluginWish, state: str, *, error: str = "", details: Mapping[str, Any] | None = None
    ) -> None:
        _log.info("plugin.reached", plugin=wish.plugin, state=state, generation=wish.generation)
        self._reached[wish.plugin] = PluginState(
            session_id=0,
            plugin=wish.plugin,
            generation=wish.generation,
            state=state,
            error=error,
            details=details or {},
        )

    def _publish(self) -> None:
        """Write what is known of the loaded event types, when that has changed."""
        kinds = [handler.kind for handler in self._catalogue.handlers().values()]
        fingerprint = frozenset((kind.event_type, kind.plugin, kind.generation) for kind in kinds)
        if fingerprint == self._published:
            return
        with self._store.write() as tx:
            tx.event_types.publish(kinds)
        self._published = fingerprint
        self._on_changed()

    def _report(self) -> None:
        session_id = self._session.session_id
        if session_id is None:
            return
        news = [
            PluginState(session_id, state.plugin, state.generation, state.state, state.error, state.details)
            for state in self._reached.values()
        ]
        news = [state for state in news if self._reported.get(state.plugin) != state]
        if not news:
            return
        with self._store.write() as tx:
            tx.plugins.forget_dead()
            for state in news:
                tx.plugins.report(state)
        self._reported |= {state.plugin: state for state in news}


def _details(plugin: LoadedPlugin) -> dict[str, Any]:
    return {
        "event_types": list(plugin.event_types),
        "actions": list(plugin.actions),
        "filters": list(plugin.filters),
        "overrides": list(plugin.overrides),
        "metadata": dict(plugin.metadata),
    }
