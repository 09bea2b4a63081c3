"""What is asked of the counted history, and what it answers."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from duetime.core.statuses import RunStatus

NO_ACCOUNT = ""
"""Stands for the account of runs for no resource."""
NO_BOT = 0
"""Stands for the bot of runs that no bot asked for; bots count from 1."""


class Bucket(StrEnum):
    """How long the stretches are that runs are counted in. Both begin in UTC."""

    HOUR = "hour"
    DAY = "day"

    @property
    def length(self) -> timedelta:
        """How long one is."""
        return timedelta(hours=1) if self is Bucket.HOUR else timedelta(days=1)

    def start_of(self, moment: datetime) -> datetime:
        """Return when the stretch began that holds a moment, which is in UTC."""
        hour = moment.replace(minute=0, second=0, microsecond=0)
        return hour if self is Bucket.HOUR else hour.replace(hour=0)


class CountBy(StrEnum):
    """What runs are told apart by."""

    TYPE = "event_type"
    STATUS = "status"
    ACCOUNT = "account"
    BOT = "bot_id"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountQuery:
    """Which runs to count; an absent part means all.

    Attributes:
        since: the stretch that holds this moment is the first.
        until: the hour that this moment lies in, or ends, is the last; None = until now.
        accounts: only runs for resources in these; None = in all, and those for no resource.
    """

    since: datetime
    until: datetime | None = None
    accounts: frozenset[str] | None = None
    event_type: str | None = None
    bot_id: int | None = None
    statuses: Collection[RunStatus] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCountBucket:
    """How many runs ended within one stretch of time.

    What they are not told apart by is None.

    Attributes:
        start: when the stretch begins.
        account: an empty text stands for runs for no resource.
        bot_id: 0 stands for runs that no bot asked for.
        runs: how many.
        started: how many of them had their job called.
        first_starts: how many of these were the first attempt at their due time.
        delay: how late those first attempts started, added up.
        took: how long the jobs took, added up.
    """

    start: datetime
    event_type: str | None = None
    status: RunStatus | None = None
    account: str | None = None
    bot_id: int | None = None
    runs: int = 0
    started: int = 0
    first_starts: int = 0
    delay: timedelta = timedelta(0)
    took: timedelta = timedelta(0)

    @property
    def mean_delay(self) -> timedelta | None:
        """How late a due time's first attempt started on average; None when none did."""
        return self.delay / self.first_starts if self.first_starts else None

    @property
    def mean_took(self) -> timedelta | None:
        """How long a job took on average; None when none was called."""
        return self.took / self.started if self.started else None
