"""What the database knows, read for one scrape."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.app.readiness import Readiness, look_at_events
from duetime.core.budgets import Budget, BudgetKey
from duetime.core.measures import Measures
from duetime.core.resources import Account
from duetime.store.live_counts import DueCount, LiveCount
from duetime.store.plugin_table import PluginState
from duetime.store.session_table import WorkerSession
from duetime.store.store import Transaction

KEPT = timedelta(minutes=10)
"""How long after its end a worker's counts are shown: its last increments must reach a scrape."""
MOST_SESSIONS = 500


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One reading.

    Attributes:
        sessions: the worker sessions that live, or ended less than `KEPT` ago; one per worker, the newest.
        handled: the event types that a worker that beats could run.
    """

    now: datetime
    readiness: Readiness
    counts: tuple[LiveCount, ...]
    due: tuple[DueCount, ...]
    sessions: tuple[WorkerSession, ...]
    handled: frozenset[str]
    plugins: tuple[PluginState, ...]
    accounts: tuple[Account, ...]
    budgets: tuple[tuple[BudgetKey, Budget], ...]

    @property
    def beating(self) -> tuple[WorkerSession, ...]:
        """The sessions of workers that were heard of within their lease."""
        return tuple(session for session in self.sessions if session.is_beating(now=self.now))

    @property
    def measured(self) -> tuple[tuple[WorkerSession, Measures], ...]:
        """The sessions with what their workers have counted."""
        return tuple((session, Measures.from_text(session.measures)) for session in self.sessions)


def take(tx: Transaction, *, overdue_after: timedelta) -> Snapshot:
    """Read everything in one transaction; the work does not grow with the number of events that have ended."""
    sessions = _present(tx)
    beating = [session for session in sessions if session.is_beating(now=tx.now)]
    return Snapshot(
        now=tx.now,
        readiness=look_at_events(tx, overdue_after=overdue_after),
        counts=tuple(tx.live_counts.by_status()),
        due=tuple(tx.live_counts.due()),
        sessions=sessions,
        handled=frozenset(event_type for session in beating for event_type in session.event_types),
        plugins=tuple(tx.plugins.states()),
        accounts=tuple(tx.accounts.all()),
        budgets=tuple(tx.budgets.all().items()),
    )


def _present(tx: Transaction) -> tuple[WorkerSession, ...]:
    newest: dict[str, WorkerSession] = {}
    for session in tx.sessions.latest(most=MOST_SESSIONS):  # newest first
        if session.ended_at is None or tx.now - session.ended_at <= KEPT:
            newest.setdefault(session.worker, session)
    return tuple(newest.values())
