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
        quiet: seconds without news after which nothing is waited for any more.
        longest: seconds since the demo began after which nothing is waited for, whatever the news.
    """

    def __init__(
        self, stage: "Stage", world: "DemoWorld", *, view: View, began: float, quiet: float, longest: float
    ) -> None:
        self._stage = stage
        self._world = world
        self._view = view
        self._began = began
        self._quiet = quiet
        self._longest = longest
        self._clock = SystemClock()
        self._news_at = began
        self._instances = world.states()
        self._before: Mapping[Kind, Progressing] = {}

    def until(self, condition: Callable[[], bool]) -> bool:
        """Show what happens until a condition holds; return whether it did before nothing happened any more."""
        pause = threading.Event()
        self._news_at = self._clock.monotonic()  # what was done meanwhile took its own time
        while True:
            self.look()
            if condition():
                self.look()
                return True
            now = self._clock.monotonic()
            if now > self._news_at + self._quiet or now > self._began + self._longest:
                return False
            self._clock.wait(pause, seconds=LOOK_EVERY)

    def look(self) -> Picture:
        """Show the moment, and return it."""
        events = self._stage.progress()
        if events != self._before:  # AWS is asked only when there may be news: simulating its answers is work too
            for change in self._world.observe():
                self._instances[change.place] = self._instances[change.place]._replace(state=change.after)
            self._before = events
            self._news_at = self._clock.monotonic()
        seconds = self._clock.monotonic() - self._began
        picture = Picture(seconds, events, self._instances, self._stage.calls_of_nights)
        self._view.show(picture)
        return picture
