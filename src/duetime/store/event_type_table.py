"""Event types as data: what workers publish when they load a job class, and everybody else reads."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from duetime.core.event_types import EventType
from duetime.store.rows import event_type_of, event_type_row
from duetime.store.tables import event_types
from duetime.store.upsert import upsert


class EventTypeTable:
    """What is known of event types. A type stays known when its plugin goes: its events wait for it."""

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def publish(self, kinds: Sequence[EventType]) -> None:
        """Insert or update what is known of event types; those that have not changed are left alone."""
        known = {kind.event_type: kind for kind in self.all()}
        rows = [
            {**event_type_row(kind), "published_at": self._now}
            for kind in sorted(kinds, key=lambda kind: kind.event_type)
            if known.get(kind.event_type) != kind
        ]
        upsert(self._connection, event_types, rows)

    def all(self) -> list[EventType]:
        """Return every known event type, by id."""
        statement = select(event_types).order_by(event_types.c.event_type)
        return [event_type_of(row) for row in self._connection.execute(statement)]

    def by_ids(self, ids: Collection[str]) -> dict[str, EventType]:
        """Return those of `ids` that are known."""
        statement = select(event_types).where(event_types.c.event_type.in_(list(ids)))
        return {row.event_type: event_type_of(row) for row in self._connection.execute(statement)}
