"""The limit is only a limit when it leaves the same rows behind as duetime does."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
import structlog

if TYPE_CHECKING:
    from benchmarks.contenders.contender import Contender
    from benchmarks.databases import Target

ROOT = Path(__file__).parents[2]
COUNT = 40
OWN = {"created_at", "finished_at", "started_at", "session_id"}
"""Columns that differ from one run of the same contender to the next."""


class OpenGate:
    """Lets everything through, and asks for a stop when there is nothing left to do."""

    _is_quiet = False

    def ready(self) -> None:
        pass

    def quiet(self) -> None:
        self._is_quiet = True

    def stop_asked(self) -> bool:
        return self._is_quiet


@pytest.fixture(autouse=True)
def _importable(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make the benchmarks importable, and undo what they tell the log."""
    monkeypatch.syspath_prepend(ROOT)
    yield
    structlog.reset_defaults()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def target(request: pytest.FixtureRequest) -> "Target":
    from benchmarks.contenders.duetime_contender import Noop
    from benchmarks.databases import Target
    from benchmarks.workload import EVENT_TYPE

    from duetime.jobs.describe import event_type_of
    from duetime.store.store import Store

    url = request.getfixturevalue(f"{request.param}_url")
    with Store(url) as store, store.write() as tx:
        tx.event_types.publish([event_type_of(EVENT_TYPE, Noop, plugin="benchmarks")])
    return Target(request.param, url)


def query(target: "Target", statement: str) -> list[dict[str, Any]]:
    """Return rows as dicts, and empty the tables: the next contender finds what this one found."""
    if target.kind == "sqlite":
        connection: Any = sqlite3.connect(target.path)
    else:
        connection = psycopg.connect(target.url)
    with connection:
        cursor = connection.execute(statement)
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    connection.close()
    return rows


def empty(target: "Target") -> None:
    from benchmarks.stage import Stage

    Stage("limit", target, 0).reset()


def comparable(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows without their own times, with event ids counted from the first."""
    first = min(row["event_id"] for row in rows)
    return [
        {name: value for name, value in row.items() if name not in OWN} | {"event_id": row["event_id"] - first}
        for row in rows
    ]


def contender(name: str, target: "Target") -> "Contender":
    from benchmarks.contenders.registry import CONTENDERS

    return CONTENDERS[name, target.kind]


def test_the_limit_schedules_the_same_rows(target: "Target") -> None:
    from benchmarks.workload import wishes

    wished = wishes(COUNT, start=datetime(2089, 1, 1, tzinfo=UTC), apart=timedelta(seconds=1))
    found = {}
    for name in ("duetime", "limit"):
        empty(target)
        contender(name, target).schedule(target, wished, OpenGate())  # type: ignore[arg-type]
        found[name] = query(target, "SELECT * FROM events ORDER BY event_id")
    assert len(found["duetime"]) == COUNT
    assert comparable(found["limit"]) == comparable(found["duetime"])


def test_the_limit_drains_to_the_same_rows(target: "Target") -> None:
    from benchmarks.stage import Stage
    from benchmarks.workload import wishes

    wished = wishes(COUNT, start=datetime(2026, 1, 1, tzinfo=UTC), apart=timedelta(seconds=1))
    found = {}
    for name in ("duetime", "limit"):
        stage = Stage(name, target, 0)
        stage.reset(wished)
        contender(name, target).drain(target, OpenGate())  # type: ignore[arg-type]
        stage.verify(COUNT)
        events = query(target, "SELECT * FROM events ORDER BY event_id")
        runs = query(target, "SELECT * FROM runs ORDER BY event_id")
        assert all(run["started_at"] <= run["finished_at"] and run["session_id"] for run in runs)
        found[name] = (comparable(events), comparable(runs))
    assert found["limit"] == found["duetime"]
