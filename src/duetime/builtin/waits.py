"""Waiting as a state: how long an event is put off while the cloud is busy, and when that has been long enough."""

from datetime import datetime, timedelta

from duetime.core.outcomes import Failed, JobOutcome, Snoozed
from duetime.core.wording import write_span

SHORTEST = timedelta(seconds=15)
LONGEST = timedelta(minutes=5)


def wait_on(what: str, *, since: datetime, now: datetime, limit: timedelta) -> JobOutcome:
    """Return what becomes of an event that waits: put off for as long as it has waited already, so waits double.

    Args:
        what: what it waits for, such as `it is stopping`.
        since: when it began to wait.
        now: the database's time.
        limit: how long it may wait in all; then it has failed.
    """
    waited = max(now - since, timedelta(0))
    if waited >= limit:
        return Failed(f"{what}, still after {write_span(limit)}", retry=False)
    return Snoozed(min(now + min(max(waited, SHORTEST), LONGEST), since + limit), what)
