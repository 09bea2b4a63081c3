"""The plugins, with what is wished of each and what the workers have made of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from duetime.app.app import App
from duetime.core.errors import DuetimeError
from duetime.scheduling.situation import beating_workers
from duetime.store.plugin_table import PluginState, PluginWish
from duetime.web.plugin_steering import PluginVerb


@dataclass(frozen=True, slots=True)
class Reached:
    """What one living worker has made of a plugin.

    Attributes:
        state: `loaded`, `unloaded`, `failed`, or `waiting` when it has not come to the present wish yet.
    """

    worker: str
    generation: int
    state: str
    error: str


@dataclass(frozen=True, slots=True)
class PluginRow:
    """One plugin.

    Attributes:
        status: `loaded`, `unloaded`, `failed` or `waiting`: what the living workers have made of the wish, the worst
            first; the wish itself when there is no worker.
        location: where this process finds it; None = it does not.
        overrides: the built-in names that it stands before.
    """

    name: str
    wish: str
    generation: int
    status: str
    location: str | None
    workers: tuple[Reached, ...]
    event_types: tuple[str, ...]
    actions: tuple[str, ...]
    filters: tuple[str, ...]
    overrides: tuple[str, ...]

    @property
    def verbs(self) -> tuple[PluginVerb, ...]:
        """What may sensibly be wished of it."""
        return (PluginVerb.LOAD,) if self.wish == "unloaded" else (PluginVerb.RELOAD, PluginVerb.UNLOAD)


def plugin_rows(app: App) -> tuple[tuple[PluginRow, ...], int, str]:
    """Return every plugin by name, how many workers are alive, and why plugins cannot be looked for."""
    places, problem = _places(app)
    with app.store.read() as tx:
        alive = {worker.session_id: worker.worker for worker in beating_workers(tx)}
        wishes = tx.plugins.wishes()
        reached: defaultdict[str, list[PluginState]] = defaultdict(list)
        for state in tx.plugins.states():
            if state.session_id in alive:
                reached[state.plugin].append(state)
    rows = (
        _row(wishes.get(name) or PluginWish(name, "loaded", 1), reached[name], alive=alive, location=places.get(name))
        for name in sorted(places.keys() | wishes.keys())
    )
    return tuple(rows), len(alive), problem


def _places(app: App) -> tuple[dict[str, str], str]:
    try:
        return {source.name: source.location for source in app.plugin_sources()}, ""
    except DuetimeError as error:
        return {}, str(error)


def _row(wish: PluginWish, states: Sequence[PluginState], *, alive: dict[int, str], location: str | None) -> PluginRow:
    by_session = {state.session_id: state for state in states}
    workers = tuple(_reached(name, by_session.get(session_id), wish=wish) for session_id, name in alive.items())
    standing = {worker.state for worker in workers}
    return PluginRow(
        name=wish.plugin,
        wish=wish.wish,
        generation=wish.generation,
        status=next((state for state in ("failed", "waiting", "loaded", "unloaded") if state in standing), wish.wish),
        location=location,
        workers=workers,
        event_types=_names(states, "event_types"),
        actions=_names(states, "actions"),
        filters=_names(states, "filters"),
        overrides=_names(states, "overrides"),
    )


def _reached(worker: str, state: PluginState | None, *, wish: PluginWish) -> Reached:
    if state is None:
        return Reached(worker, 0, "waiting", "")
    if state.generation < wish.generation:
        return Reached(worker, state.generation, "waiting", state.error)
    return Reached(worker, state.generation, state.state, state.error)


def _names(states: Sequence[PluginState], key: str) -> tuple[str, ...]:
    return tuple(sorted({str(name) for state in states for name in state.details.get(key, ())}))
