"""The six statements that every event passes through; one implementation for each database.

They are driver SQL and not Core expressions because there they differ by database in kind, not in spelling (arrays and
one round trip on PostgreSQL, `executemany` on SQLite), and because Core's parameter handling costs more than the
database does. A test compares every column they name with `tables`.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from sqlalchemy import Connection

from duetime.core.claims import Claim, Ending
from duetime.core.events import NewEvent
from duetime.core.statuses import EventStatus, RunStatus

CLAIM_COLUMNS = (
    "event_id, claim_token, event_type, resource_id, bot_id, args, schedule, due_at, ready_at, attempt, failures, "
    "failed_in_a_row, expires_at, on_lost, catch_up, recheck, group_key, user_resource_id, trace_parent"
)
"""In the order of `Claim`'s fields."""

INSERT_COLUMNS = (
    "event_type, resource_id, bot_id, description, args, schedule, due_at, ready_at, expires_at, created_at, "
    "dedupe_key, group_key, on_lost, catch_up, recheck, cancel_when_compliant, parent_id, user_resource_id, "
    "created_by, trace_parent"
)


class Want(NamedTuple):
    """How many events of a type a worker can take now."""

    event_type: str
    most: int


class Probe(NamedTuple):
    """A group that has room for more members."""

    event_type: str
    group_key: int
    most: int


class Start(NamedTuple):
    """The moment a job is about to be called, for types that must know it after a crash."""

    event_id: int
    token: int
    started_at: datetime


def is_done(ending: Ending) -> bool:
    """Return whether an ending is the one that nearly all are: a one-off that succeeded, with nothing more to say.

    Such an ending changes few columns, each to the same value, so that both databases write it with a statement of its
    own: it costs half as much as the general one.
    """
    step = ending.step
    return (
        step.status is EventStatus.SUCCEEDED
        and step.run_status is RunStatus.SUCCEEDED
        and ending.wish is None
        and not step.reason
        and not ending.error
    )


class HotPath(Protocol):
    """What the engine and the trackers do in bulk. Each call is one step of the caller's transaction."""

    def insert(
        self, connection: Connection, events: Sequence[NewEvent], *, now: datetime, schedule_texts: Sequence[str]
    ) -> int:
        """Insert events; those whose dedupe key is live are left out. Return how many were inserted."""

    def claim(self, connection: Connection, *, session_id: int, wants: Sequence[Want], most: int) -> list[Claim]:
        """Claim due events of the wanted types, oldest first, for a live session."""

    def fill(self, connection: Connection, *, session_id: int, probes: Sequence[Probe]) -> list[Claim]:
        """Claim further due members of groups."""

    def earliest(self, connection: Connection, *, event_types: Sequence[str]) -> datetime | None:
        """Return when the next scheduled event of these types may be claimed, or None."""

    def start(self, connection: Connection, starts: Sequence[Start]) -> set[int]:
        """Record that jobs are about to be called; return the event ids whose claim still holds."""

    def finish(self, connection: Connection, endings: Sequence[Ending]) -> set[int]:
        """Write endings and their history rows; return the event ids that were written.

        On SQLite the result is all of them or, when one claim is stale, an empty set after nothing was kept: the caller
        rolls back and goes one by one.
        """
