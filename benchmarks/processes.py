"""Running contenders in processes of their own, all released at the same moment."""

import gc
import multiprocessing
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkServerContext
from threading import Event
from typing import Any

_READY_SECONDS = 60.0
_RUN_SECONDS = 300.0
_POLL_SECONDS = 0.05

Task = Callable[..., Any]


@dataclass(slots=True)
class Gate:
    """What a contender's process and the one that measures say to each other."""

    _pipe: Connection
    _was_quiet: bool = False

    def ready(self) -> None:
        """Say that everything is prepared, and wait until the measurement begins."""
        # The first full collection of a forked process copies every page that it shares; a worker of a user's is not
        # forked and has no such pages.
        gc.collect()
        self._pipe.send(("ready", None))
        if self._pipe.recv() != "go":
            raise SystemExit

    def quiet(self) -> None:
        """Say that there seems to be nothing left to do, so that asking the database disturbs nothing."""
        if not self._was_quiet:
            self._was_quiet = True
            self._pipe.send(("quiet", None))

    def stop_asked(self) -> bool:
        """Return whether all is done and the process shall end."""
        return self._pipe.poll()


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What happens around a run.

    Attributes:
        at_start: called when all processes are ready, just before they are released.
        is_over: says whether all is done, for processes that do not end by themselves but say that they are quiet.
        wait_seconds: how long it takes in any case.
    """

    at_start: Callable[[], None] = lambda: None
    is_over: Callable[[], bool] | None = None
    wait_seconds: float = 0.0


def context() -> ForkServerContext:
    """Return how processes are made: forked from one that has everything imported and nothing else."""
    made = multiprocessing.get_context("forkserver")
    made.set_forkserver_preload(["benchmarks.contenders.registry"])
    return made


def run_together(task: Task, arguments: Sequence[Any], *, count: int, course: Course) -> list[Any]:
    """Run `task(*arguments, gate)` in `count` processes at once; return what each returned.

    Raises:
        RuntimeError: one of them failed; with its traceback.
        TimeoutError: one of them is not ready, or does not end.
    """
    made = context()
    pipes: list[Connection] = []
    processes = []
    for _ in range(count):
        ours, theirs = made.Pipe()
        process = made.Process(target=_serve, args=(theirs, task, tuple(arguments)), daemon=True)
        process.start()
        theirs.close()
        pipes.append(ours)
        processes.append(process)
    try:
        for pipe in pipes:
            _receive(pipe, "ready", seconds=_READY_SECONDS)
        course.at_start()
        for pipe in pipes:
            pipe.send("go")
        if course.is_over is not None:
            _await_end(course.is_over, pipes, wait_seconds=course.wait_seconds)
            for pipe in pipes:
                pipe.send("stop")
        return [_receive(pipe, "done", seconds=_RUN_SECONDS) for pipe in pipes]
    finally:
        for process in processes:
            process.join(2.0)
            if process.is_alive():
                process.kill()
                process.join()
        for pipe in pipes:
            pipe.close()


def _await_end(is_over: Callable[[], bool], pipes: Sequence[Connection], *, wait_seconds: float) -> None:
    pause = Event()
    pause.wait(wait_seconds)
    for pipe in pipes:
        _receive(pipe, "quiet", seconds=_RUN_SECONDS)
    deadline = time.monotonic() + _RUN_SECONDS
    while not is_over():
        if wait(pipes, timeout=0):
            return  # one of them has failed; its message is read by the caller
        if time.monotonic() > deadline:
            message = f"The contender has not done its work after {_RUN_SECONDS:.0f} s."
            raise TimeoutError(message)
        pause.wait(_POLL_SECONDS)


def _receive(pipe: Connection, wanted: str, *, seconds: float) -> Any:
    if not pipe.poll(seconds):
        message = f"A contender's process does not say {wanted!r} within {seconds:.0f} s."
        raise TimeoutError(message)
    said, value = pipe.recv()
    if said != wanted:
        message = f"A contender failed:\n{value}"
        raise RuntimeError(message)
    return value


def _serve(pipe: Connection, task: Task, arguments: tuple[Any, ...]) -> None:
    try:
        pipe.send(("done", task(*arguments, Gate(pipe))))
    except BaseException:  # noqa: BLE001 - the other process must hear of everything that can happen here
        pipe.send(("failed", traceback.format_exc()))
