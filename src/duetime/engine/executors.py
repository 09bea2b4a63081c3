"""Where units run: in this thread, or in a pool of threads."""

import queue
import threading
from collections.abc import Callable
from typing import Protocol

from duetime.engine.log import get_logger

_log = get_logger(__name__)

Task = Callable[[], None]


class Executor(Protocol):
    """Runs tasks; a task never raises."""

    @property
    def slots(self) -> int:
        """How many tasks can run at once."""

    def free_slots(self) -> int:
        """Return how many more tasks would run at once."""

    def submit(self, task: Task) -> None:
        """Run a task, now or when a slot becomes free; after `close` never."""

    def start(self) -> None:
        """Make ready."""

    def close(self) -> list[Task]:
        """Take no more tasks; return those that have not begun."""

    def idle(self) -> bool:
        """Return whether nothing runs and nothing waits."""


class InlineExecutor:
    """Runs every task at once, in the caller's thread: for tests and the `Lab`."""

    slots = 8

    def free_slots(self) -> int:
        return self.slots

    def submit(self, task: Task) -> None:
        task()

    def start(self) -> None:
        """Nothing to make ready."""

    def close(self) -> list[Task]:
        return []

    def idle(self) -> bool:
        return True


class ThreadExecutor:
    """A fixed number of daemon threads, so that a job that never returns cannot keep the process alive."""

    def __init__(self, *, slots: int, on_free: Callable[[], None] = lambda: None) -> None:
        self.slots = slots
        self._on_free = on_free
        self._tasks: queue.SimpleQueue[Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._busy = 0
        self._is_closed = False

    def start(self) -> None:
        for number in range(self.slots):
            threading.Thread(target=self._work, name=f"duetime-slot-{number}", daemon=True).start()

    def free_slots(self) -> int:
        with self._lock:
            return max(0, self.slots - self._busy)

    def idle(self) -> bool:
        with self._lock:
            return self._busy == 0

    def submit(self, task: Task) -> None:
        with self._lock:
            if self._is_closed:  # a task under way may still submit others
                return
            self._busy += 1
            self._tasks.put(task)

    def close(self) -> list[Task]:
        with self._lock:
            self._is_closed = True
        waiting: list[Task] = []
        while True:
            try:
                task = self._tasks.get_nowait()
            except queue.Empty:
                break
            if task is not None:
                waiting.append(task)
        with self._lock:
            self._busy -= len(waiting)
        for _ in range(self.slots):
            self._tasks.put(None)
        return waiting

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                task()
            except BaseException:  # noqa: BLE001 - logged; a slot that dies would be missed by nobody
                _log.exception("slot.failed")
            with self._lock:
                self._busy -= 1
            self._on_free()
