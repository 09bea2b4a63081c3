"""One contender's own database: built once, brought back to the same state before every run."""

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql

from benchmarks.contenders.bare import BareContender
from benchmarks.contenders.duetime_contender import Noop
from benchmarks.contenders.lean_postgresql import SCHEMA as LEAN_POSTGRESQL
from benchmarks.contenders.lean_sqlite import SCHEMA as LEAN_SQLITE
from benchmarks.contenders.registry import CONTENDERS
from benchmarks.databases import DatabaseKind, Server, Target
from benchmarks.workload import ALL_ACCOUNTS, BOT, EVENT_TYPE, FAR_FUTURE, Bot, Wish, wishes
from duetime.jobs.describe import event_type_of
from duetime.store.schema import upgrade
from duetime.store.store import Store
from duetime.store.types import to_micros

_LEAN_SCHEMAS: Mapping[DatabaseKind, str] = {"sqlite": LEAN_SQLITE, "postgresql": LEAN_POSTGRESQL}
_FIRST_FAR = 10_000_000
_LOAD_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Stage:
    """A database with the events that the far future holds, and room for those that are measured.

    Attributes:
        name: the contender that works in it.
        far: how many far-future events it holds.
    """

    name: str
    target: Target
    far: int

    @property
    def tables(self) -> tuple[str, str]:
        """The table of events and the table of history."""
        return ("lean_events", "lean_runs") if self.name == "lean" else ("events", "runs")

    @property
    def loader(self) -> BareContender:
        """Who puts events into it: the bare loop of its schema, whoever is measured."""
        found = CONTENDERS["lean" if self.name == "lean" else "limit", self.target.kind]
        if not isinstance(found, BareContender):
            raise TypeError(found)
        return found

    def load(self, wished: Sequence[Wish], *, bot: Bot = BOT) -> None:
        """Insert events."""
        with self.loader.connect(self.target) as statements:
            for first in range(0, len(wished), _LOAD_AT_ONCE):
                statements.insert(wished[first : first + _LOAD_AT_ONCE], bot=bot)

    def reset(self, wished: Sequence[Wish] = ()) -> None:
        """Take away what the last run left, and put the next run's events in."""
        events, runs = self.tables
        if self.target.kind == "sqlite":
            self._sqlite(f"DELETE FROM {runs}", self._leftovers(events))
            self.load(wished)
            self._sqlite("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            self._postgresql(
                f"TRUNCATE {runs}", self._leftovers(events) if self.far else f"TRUNCATE {events}", f"VACUUM {events}"
            )
            self.load(wished)
            self._postgresql(f"VACUUM (ANALYZE) {events}", f"ANALYZE {runs}")

    def execute(self, *statements: str) -> list[tuple[Any, ...]]:
        """Execute statements, each in a transaction of its own; return the rows of the last one."""
        return self._sqlite(*statements) if self.target.kind == "sqlite" else self._postgresql(*statements)

    def done(self) -> int:
        """Return how many runs are in the history."""
        return int(self._one(f"SELECT count(*) FROM {self.tables[1]}"))

    def verify(self, count: int) -> None:
        """Refuse a run that did not do what it was measured for.

        Raises:
            RuntimeError: not every event ran exactly once and succeeded.
        """
        events, runs = self.tables
        state = "state" if self.name == "lean" else "status"
        found = {
            "history rows": self._one(f"SELECT count(*) FROM {runs}"),
            "events that ran": self._one(f"SELECT count(DISTINCT event_id) FROM {runs} WHERE {state} = 'succeeded'"),
            "events that ended": self._one(f"SELECT count(*) FROM {events} WHERE {state} = 'succeeded'"),
        }
        if set(found.values()) != {count}:
            message = f"{self.name} on {self.target.kind}: {count} events were due, but {found}."
            raise RuntimeError(message)

    def delays(self) -> list[float]:
        """Return of every run how long after its due time it started, in seconds."""
        due = "ready_at" if self.name == "lean" else "due_at"
        if self.target.kind == "sqlite":
            rows = self._sqlite(f"SELECT started_at - {due} FROM {self.tables[1]}")
            return [row[0] / 1e6 for row in rows]
        rows = self._postgresql(f"SELECT extract(epoch FROM started_at - {due}) FROM {self.tables[1]}")
        return [float(row[0]) for row in rows]

    def _leftovers(self, events: str) -> str:
        column = "ready_at" if self.name == "lean" else "due_at"
        far = to_micros(FAR_FUTURE) if self.target.kind == "sqlite" else f"'{FAR_FUTURE.isoformat()}'"
        return f"DELETE FROM {events} WHERE {column} < {far}"

    def _one(self, query: str) -> Any:
        return self.execute(query)[0][0]

    def _sqlite(self, *statements: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        connection = sqlite3.connect(self.target.path, isolation_level=None)
        try:
            for statement in statements:
                rows = connection.execute(statement).fetchall()
        finally:
            connection.close()
        return rows

    def _postgresql(self, *statements: str) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        with psycopg.connect(self.target.url, autocommit=True) as connection:
            for statement in statements:
                cursor = connection.execute(sql.SQL(statement))  # built here, of our own names
                rows = cursor.fetchall() if cursor.description else []
        return rows


def build_stages(server: Server, kind: DatabaseKind, *, far: int, label: str = "") -> Mapping[str, Stage]:
    """Return one stage for each contender; those on the same schema begin as copies."""
    suffix = label or ("far" if far else "near")
    ours = Stage("limit", server.create(f"limit_{suffix}"), far)
    with Store(ours.target.url) as store:
        upgrade(store.engine)
        with store.write() as tx:
            tx.event_types.publish([event_type_of(EVENT_TYPE, Noop, plugin="benchmarks")])
    _load_far(ours)
    lean = Stage("lean", server.create(f"lean_{suffix}"), far)
    lean.execute(*_LEAN_SCHEMAS[kind].split(";")[:-1])
    _load_far(lean)
    return {
        "duetime": Stage("duetime", server.copy(ours.target, f"duetime_{suffix}"), far),
        "limit": ours,
        "lean": lean,
    }


def _load_far(stage: Stage) -> None:
    """Load far-future events, 10,000 for each of as many other bots as it takes."""
    second = timedelta(seconds=1)
    for first in range(0, stage.far, _LOAD_AT_ONCE):
        count = min(_LOAD_AT_ONCE, stage.far - first)
        number = BOT.bot_id + 1 + first // _LOAD_AT_ONCE
        stage.load(
            wishes(
                count,
                start=FAR_FUTURE + first * second,
                apart=second,
                first=_FIRST_FAR + first,
                accounts=[number % ALL_ACCOUNTS],
            ),
            bot=Bot(bot_id=number, name=f"bot-{number}"),
        )
    if stage.far:
        stage.reset()
