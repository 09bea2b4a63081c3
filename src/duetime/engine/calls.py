"""The job calls under way: their deadlines, their cancel flags, and who speaks for their claims."""

import threading
from collections.abc import Sequence
from datetime import datetime

from duetime.core.claims import Claim
from duetime.core.clock import Clock
from duetime.core.retry import Retry
from duetime.core.run_context import CancelFlag, RunContext


class Call:
    """One job call and the claims of its unit that come after it.

    The thread that runs it and the watchdog that may give it up race for the claims: `close` is given to one of them.
    So they do for those that come after: only whoever gets them from `take_later` may run them or give them back.
    """

    __slots__ = (
        "_later",
        "_right",
        "began",
        "claims",
        "context",
        "deadline",
        "retry",
        "session_id",
        "started_at",
        "timeout_seconds",
    )

    def __init__(
        self,
        *,
        claims: Sequence[Claim],
        later: Sequence[Claim],
        context: RunContext,
        session_id: int,
        started_at: datetime,
        timeout_seconds: float | None,
        retry: Retry,
    ) -> None:
        self.claims = claims
        self.context = context
        self.session_id = session_id
        self.started_at = started_at
        self.timeout_seconds = timeout_seconds
        self.retry = retry
        self.began = 0.0
        self.deadline: float | None = None
        self._right = [True]
        self._later = [later]

    def close(self) -> bool:
        """Claim the right to say what came of this call; only the first caller has it."""
        try:
            return self._right.pop()  # one bytecode on a list: atomic, and much cheaper than a lock per event
        except IndexError:
            return False

    def take_later(self) -> Sequence[Claim]:
        """Take the claims that come after this call; empty when there are none or they were taken already."""
        try:
            return self._later.pop()
        except IndexError:
            return ()


class Calls:
    """Every call under way in this process."""

    def __init__(self, *, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: dict[int, Call] = {}
        self._stuck = 0
        self._is_shut = False

    def begin(self, call: Call) -> bool:
        """Note a call that is about to be made; return whether it may be made."""
        call.began = self._clock.monotonic()
        if call.timeout_seconds is not None:
            call.deadline = call.began + call.timeout_seconds
        self._calls[id(call)] = call
        if self._is_shut:  # asked after the call is noted: whoever shuts looks at the calls afterwards
            self.forget(call)
            return False
        return True

    def shut(self) -> None:
        """Let no further call begin."""
        self._is_shut = True

    def close(self, call: Call) -> bool:
        """Note that a call has returned; return whether its outcome counts: then `forget` it once that is kept."""
        if call.close():
            return True
        with self._lock:
            self._stuck -= 1
        return False

    def forget(self, call: Call) -> None:
        """Note that somebody else speaks for the claims of a call now."""
        self._calls.pop(id(call), None)

    def give_up(self, call: Call) -> bool:
        """Give up a call that has not returned; return whether it had not, and its slot now counts as stuck."""
        with self._lock:
            if not call.close():
                return False
            self._stuck += 1
        self._calls.pop(id(call), None)
        return True

    @property
    def stuck(self) -> int:
        """How many slots hold a call that was given up and has not returned."""
        return self._stuck

    def snapshot(self) -> list[Call]:
        """Return the calls under way."""
        return list(self._calls.copy().values())

    def event_ids(self) -> set[int]:
        """Return the events that are being served; not those that wait behind one in its unit."""
        return {claim.event_id for call in self.snapshot() for claim in call.claims}

    def flag_of(self, event_id: int) -> CancelFlag | None:
        """Return the cancel flag of the call that serves an event."""
        for call in self.snapshot():
            if any(claim.event_id == event_id for claim in call.claims):
                return call.context.cancel
        return None
