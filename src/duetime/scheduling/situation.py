"""What is known of an event and of those who could run it: the facts from which its state is explained."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from duetime.core.event_types import EventType
from duetime.core.events import Event, Run
from duetime.store.session_table import WorkerSession
from duetime.store.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """An event, and what stands around it.

    Attributes:
        kind: what is known of its type; None = nobody has ever brought it.
        last_run: the newest row of its history.
        workers: the workers that beat.
        claimed_by: the worker that holds its claim, beating or not.
        plugin_wish: `loaded` or `unloaded`, what is wished of the plugin that brings its type; None for our own types.
    """

    event: Event
    now: datetime
    kind: EventType | None = None
    last_run: Run | None = None
    workers: tuple[WorkerSession, ...] = ()
    claimed_by: WorkerSession | None = None
    plugin_wish: str | None = None

    @property
    def able(self) -> tuple[WorkerSession, ...]:
        """The workers that have a handler for the event's type."""
        return tuple(worker for worker in self.workers if self.event.event_type in worker.event_types)


@dataclass(frozen=True, slots=True)
class Waiting:
    """An event type that has scheduled events and no worker to run them.

    Attributes:
        scheduled: how many of its events are scheduled, due or not.
        due: how many of them are due.
        plugin: who brought the type last; None = nobody ever has.
    """

    event_type: str
    scheduled: int
    due: int
    oldest_ready_at: datetime | None
    plugin: str | None


def situation_of(tx: Transaction, event_id: int) -> Situation:
    """Read what stands around one event.

    Raises:
        UnknownName: there is no such event.
    """
    event = tx.events.get(event_id)
    kind = tx.event_types.by_ids([event.event_type]).get(event.event_type)
    wish = tx.plugins.wishes().get(kind.plugin) if kind is not None else None
    runs = tx.runs.of_event(event_id, most=1)
    sessions = tx.sessions.alive()
    return Situation(
        event=event,
        now=tx.now,
        kind=kind,
        last_run=runs[-1] if runs else None,
        workers=_beating(sessions, now=tx.now),
        claimed_by=next((session for session in sessions if session.session_id == event.session_id), None),
        plugin_wish=None if wish is None else wish.wish,
    )


def beating_workers(tx: Transaction) -> tuple[WorkerSession, ...]:
    """Return the workers that have been heard of within their lease.

    A session that nobody has declared lost yet counts only while it beats; a database without any worker has nobody to
    declare it lost.
    """
    return _beating(tx.sessions.alive(), now=tx.now)


def waiting_types(tx: Transaction) -> tuple[Waiting, ...]:
    """Return the event types that have scheduled events and no worker that could run them now."""
    handled = {event_type for worker in beating_workers(tx) for event_type in worker.event_types}
    counts = [count for count in tx.events.scheduled_by_type(now=tx.now) if count.event_type not in handled]
    known = tx.event_types.by_ids({count.event_type for count in counts})
    return tuple(
        Waiting(
            count.event_type,
            count.scheduled,
            count.due,
            count.oldest_ready_at,
            known[count.event_type].plugin if count.event_type in known else None,
        )
        for count in counts
    )


def _beating(sessions: Sequence[WorkerSession], *, now: datetime) -> tuple[WorkerSession, ...]:
    return tuple(session for session in sessions if session.is_beating(now=now))
