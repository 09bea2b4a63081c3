"""Says that this worker lives, and hears what was asked of its running events."""

from collections.abc import Callable

from duetime.core.clock import Clock
from duetime.core.errors import SessionLost
from duetime.core.statuses import Wish
from duetime.engine.calls import Calls
from duetime.engine.catalogue import Catalogue
from duetime.engine.log import get_logger
from duetime.engine.service import Service
from duetime.engine.session import Session, worker_name
from duetime.store.store import Store

_log = get_logger(__name__)


class Heartbeat(Service):
    """Opens the worker's session and beats for it: one row per worker, not per event.

    A session that was declared lost never beats again; the process opens a new one, and what it claimed under the old
    one is no longer its own.
    """

    name = "heartbeat"

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        session: Session,
        catalogue: Catalogue,
        calls: Calls,
        slots: int,
        measured: Callable[[], str] = lambda: "{}",
        on_opened: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(clock=clock)
        self._store = store
        self._session = session
        self._catalogue = catalogue
        self._calls = calls
        self._slots = slots
        self._measured = measured
        self._on_opened = on_opened
        # When the database is back, a worker must be heard before anybody else can have missed it for a lease.
        self.longest_pause = min(self.longest_pause, session.beat_interval)

    def round(self) -> float:
        offset = self._store.measure_clock()
        session_id = self._session.session_id
        if session_id is None:
            self._open()
        else:
            self._beat(session_id, offset_ms=round(offset.total_seconds() * 1000))
        return self._session.beat_interval

    def _open(self) -> None:
        sent_at = self._clock.monotonic()
        with self._store.write() as tx:
            session_id = tx.sessions.open(
                worker=worker_name(),
                lease_seconds=self._session.lease_seconds,
                slots=self._slots,
                event_types=list(self._catalogue.handlers()),
            )
        self._session.opened(session_id, sent_at=sent_at)
        _log.info("session.opened", session_id=session_id)
        self._on_opened()

    def _beat(self, session_id: int, *, offset_ms: int) -> None:
        measures = self._measured()
        sent_at = self._clock.monotonic()
        try:
            with self._store.write() as tx:
                tx.sessions.beat(
                    session_id,
                    event_types=list(self._catalogue.handlers()),
                    clock_offset_ms=offset_ms,
                    measures=measures,
                )
                wishes = tx.claims.wishes(session_id)
        except SessionLost as error:
            _log.error("session.lost", session_id=session_id, error=str(error))
            self._session.lost()
            for call in self._calls.snapshot():
                call.context.cancel.set()  # what they do is not theirs any more
            self._open()
            return
        self._session.beaten(session_id, sent_at=sent_at)
        for event_id, wish in wishes.items():
            flag = self._calls.flag_of(event_id) if wish is Wish.CANCEL else None
            if flag is not None:
                flag.set()
