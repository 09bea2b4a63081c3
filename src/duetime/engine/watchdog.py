"""Deadlines: asks a job to stop, gives it up when it does not, and lets nothing wait for long behind one."""

from collections.abc import Callable, Sequence

from duetime.core.claims import Claim
from duetime.core.clock import Clock
from duetime.core.outcomes import Released, TimedOut
from duetime.engine.calls import Call, Calls
from duetime.engine.classifying import outcome_of
from duetime.engine.finished import Finished
from duetime.engine.log import get_logger
from duetime.engine.outbox import Outbox
from duetime.engine.runner import RELEASE_AFTER_SECONDS
from duetime.engine.service import Service
from duetime.store.store import Store

_log = get_logger(__name__)

_ROUND_SECONDS = 0.25


class Watchdog(Service):
    """Threads cannot be killed: a call that overstays is given up, its outcome is unknown, and its slot is stuck.

    With half of the slots stuck the worker asks to be replaced. What waits in its unit behind a call that takes long is
    given back, whether that call has a deadline or not.
    """

    name = "watchdog"

    def __init__(
        self,
        *,
        clock: Clock,
        store: Store,
        calls: Calls,
        outbox: Outbox,
        slots: int,
        grace_seconds: float,
        on_stuck: Callable[[], None],
    ) -> None:
        super().__init__(clock=clock)
        self._store = store
        self._calls = calls
        self._outbox = outbox
        self._slots = slots
        self._grace_seconds = grace_seconds
        self._on_stuck = on_stuck

    def round(self) -> float:
        now = self._clock.monotonic()
        for call in self._calls.snapshot():
            if now >= call.began + RELEASE_AFTER_SECONDS and (later := call.take_later()):
                self._outbox.put(self._given_back(call, later))
            if call.deadline is None or now < call.deadline:
                continue
            call.context.cancel.set()
            if now >= call.deadline + self._grace_seconds and self._calls.give_up(call):
                self._speak_for(call)
        if self._calls.stuck * 2 >= self._slots:
            self._on_stuck()
        return _ROUND_SECONDS

    def _given_back(self, call: Call, later: Sequence[Claim]) -> list[Finished]:
        now = self._store.now()
        return [Finished(claim, Released(), call.session_id, None, now) for claim in later]

    def _speak_for(self, call: Call) -> None:
        """Say what came of a call in place of its thread; what it had already reported of a resource stands."""
        overall = TimedOut(call.timeout_seconds or 0.0)
        now = self._store.now()
        reported = dict(call.context.outcomes)
        finished = [
            Finished(claim, outcome_of(claim, overall, reported), call.session_id, call.started_at, now, call.retry)
            for claim in call.claims
        ]
        finished += self._given_back(call, call.take_later())
        _log.error("run.timed_out", event_ids=[claim.event_id for claim in call.claims], seconds=overall.seconds)
        self._outbox.put(finished)
