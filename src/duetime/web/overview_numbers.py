"""The numbers that say how things stand: for the Overview page and the API."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from duetime.core.access import Feature
from duetime.core.statuses import EventStatus, RunStatus
from duetime.store.event_table import EventQuery
from duetime.store.run_count_query import CountBy, CountQuery
from duetime.store.store import Transaction
from duetime.web.visitor import Visitor

MOST_COUNTED = 10_000
"""Counting ends here, so that no page waits for it; one more stands for "more than that"."""
DAY = timedelta(days=1)
FAILURES = (RunStatus.FAILED, RunStatus.TIMED_OUT, RunStatus.LOST)


@dataclass(frozen=True, slots=True, kw_only=True)
class OverviewNumbers:
    """How things stand in the accounts that a visitor reaches.

    Attributes:
        now: as of when.
        due: events that are due and wait for a worker; no count is above `MOST_COUNTED` + 1, which means "more".
        next_day: events that come due within the next 24 hours.
        running: events that run.
        paused: events that are paused.
        held: events that wait for a person's decision.
        oldest_due_at: since when the oldest due event waits; None when none is due.
        succeeded_day: runs that succeeded since the hour that was 24 hours ago; None when the visitor may not see runs.
        failed_day: runs that failed, timed out or were lost since then; None likewise.
        start_delay: how late the first attempts at their due times started on average since then; None when none did.
    """

    now: datetime
    due: int
    next_day: int
    running: int
    paused: int
    held: int
    oldest_due_at: datetime | None
    succeeded_day: int | None
    failed_day: int | None
    start_delay: timedelta | None


def overview_numbers(tx: Transaction, visitor: Visitor) -> OverviewNumbers:
    """Count how things stand."""
    accounts = visitor.reach(Feature.EVENTS).accounts

    def count(status: EventStatus, *, after: datetime | None = None, before: datetime | None = None) -> int:
        query = EventQuery(statuses=(status,), accounts=accounts, ready_after=after, ready_before=before)
        return tx.events.count_up_to(query, most=MOST_COUNTED)

    oldest = tx.events.due_page(EventQuery(accounts=accounts, ready_before=tx.now, most=1)).rows
    moment = timedelta(microseconds=1)
    succeeded, failed, delay = _day(tx, visitor)
    return OverviewNumbers(
        now=tx.now,
        due=count(EventStatus.SCHEDULED, before=tx.now),
        next_day=count(EventStatus.SCHEDULED, after=tx.now + moment, before=tx.now + DAY),
        running=count(EventStatus.RUNNING),
        paused=count(EventStatus.PAUSED),
        held=count(EventStatus.HELD),
        oldest_due_at=oldest[0].ready_at if oldest else None,
        succeeded_day=succeeded,
        failed_day=failed,
        start_delay=delay,
    )


def _day(tx: Transaction, visitor: Visitor) -> tuple[int | None, int | None, timedelta | None]:
    """Return how many runs succeeded and failed within a day, and how late they started on average."""
    reach = visitor.reach(Feature.HISTORY)
    if reach.is_nowhere:
        return None, None, None
    counts = tx.run_counts.over_time(CountQuery(since=tx.now - DAY, accounts=reach.accounts), by=(CountBy.STATUS,))
    starts = sum(each.first_starts for each in counts)
    late = sum((each.delay for each in counts), timedelta())
    return (
        sum(each.runs for each in counts if each.status is RunStatus.SUCCEEDED),
        sum(each.runs for each in counts if each.status in FAILURES),
        late / starts if starts else None,
    )
