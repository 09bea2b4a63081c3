"""A worker's fenced lease on one event, and what it writes when the lease ends."""

from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from duetime.core.operations import Operation
from duetime.core.resources import ResourceId
from duetime.core.statuses import EventStatus, OnLost, RunStatus, Wish


class Claim(NamedTuple):
    """A claimed event, as much of it as running needs.

    A named tuple and not a dataclass because it is built once per event on the hot path: 0.4 us against 3 us.

    Attributes:
        token: the fencing token; every write of this attempt carries it.
        schedule_text: JSON of the schedule; decoded only when it recurs.
        attempt: the number of this attempt at `due_at`, from 1.
        trace_parent: the W3C trace parent of whoever scheduled it, when that was traced.
    """

    event_id: int
    token: int
    event_type: str
    resource_id: str | None
    bot_id: int | None
    args_text: str
    schedule_text: str
    due_at: datetime
    ready_at: datetime
    attempt: int
    failures: int
    failed_in_a_row: int
    expires_at: datetime | None
    on_lost: OnLost
    catch_up: str | None
    recheck: bool
    group_key: int | None
    user_resource_id: str | None
    trace_parent: str | None = None

    @property
    def recurring(self) -> bool:
        return not self.schedule_text.startswith('{"_type":"once"')

    @property
    def place(self) -> ResourceId | None:
        """The parts of the resource id, or None without a resource."""
        return None if self.resource_id is None else _place(self.resource_id)


# Several ask it of each claim of a batch: who sorts, who forms groups, and the guards.
_place = lru_cache(maxsize=2048)(ResourceId.from_string)


class Step(NamedTuple):
    """What becomes of an event when an attempt ends.

    Attributes:
        run_status: the status of the history row, or None when none is written.
        final: whether that row is the one answer of its due time.
    """

    status: EventStatus
    due_at: datetime
    ready_at: datetime
    attempt: int
    failures: int
    failed_in_a_row: int
    reason: str
    run_status: RunStatus | None
    final: bool


class Ending(NamedTuple):
    """One attempt's end, ready to be written: the event's step, the history row, and what the job scheduled.

    Attributes:
        wish: the wish that `step` was decided under; another one in the database makes the write stale-but-known,
            and it is decided again.
        operations: what trackers inside the run asked for; written in the same transaction, or not at all.
    """

    claim: Claim
    step: Step
    session_id: int | None
    started_at: datetime | None
    finished_at: datetime
    error: str = ""
    result: str | None = None
    wish: Wish | None = None
    operations: tuple[Operation, ...] = ()


class MissedTimes(NamedTuple):
    """Due times of a recurring event that get their answer without a further attempt, as one history row.

    Attributes:
        status: `skipped`, or `failed` for a time that was tried and whose retry a later time has overtaken.
    """

    first: datetime
    last: datetime
    times: int
    reason: str
    status: RunStatus = RunStatus.SKIPPED
