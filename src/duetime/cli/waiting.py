"""Waiting for what workers do, and showing it meanwhile on standard error."""

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from duetime.cli.output import console
from duetime.core.clock import SystemClock

if TYPE_CHECKING:
    from rich.progress import Progress

LOOK_EVERY = 0.1


def wait_until(done: Callable[[], bool], *, at_most: timedelta) -> bool:
    """Look again and again until `done` says yes; return whether it did in time."""
    clock = SystemClock()
    deadline = clock.monotonic() + at_most.total_seconds()
    pause = threading.Event()
    while not done():
        if clock.monotonic() >= deadline:
            return False
        clock.wait(pause, seconds=LOOK_EVERY)
    return True


@contextmanager
def progress(*, wanted: bool) -> "Iterator[Progress | None]":
    """Show progress while the block runs: only on a terminal, and never in an answer for a program."""
    if not wanted or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=console(errors=True), transient=True) as shown:
        yield shown
