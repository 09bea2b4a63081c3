"""`duetime plugins list`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from duetime.cli.options import Json
from duetime.cli.output import error_line, status, table
from duetime.cli.plain import emit

if TYPE_CHECKING:
    from duetime.scheduling.situation import Waiting
    from duetime.store.plugin_table import PluginState


@dataclass(frozen=True, slots=True)
class Reached:
    """What one living worker has made of a plugin."""

    worker: str
    generation: int
    state: str
    error: str


@dataclass(frozen=True, slots=True)
class Plugin:
    """One plugin: what is wished of it, where this process finds it, and what the workers have made of it.

    Attributes:
        location: where it is; None when this process does not find it.
        overrides: the built-in names that it stands before.
    """

    plugin: str
    wish: str
    generation: int
    location: str | None
    workers: tuple[Reached, ...]
    event_types: tuple[str, ...]
    actions: tuple[str, ...]
    filters: tuple[str, ...]
    overrides: tuple[str, ...]


def list_plugins(as_json: Json = False) -> None:
    """List the plugins: what is wished, what each worker has reached, and which event types wait for a handler."""
    from duetime.cli.opening import opened
    from duetime.scheduling.situation import beating_workers, waiting_types

    with opened() as duetime:
        places = {source.name: source.location for source in duetime.plugin_sources()}
        with duetime.store.read() as tx:
            workers = {worker.session_id: worker.worker for worker in beating_workers(tx)}
            states = [state for state in tx.plugins.states() if state.session_id in workers]
            wishes = tx.plugins.wishes()
            waiting = waiting_types(tx)
    plugins = []
    for name in sorted(places.keys() | wishes.keys()):
        wish = wishes.get(name)
        mine = [state for state in states if state.plugin == name]
        plugins.append(
            Plugin(
                plugin=name,
                wish="loaded" if wish is None else wish.wish,
                generation=1 if wish is None else wish.generation,
                location=places.get(name),
                workers=tuple(
                    Reached(workers[state.session_id], state.generation, state.state, state.error) for state in mine
                ),
                event_types=_names(mine, "event_types"),
                actions=_names(mine, "actions"),
                filters=_names(mine, "filters"),
                overrides=_names(mine, "overrides"),
            )
        )
    if as_json:
        emit({"plugins": plugins, "waiting_for_handler": waiting, "workers": len(workers)})
        return
    _show(plugins)
    _show_waiting(waiting, alive=bool(workers))


def _names(states: "list[PluginState]", key: str) -> tuple[str, ...]:
    return tuple(sorted({str(name) for state in states for name in state.details.get(key, ())}))


def _show(plugins: list[Plugin]) -> None:
    table(
        ["plugin", "wish!", "load", "workers", "brings"],
        (
            (
                plugin.plugin,
                status(plugin.wish),
                plugin.generation,
                "\n".join(_reached(each) for each in plugin.workers) or "no worker is alive",
                _brings(plugin),
            )
            for plugin in plugins
        ),
        numbers=["load"],
        empty="There is no plugin. Name their folders in the setting `plugins`.",
    )


def _reached(reached: Reached) -> str:
    return f"{reached.worker}: {reached.state}{f': {reached.error}' if reached.error else ''}"


def _brings(plugin: Plugin) -> str:
    lines = [", ".join((*plugin.event_types, *plugin.actions, *plugin.filters))]
    if plugin.overrides:
        lines.append(f"instead of our own: {', '.join(plugin.overrides)}")
    if plugin.location is None:
        lines.append("this process does not find it; check the setting `plugins`")
    return "\n".join(part for part in lines if part)


def _show_waiting(waiting: "tuple[Waiting, ...]", *, alive: bool) -> None:
    if not waiting:
        return
    if not alive:
        error_line("No worker is alive, so every event type waits for a handler.")
        return
    for kind in waiting:
        by = f", last brought by plugin {kind.plugin}" if kind.plugin else ""
        error_line(f"{kind.event_type} waits for a handler: {kind.scheduled} events, {kind.due} of them due{by}.")
