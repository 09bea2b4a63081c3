"""The loops of those that have no engine: what they do is the same, the statements are their own."""

import time
from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from threading import Event
from typing import Any, Protocol

from benchmarks.contenders.contender import Span
from benchmarks.databases import Target
from benchmarks.processes import Gate
from benchmarks.workload import BATCH, BOT, FAR_FUTURE, Bot, Wish

Row = Any
"""What a claim returned; only the statements that made it look inside."""


class Statements(Protocol):
    """One connection and the four things that are done through it, each of them one durable transaction."""

    def insert(self, wished: Sequence[Wish], *, bot: Bot = BOT) -> int:
        """Insert events that do not exist yet; return how many."""

    def claim(self, most: int) -> Sequence[Row]:
        """Claim due events, oldest first."""

    def finish(self, rows: Sequence[Row], *, started_at: datetime, finished_at: datetime) -> None:
        """End claimed events and write their history; raises when a claim no longer holds."""

    def earliest(self) -> datetime | None:
        """Return when the next event may be claimed, or None."""


class BareContender:
    """A contender that is a loop over `Statements`."""

    def connect(self, target: Target) -> AbstractContextManager[Statements]:
        """Open a connection that is ready to work."""
        raise NotImplementedError

    def schedule(self, target: Target, wished: Sequence[Wish], gate: Gate) -> float:
        with self.connect(target) as statements:
            gate.ready()
            began = time.monotonic()
            inserted = statements.insert(wished)
            took = time.monotonic() - began
        if inserted != len(wished):
            message = f"{inserted} of {len(wished)} events were inserted."
            raise RuntimeError(message)
        return took

    def drain(self, target: Target, gate: Gate) -> Span:
        with self.connect(target) as statements:
            gate.ready()
            began = ended = time.monotonic()
            transactions = 0
            while rows := statements.claim(BATCH):
                now = datetime.now(UTC)
                statements.finish(rows, started_at=now, finished_at=datetime.now(UTC))
                ended = time.monotonic()
                transactions += 2
        return Span(began, ended, transactions)

    def delay(self, target: Target, gate: Gate) -> Span:
        pause = Event()
        with self.connect(target) as statements:
            gate.ready()
            began = time.monotonic()
            transactions = 0
            while (earliest := statements.earliest()) is not None and earliest < FAR_FUTURE:
                if (seconds := (earliest - datetime.now(UTC)).total_seconds()) > 0:
                    pause.wait(seconds)
                rows = statements.claim(BATCH)
                if rows:
                    now = datetime.now(UTC)
                    statements.finish(rows, started_at=now, finished_at=datetime.now(UTC))
                    transactions += 2
        return Span(began, time.monotonic(), transactions)
