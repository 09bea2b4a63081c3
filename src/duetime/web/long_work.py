"""Work that takes longer than a request: done beside the requests, some at a time, and kept for who asked for it."""

import secrets
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from duetime.core.clock import Clock
from duetime.core.errors import DuetimeError, UnknownName
from duetime.engine.log import get_logger
from duetime.web.errors import TooMuchWork

Result = TypeVar("Result")

THREADS = 2
"""How many pieces are worked at at once."""
MOST_WAITING = 20
"""How many may wait for a thread."""
MOST_KEPT = 30
"""How many results are kept; one may be large."""
KEPT_FOR = timedelta(minutes=10)
"""How long a result is kept: it says how things stood when it was made."""
_log = get_logger("duetime.web")


class WorkState(StrEnum):
    """How far a piece of work is."""

    WAITING = "waiting"
    """For a thread."""
    WORKING = "working"
    """A thread is at it."""
    DONE = "done"
    """Its result is there."""
    FAILED = "failed"
    """There is no result; the problem says why."""


@dataclass(frozen=True, slots=True)
class Progress(Generic[Result]):
    """A piece of work as it stands.

    Attributes:
        ticket: its name, which nobody can guess.
        subject: what it is about, such as a bot's name.
        asked_at: when it was asked for, by the process's clock.
        took: how long it has waited or been worked at, or was worked at.
        result: once it is done.
        problem: why there is none; a sentence.
    """

    ticket: str
    subject: str
    state: WorkState
    asked_at: datetime
    took: timedelta
    result: Result | None = None
    problem: str = ""

    @property
    def is_over(self) -> bool:
        return self.state in (WorkState.DONE, WorkState.FAILED)


@dataclass(slots=True, eq=False)
class _Order(Generic[Result]):
    """One piece of work, from when it was asked for until it is forgotten."""

    ticket: str
    subject: str
    who: str
    work: Callable[[], Result]
    asked_at: datetime
    since: float
    state: WorkState = WorkState.WAITING
    ended: float | None = None
    result: Result | None = None
    problem: str = ""
    over: threading.Event = field(default_factory=threading.Event)


class LongWork(Generic[Result]):
    """Takes orders for one kind of work and keeps what came of them.

    Threads are started when there is something to do, and end when there is nothing left.
    """

    def __init__(
        self, clock: Clock, *, threads: int = THREADS, most_waiting: int = MOST_WAITING, most_kept: int = MOST_KEPT
    ) -> None:
        self._clock = clock
        self._threads = threads
        self._most_waiting = most_waiting
        self._most_kept = most_kept
        self._lock = threading.Lock()
        self._orders: dict[str, _Order[Result]] = {}
        self._waiting: deque[_Order[Result]] = deque()
        self._working = 0

    def ask(self, subject: str, *, who: str, work: Callable[[], Result]) -> str:
        """Ask for something and return its ticket; while the same is being done for them, it is that one's.

        Args:
            subject: what it is about.
            who: who asks, `Visitor.actor`: nobody else is shown the result, nor a narrower API key of the same login.
            work: does it, in another thread; it must check again what its visitor may see.

        Raises:
            TooMuchWork: too much waits already.
        """
        with self._lock:
            self._forget_old()
            for order in self._orders.values():
                if (order.subject, order.who) == (subject, who) and not order.over.is_set():
                    return order.ticket
            if len(self._waiting) >= self._most_waiting:
                raise TooMuchWork(len(self._waiting))
            ticket, now = secrets.token_urlsafe(16), self._clock.now()
            order = _Order(ticket, subject, who, work, asked_at=now, since=self._clock.monotonic())
            self._orders[order.ticket] = order
            self._waiting.append(order)
            if self._working < self._threads:
                self._working += 1
                threading.Thread(target=self._work, name="duetime-long-work", daemon=True).start()
            return order.ticket

    def look(self, ticket: str, *, who: str, wait_seconds: float = 0.0) -> Progress[Result]:
        """Return how far a piece of work is.

        Args:
            ticket: which.
            who: who asks, as for `ask`.
            wait_seconds: how long to wait for it to be over, so that something quick needs no second look.

        Raises:
            UnknownName: there is none of this ticket for them, or it is forgotten.
        """
        with self._lock:
            self._forget_old()
            order = self._orders.get(ticket)
        if order is None or order.who != who:
            raise UnknownName("result", ticket)
        order.over.wait(wait_seconds)
        with self._lock:
            until = self._clock.monotonic() if order.ended is None else order.ended
            took = timedelta(seconds=max(until - order.since, 0.0))
            return Progress(order.ticket, order.subject, order.state, order.asked_at, took, order.result, order.problem)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._working -= 1
                    return
                order = self._waiting.popleft()
                order.state, order.since = WorkState.WORKING, self._clock.monotonic()
            result, problem = self._done(order)
            with self._lock:
                order.result, order.problem = result, problem
                order.state = WorkState.FAILED if problem else WorkState.DONE
                order.ended = self._clock.monotonic()
                order.over.set()

    def _forget_old(self) -> None:
        """Forget results that are too old or too many, the oldest first; the lock is held."""
        now = self._clock.monotonic()
        over = [order for order in self._orders.values() if order.ended is not None]
        for index, order in enumerate(over):
            is_old = order.ended is not None and now - order.ended > KEPT_FOR.total_seconds()
            if is_old or len(over) - index > self._most_kept:
                del self._orders[order.ticket]

    @staticmethod
    def _done(order: _Order[Result]) -> tuple[Result | None, str]:
        """Return the result, or why there is none."""
        try:
            return order.work(), ""
        except DuetimeError as error:
            return None, str(error)
        except Exception as error:  # noqa: BLE001 - plugin code may raise anything, and whoever asked is to be told
            _log.exception("web.work_failed", subject=order.subject)
            return None, f"It failed with {type(error).__name__}; the log of the web server says more."
