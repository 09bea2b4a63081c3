"""A clock by which nobody has to wait."""

import threading
from datetime import timedelta

from duetime.testing.clock import ManualClock


class PassingClock(ManualClock):
    """A clock whose wall time passes while somebody waits."""

    def wait(self, signal: threading.Event, *, seconds: float) -> bool:
        self.pass_by(seconds)
        return signal.is_set()

    def pass_by(self, seconds: float) -> None:
        self.elapsed += seconds
        self.move_to(self.now() + timedelta(seconds=seconds))
