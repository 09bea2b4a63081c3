"""Waiting for something that threads or processes bring about."""

import threading
import time
from collections.abc import Callable

_pause = threading.Event()


def until(condition: Callable[[], object], *, seconds: float = 30, what: str = "the condition") -> None:
    """Wait until a condition holds; a test that waits in vain fails by saying for what."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            message = f"waited {seconds:g} s in vain for {what}"
            raise AssertionError(message)
        _pause.wait(0.005)
