"""What is wished of plugins, and what became of the wish in each worker session."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select, update

from duetime.core.json_types import canonical
from duetime.store.tables import plugin_states, plugins, sessions
from duetime.store.upsert import upsert


@dataclass(frozen=True, slots=True)
class PluginWish:
    """What every worker shall bring about.

    Attributes:
        wish: `loaded` or `unloaded`.
        generation: grows with every load, unload and reload that is asked for.
    """

    plugin: str
    wish: str
    generation: int


@dataclass(frozen=True, slots=True)
class PluginState:
    """What one worker session made of a wish: `loaded`, `unloaded` or `failed`."""

    session_id: int
    plugin: str
    generation: int
    state: str
    error: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class PluginTable:
    """Desired and reached states."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def wishes(self) -> dict[str, PluginWish]:
        """Return every wish, by plugin."""
        rows = self._connection.execute(select(plugins).order_by(plugins.c.plugin))
        return {row.plugin: PluginWish(row.plugin, row.wish, row.generation) for row in rows}

    def wish(self, plugin: str, *, wish: str) -> PluginWish:
        """Ask every worker to load, reload or unload a plugin; return the wish with its new generation."""
        changed = self._connection.execute(
            update(plugins)
            .where(plugins.c.plugin == plugin)
            .values(wish=wish, generation=plugins.c.generation + 1, changed_at=self._now)
        )
        if changed.rowcount == 0:
            row = {"plugin": plugin, "wish": wish, "generation": 1, "changed_at": self._now}
            upsert(self._connection, plugins, [row])
        return self.wishes()[plugin]

    def ensure(self, names: Sequence[str]) -> None:
        """Wish newly discovered plugins loaded; those known already keep their wish."""
        known = self.wishes()
        rows = [
            {"plugin": name, "wish": "loaded", "generation": 1, "changed_at": self._now}
            for name in names
            if name not in known
        ]
        upsert(self._connection, plugins, rows, keep=("wish", "generation", "changed_at"))

    def report(self, state: PluginState) -> None:
        """Write what a session reached."""
        row = {
            "session_id": state.session_id,
            "plugin": state.plugin,
            "generation": state.generation,
            "state": state.state,
            "error": state.error,
            "details": canonical(state.details),
            "changed_at": self._now,
        }
        upsert(self._connection, plugin_states, [row])

    def states(self) -> list[PluginState]:
        """Return what the sessions that are alive reached."""
        alive = select(sessions.c.session_id).where(sessions.c.status == "alive")
        statement = (
            select(plugin_states)
            .where(plugin_states.c.session_id.in_(alive))
            .order_by(plugin_states.c.plugin, plugin_states.c.session_id)
        )
        return [
            PluginState(
                session_id=row.session_id,
                plugin=row.plugin,
                generation=row.generation,
                state=row.state,
                error=row.error,
                details=json.loads(row.details),
            )
            for row in self._connection.execute(statement)
        ]

    def forget_dead(self) -> None:
        """Delete the states of sessions that have ended."""
        alive = select(sessions.c.session_id).where(sessions.c.status == "alive")
        self._connection.execute(delete(plugin_states).where(plugin_states.c.session_id.not_in(alive)))
