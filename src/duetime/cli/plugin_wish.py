"""Wishing a plugin loaded or unloaded, and what the workers that are alive make of it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from duetime.cli.opening import actor
from duetime.core.errors import UnknownName, nearest
from duetime.scheduling.situation import beating_workers

if TYPE_CHECKING:
    from duetime.app.app import App
    from duetime.store.store import Store

NO_ANSWER = "no answer yet"


@dataclass(frozen=True, slots=True)
class Answer:
    """What one worker made of a wish.

    Attributes:
        state: `loaded`, `unloaded`, `failed`, or that it has not answered.
    """

    session_id: int
    worker: str
    state: str
    error: str = ""

    @property
    def has_answered(self) -> bool:
        return self.state != NO_ANSWER


@dataclass(frozen=True, slots=True)
class Wish:
    """A wish that was written, and the workers that were alive then."""

    plugin: str
    generation: int
    workers: tuple[tuple[int, str], ...]

    def answers(self, store: "Store") -> list[Answer]:
        """Return what each of those workers, as far as it still lives, has made of it so far."""
        with store.read() as tx:
            beating = {worker.session_id for worker in beating_workers(tx)}
            reached = {
                state.session_id: state
                for state in tx.plugins.states()
                if state.plugin == self.plugin and state.generation >= self.generation
            }
        return [
            Answer(session_id, worker, reached[session_id].state, reached[session_id].error)
            if session_id in reached
            else Answer(session_id, worker, NO_ANSWER)
            for session_id, worker in self.workers
            if session_id in beating
        ]


def make_wish(app: "App", name: str, *, wish: str) -> Wish:
    """Write the wish.

    Raises:
        UnknownName: neither the workers nor this process know a plugin of that name.
    """
    found = {source.name for source in app.plugin_sources()}
    with app.store.write() as tx:
        known = found | tx.plugins.wishes().keys()
        if name not in known:
            raise UnknownName("plugin", name, near=nearest(name, sorted(known)))
        written = tx.plugins.wish(name, wish=wish)
        tx.audit.add(
            actor=actor(),
            verb="plugin.load" if wish == "loaded" else "plugin.unload",
            subject=f"plugin:{name}",
            after={"wish": wish, "generation": written.generation},
        )
        workers = tuple((worker.session_id, worker.worker) for worker in beating_workers(tx))
    return Wish(name, written.generation, workers)
