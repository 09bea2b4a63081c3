"""Whether this duetime does its work: what `/readyz` answers, and what alerts ask."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from duetime.core.errors import Unavailable
from duetime.core.measures import Measures
from duetime.scheduling.situation import beating_workers
from duetime.store.schema import current, newest
from duetime.store.store import Store, Transaction


class Unready(StrEnum):
    """Why it does not."""

    DATABASE = "database"
    """The database does not answer."""
    SCHEMA = "schema"
    """The schema of the database is not the one that this version works with."""
    NO_WORKER = "no_worker"
    """Events are due, and no worker beats."""
    NOTHING_FIRES = "nothing_fires"
    """Events are due that a living worker could run, and nothing has been run for as long."""


@dataclass(frozen=True, slots=True)
class Readiness:
    """What was found.

    Attributes:
        reason: why it is not ready; None = it is.
        oldest_due_at: since when the oldest event that somebody could run has been due; None = none is due.
        fired_at: when a worker that lives last called a job or moved an event on; None = never, or none lives.
    """

    reason: Unready | None = None
    oldest_due_at: datetime | None = None
    fired_at: datetime | None = None


def look(store: Store, *, overdue_after: timedelta) -> Readiness:
    """Look whether the database answers, has its schema, and what is due is run.

    Args:
        store: where it stands.
        overdue_after: how late the oldest due event may be while nothing fires.
    """
    try:
        if current(store.engine) != _newest():
            return Readiness(Unready.SCHEMA)
        with store.read() as tx:
            return look_at_events(tx, overdue_after=overdue_after)
    except Unavailable:
        return Readiness(Unready.DATABASE)


def look_at_events(tx: Transaction, *, overdue_after: timedelta) -> Readiness:
    """Look whether what is due is run.

    Late alone is not enough: after an outage workers catch up, the oldest first, and nobody need do anything. It is
    when the oldest due event is late and nothing at all has been run for as long that nothing fires. Types that nobody
    can run wait for a handler; they are shown, and say nothing here.
    """
    workers = beating_workers(tx)
    able = {event_type for worker in workers for event_type in worker.event_types} if workers else _runnable(tx)
    ready = [at for kind, at in tx.live_counts.earliest_ready_at().items() if kind in able and at <= tx.now]
    oldest = min(ready, default=None)
    fired = [Measures.from_text(worker.measures).fired_at for worker in workers]
    fired_at = max((at for at in fired if at is not None), default=None)
    reason = None
    if oldest is not None and tx.now - oldest > overdue_after:
        if not workers:
            reason = Unready.NO_WORKER
        elif fired_at is None or tx.now - fired_at > overdue_after:
            reason = Unready.NOTHING_FIRES
    return Readiness(reason, oldest, fired_at)


def _runnable(tx: Transaction) -> set[str]:
    """Return the types that a worker would run if there were one: all known ones, but those of unloaded plugins."""
    wishes = tx.plugins.wishes()
    unloaded = {name for name, wish in wishes.items() if wish.wish == "unloaded"}
    return {kind.event_type for kind in tx.event_types.all() if kind.plugin not in unloaded}


@cache
def _newest() -> str:
    """Return the revision that this version works with; it stands in files, and those are part of the program."""
    return newest()
