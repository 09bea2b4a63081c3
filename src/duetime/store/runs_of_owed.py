"""History rows for due times that were owed and will never start."""

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, literal, select

from duetime.core.statuses import EventStatus, RunStatus
from duetime.store.tables import events, runs
from duetime.store.types import Instant


def write_owed(
    connection: Connection, which: ColumnElement[bool], *, status: RunStatus, reason: str, now: datetime
) -> None:
    """Write the final answer for every event of `which` whose due time has been reached and that is not running."""
    at = literal(now, Instant)
    columns: dict[str, Any] = {
        "event_id": events.c.event_id,
        "due_at": events.c.due_at,
        "attempt": events.c.attempt + 1,
        "event_type": events.c.event_type,
        "resource_id": events.c.resource_id,
        "bot_id": events.c.bot_id,
        "status": literal(status.value),
        "final": literal(value=True),
        "finished_at": at,
        "reason": literal(reason),
    }
    owed = select(*(value.label(name) for name, value in columns.items())).where(
        which, events.c.due_at <= at, events.c.finished_at.is_(None), events.c.status != EventStatus.RUNNING
    )
    connection.execute(insert(runs).from_select(list(columns), owed))
