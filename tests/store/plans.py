"""How a database would carry out what the store asks of it, with plenty of rows that are none of its business."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from psycopg import ClientCursor
from sqlalchemy import Connection, event

from duetime.store.store import Store, Transaction

FUTURE = 30_000
UNLOADED = 15_000
ENDED = 5_000
DUE = 600
RUNNING = 600

_SQLITE = """
WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < {count})
INSERT INTO events (event_type, status, resource_id, bot_id, due_at, ready_at, created_at, finished_at, session_id,
                    claim_token, group_key, on_lost, schedule)
SELECT {type}, {status}, {prefix} || n, 7, {due}, {due}, 0, {finished}, {session}, 1, n / 50, 'retry', {schedule} FROM n
"""
_POSTGRESQL = """
INSERT INTO events (event_type, status, resource_id, bot_id, due_at, ready_at, created_at, finished_at, session_id,
                    claim_token, group_key, on_lost, schedule)
SELECT {type}, {status}, {prefix} || n, 7, {due}, {due}, now(), {finished}, {session}, 1, n / 50, 'retry', {schedule}
FROM generate_series(1, {count}) AS n
"""
_SCHEDULE = """'{"_type":"once","version":1,"when":"2030-01-01T00:00:00Z"}'"""


def fill_with_others(store: Store) -> None:
    """Insert 50,000 events that the store has no business with, and a thousand that it has."""
    template = _SQLITE if store.is_sqlite else _POSTGRESQL
    hour = "3600000000 * " if store.is_sqlite else "interval '1 hour' * "
    now = "duetime_now()" if store.is_sqlite else "now()"
    rows: list[tuple[int, str, str, str, str]] = [
        (FUTURE, "'test.stop'", "'scheduled'", f"{now} + {hour} n", "NULL"),
        (FUTURE, "'other'", "'scheduled'", f"{now} + {hour} n", "NULL"),
        (UNLOADED, "'unloaded'", "'scheduled'", f"{now} - {hour} n", "NULL"),
        (ENDED, "'test.stop'", "'succeeded'", f"{now} - {hour} n", "NULL"),
        (DUE, "'test.stop'", "'scheduled'", f"{now} - {hour} n", "NULL"),
        (RUNNING, "'test.stop'", "'running'", f"{now} - {hour} n", "n - n / 3 * 3 + 1"),
    ]
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            for number, (count, kind, status, due, session) in enumerate(rows):
                finished = due if status == "'succeeded'" else "NULL"
                connection.exec_driver_sql(
                    template.format(
                        count=count,
                        type=kind,
                        status=status,
                        prefix=f"'instance:{number}:r:i-'",
                        due=due,
                        finished=finished,
                        session=session,
                        schedule=_SCHEDULE,
                    )
                )
            connection.exec_driver_sql(
                "INSERT INTO runs (event_id, due_at, attempt, event_type, status, final, finished_at)"
                " SELECT event_id, due_at, 1, event_type, 'succeeded', true, due_at FROM events"
            )
            for _ in range(3):
                Transaction(connection, hot_path=store._hot_path, now=store.now()).sessions.open(
                    worker="w", lease_seconds=30, slots=4
                )
            connection.exec_driver_sql("ANALYZE")


def plans_of(store: Store, deed: Callable[[Transaction], object], *, mode: str = "custom") -> list[str]:
    """Do something and undo it; return the plan of every statement that it sent.

    Args:
        store: where.
        deed: what to do in a transaction.
        mode: `custom` plans for these very parameters, or the `generic` one that PostgreSQL may come to prefer.
    """
    with store.engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin() as transaction:
            with _sent(connection) as sent:
                deed(Transaction(connection, hot_path=store._hot_path, now=store.now()))
            plans = [
                _sqlite_plan(connection, *one) if store.is_sqlite else _postgresql_plan(connection, *one, mode=mode)
                for one in sent
            ]
            transaction.rollback()
    return plans


@contextmanager
def _sent(connection: Connection) -> Iterator[list[tuple[str, Any]]]:
    sent: list[tuple[str, Any]] = []

    def note(
        _connection: Connection, _cursor: object, statement: str, parameters: Any, _context: object, many: bool
    ) -> None:
        sent.append((statement, parameters[0] if many else parameters))

    event.listen(connection, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(connection, "before_cursor_execute", note)


def _sqlite_plan(connection: Connection, statement: str, parameters: Any) -> str:
    driver = connection.connection.driver_connection
    assert driver is not None
    rows = driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
    return "\n".join(row[3] for row in rows)


def _postgresql_plan(connection: Connection, statement: str, parameters: Any, *, mode: str) -> str:
    driver = connection.connection.driver_connection
    assert driver is not None
    numbers: dict[str, int] = {}

    def number(found: re.Match[str]) -> str:
        name = found[1] or f" {len(numbers)}"
        return f"${numbers.setdefault(name, len(numbers) + 1)}"

    numbered = re.sub(r"%(?:\((\w+)\))?s", number, statement)
    values = [parameters[name] for name in numbers] if isinstance(parameters, dict) else list(parameters)
    cursor = ClientCursor(driver)
    cursor.execute(f"SET LOCAL plan_cache_mode = force_{mode}_plan")
    cursor.execute(f"PREPARE asked AS {numbered}")
    given = f"({', '.join(['%s'] * len(values))})" if values else ""
    cursor.execute(f"EXPLAIN EXECUTE asked{given}", values)
    plan = "\n".join(row[0] for row in cursor.fetchall())
    cursor.execute("DEALLOCATE asked")
    return plan
