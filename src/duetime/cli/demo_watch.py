"""Watching the demo: the moment as it is, again and again, until something is so."""

import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from duetime.cli.demo_view import Picture, View
from duetime.core.clock import SystemClock

if TYPE_CHECKING:
    from duetime.cli.demo_stage import Kind, Progressing, Stage
    from duetime.cli.demo_world import DemoWorld

LOOK_EVERY = 0.25


class Watch:
    """Shows each moment.

    Args:
        stage: where the events are.
        world: where the instances are.
        view: what shows it.
        began: when the demo began, on the monotonic clock, in seconds.
        give_up_at: when nothing is waited for any more, likewise.
    """

    def __init__(self, stage: "Stage", world: "DemoWorld", *, view: View, began: float, give_up_at: float) -> None:
        self._stage = stage
        self._world = world
        self._view = view
        self._began = began
        self._give_up_at = give_up_at
        self._clock = SystemClock()
        self._instances = world.states()
        self._before: Mapping[Kind, Progressing] = {}

    def until(self, condition: Callable[[], bool]) -> bool:
        """Show what happens until a condition holds; return whether it did in time."""
        pause = threading.Event()
        while True:
            self.look()
            if condition():
                self.look()
                return True
            if self._clock.monotonic() > self._give_up_at:
                return False
            self._clock.wait(pause, seconds=LOOK_EVERY)

    def look(self) -> Picture:
        """Show the moment, and return it."""
        events = self._stage.progress()
        if events != self._before:  # AWS is asked only when there may be news: simulating its answers is work too
            for change in self._world.observe():
                self._instances[change.place] = self._instances[change.place]._replace(state=change.after)
            self._before = events
        seconds = self._clock.monotonic() - self._began
        picture = Picture(seconds, events, self._instances, self._stage.calls_of_nights)
        self._view.show(picture)
        return picture
