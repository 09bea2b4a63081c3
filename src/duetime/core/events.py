"""Events and runs: the standing wish, and what came of each attempt at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from duetime.core.schedules import Schedule
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish


class OnExisting(StrEnum):
    """What scheduling does when the same bot action already has a live event for the resource."""

    KEEP = "keep"
    """The live event stands, with its first due time."""
    REPLACE = "replace"
    """The live event takes the new schedule, arguments and description."""
    ADD = "add"
    """Another event is added beside it."""


class NewEvent(NamedTuple):
    """An event to be scheduled. A named tuple, because a tracker block builds one per resource.

    Attributes:
        dedupe_key: 16 bytes naming the one live event this may be; None = as many as are asked for.
        group_key: events with equal keys may be served by one job call; None = alone.
        recheck: whether the bot's filters are asked again on a fresh read before the job starts.
        cancel_when_compliant: whether it is cancelled once its resource no longer matches its bot.
        trace_parent: the W3C trace parent of the span that asks for it; None when nobody traces.
    """

    event_type: str
    schedule: Schedule
    due_at: datetime
    resource_id: str | None = None
    bot_id: int | None = None
    description: str = ""
    args_text: str = "{}"
    ready_at: datetime | None = None
    expires_at: datetime | None = None
    dedupe_key: bytes | None = None
    group_key: int | None = None
    on_lost: OnLost = OnLost.RETRY
    catch_up: str | None = None
    recheck: bool = False
    cancel_when_compliant: bool = False
    on_existing: OnExisting = OnExisting.ADD
    parent_id: int | None = None
    user_resource_id: str | None = None
    created_by: str = ""
    trace_parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A scheduled event as it stands.

    Attributes:
        due_at: nominal time of the present occurrence; it does not move while the occurrence lives.
        ready_at: earliest time of a claim; retries, snoozes and deferrals move only this.
        attempt: attempts at the present occurrence, counted by claims.
        failures: failed, timed-out and lost attempts at the present occurrence.
        failed_in_a_row: occurrences that ended in failure since the last success.
        claim_token: grows at every claim, release and rescue.
        session_id: the worker session that holds the claim while it runs.
        started_at: when the job of the present attempt was called, for types that record it beforehand.
        status_reason: why it stands as it does: deferred, released, held, cancelled.
    """

    event_id: int
    event_type: str
    status: EventStatus
    resource_id: str | None
    bot_id: int | None
    description: str
    args: Mapping[str, Any]
    schedule: Schedule
    due_at: datetime
    ready_at: datetime
    expires_at: datetime | None
    attempt: int
    failures: int
    failed_in_a_row: int
    claim_token: int
    session_id: int | None
    started_at: datetime | None
    wish: Wish | None
    status_reason: str
    on_lost: OnLost
    catch_up: str | None
    recheck: bool
    cancel_when_compliant: bool
    parent_id: int | None
    user_resource_id: str | None
    created_by: str
    created_at: datetime
    finished_at: datetime | None

    @property
    def recurring(self) -> bool:
        return self.schedule.recurring


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One attempt at one due time, as history keeps it.

    Attributes:
        final: whether this is the one answer of its due time.
        started_at: None when the job was never called.
        covers_until: the last due time this row answers for, when it answers for several missed ones.
        covers_count: how many due times it answers for.
        result: text or JSON text from the job.
    """

    event_id: int
    due_at: datetime
    attempt: int
    event_type: str
    resource_id: str | None
    bot_id: int | None
    status: RunStatus
    final: bool
    started_at: datetime | None
    finished_at: datetime
    session_id: int | None
    reason: str = ""
    error: str = ""
    result: str | None = None
    covers_until: datetime | None = None
    covers_count: int = 1

    @property
    def run_id(self) -> str:
        """The run's name: event id, due time and attempt."""
        return run_id_of(self.event_id, self.due_at, self.attempt)

    @property
    def duration(self) -> timedelta | None:
        """How long the job took; None when it never started."""
        return None if self.started_at is None else self.finished_at - self.started_at


def run_id_of(event_id: int, due_at: datetime, attempt: int) -> str:
    """Return the name of a run, such as `17/2026-01-31T19:00:00.000000Z/1`."""
    return f"{event_id}/{due_at:%Y-%m-%dT%H:%M:%S.%fZ}/{attempt}"


def parse_run_id(text: str) -> tuple[int, datetime, int] | None:
    """Return the event id, due time and attempt that a run's name says, or None when it is no such name."""
    try:
        event_id, due_at, attempt = text.split("/")
        instant = datetime.fromisoformat(due_at)
        return (int(event_id), instant, int(attempt)) if instant.tzinfo is not None else None
    except ValueError:
        return None
