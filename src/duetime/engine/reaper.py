"""Finds workers that stopped beating, and settles what they left running."""

from typing import NamedTuple

from duetime.core.clock import Clock
from duetime.core.outcomes import Lost, Outcome, Released
from duetime.core.retry import NO_RETRY
from duetime.engine.finished import Finished
from duetime.engine.log import get_logger
from duetime.engine.service import Service
from duetime.engine.session import Session
from duetime.engine.units import records_start
from duetime.engine.writing import write
from duetime.store.claim_table import Orphan
from duetime.store.session_table import WorkerSession
from duetime.store.store import Store

_log = get_logger(__name__)

_MOST = 500


class _Seen(NamedTuple):
    beat: int
    since: float


class Reaper(Service):
    """Declares sessions lost whose beat has not changed for one lease of this process's own monotonic time.

    The database's clock and everybody's wall clock play no part, so a wrong or stepped clock can delay a rescue and
    never cause one. What could not be read, or was not looked at, does not count as silence: a database that was away
    or locked kills nobody, and neither does a machine that stood still with everybody on it. For the same reason only
    the time counts in which this worker's own beats went through: a database can be read while nobody can write.
    """

    name = "reaper"

    def __init__(self, *, clock: Clock, store: Store, session: Session) -> None:
        super().__init__(clock=clock)
        self._store = store
        self._session = session
        self._seen: dict[int, _Seen] = {}

    def round(self) -> float:
        self._watch()
        while self.settle_orphans():
            pass
        return max(0.05, self._session.lease_seconds / 4)

    def _watch(self) -> None:
        now = self._clock.monotonic()
        steady_since = self._session.steady_since()
        with self._store.read() as tx:
            alive = tx.sessions.alive()
        seen: dict[int, _Seen] = {}
        for session in alive:
            before = self._seen.get(session.session_id)
            if before is None or before.beat != session.beat:
                seen[session.session_id] = _Seen(session.beat, now)
                continue
            seen[session.session_id] = before
            if (
                now - max(before.since, steady_since) < session.lease_seconds
                or session.session_id == self._session.session_id
            ):
                continue
            if self._declare_lost(session):
                _log.warning("session.declared_lost", session_id=session.session_id, worker=session.worker)
            else:
                del seen[session.session_id]
        self._seen = seen

    def _declare_lost(self, session: WorkerSession) -> bool:
        asked_at = self._clock.monotonic()
        with self._store.write() as tx:
            if self._clock.monotonic() - asked_at > self._session.lease_seconds / 4:
                return False  # whoever kept us from writing kept others from beating
            return tx.sessions.declare_lost(session.session_id, beat_seen=session.beat)

    def settle_orphans(self) -> int:
        """Settle running events whose session is not alive; return how many there were."""
        with self._store.read() as tx:
            orphans = tx.claims.orphans(most=_MOST)
            kinds = tx.event_types.by_ids({orphan.claim.event_type for orphan in orphans}) if orphans else {}
        if not orphans:
            return 0
        now = self._store.now()
        finished = []
        for orphan in orphans:
            kind = kinds.get(orphan.claim.event_type)
            retry = NO_RETRY if kind is None else kind.retry
            outcome = _outcome_of(orphan)
            finished.append(Finished(orphan.claim, outcome, orphan.session_id, orphan.started_at, now, retry))
        done = write(self._store, finished)
        _log.warning("orphans.settled", events=len(done.written))
        return len(done.written)


def _outcome_of(orphan: Orphan) -> Outcome:
    """What is known of an attempt whose worker went away.

    Where starts are recorded beforehand, nothing has happened yet without one. Otherwise it counts as lost, so that a
    job which kills its worker comes to an end; it takes those that waited beside it with it once, and not again.
    """
    if orphan.started_at is None and records_start(orphan.claim):
        return Released("its worker went away before the start")
    return Lost()
