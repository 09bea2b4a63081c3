"""`/api/v1/statistics`: how many runs ended how, over time."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from duetime.core.access import Feature
from duetime.core.errors import Invalid
from duetime.core.statuses import RunStatus
from duetime.store.run_count_query import NO_ACCOUNT, NO_BOT, Bucket, CountBy, CountQuery, RunCountBucket
from duetime.store.store import Transaction
from duetime.web.answers import answers
from duetime.web.api.event_bodies import seen_bots
from duetime.web.api_route import ApiRoute
from duetime.web.event_filter import AccountParameter, BotParameter, TypeParameter, accounts_of, bot_number
from duetime.web.need import CurrentVisitor, needs
from duetime.web.parameters import OrEmpty
from duetime.web.ports import CurrentApp
from duetime.web.run_filter import SinceParameter, UntilParameter, past_moment
from duetime.web.visitor import Visitor

router = APIRouter(prefix="/api/v1/statistics", tags=["runs"], route_class=ApiRoute)

MOST_TIME = {Bucket.HOUR: timedelta(days=31), Bucket.DAY: timedelta(days=366)}
USUAL_TIME = {Bucket.HOUR: timedelta(days=1), Bucket.DAY: timedelta(days=30)}
MOST_COUNTS = 20_000
"""How many counts one answer has; a question that has more is too wide."""


class By(StrEnum):
    """What runs are told apart by."""

    TYPE = "type"
    STATUS = "status"
    ACCOUNT = "account"
    BOT = "bot"

    @property
    def counted(self) -> CountBy:
        return CountBy[self.name]


class CountOut(BaseModel):
    """How many runs ended within one stretch of time. What they are not told apart by is null."""

    start: datetime = Field(description="When the stretch begins, in UTC.")
    event_type: str | None
    status: RunStatus | None
    account: str | None = Field(description="Null for runs for no resource, too.")
    bot_id: int | None = Field(description="Null for runs that no bot asked for, too.")
    bot: str | None = Field(description="Null for a bot that you may not see, too.")
    runs: int
    started: int = Field(description="How many of them had their job called.")
    mean_delay_seconds: float | None = Field(description="How late the first attempt at a due time started.")
    mean_duration_seconds: float | None = Field(description="How long a job took.")


class StatisticsOut(BaseModel):
    """Counts in the order of time; stretches in which nothing ended are left out."""

    bucket: Bucket
    since: datetime
    until: datetime
    counts: list[CountOut]


@router.get("/runs", dependencies=[needs(Feature.HISTORY)], responses=answers(404))
def count_runs(  # noqa: PLR0913 - one for each parameter of the address
    app: CurrentApp,
    visitor: CurrentVisitor,
    *,
    bucket: Annotated[Bucket, Query(description="How long the stretches are.")] = Bucket.HOUR,
    by: Annotated[
        tuple[By, ...], Query(max_length=4, description="What runs are told apart by; may be repeated.")
    ] = (),
    since: SinceParameter = None,
    until: UntilParameter = None,
    event_type: TypeParameter = None,
    status: Annotated[tuple[RunStatus, ...], OrEmpty, Query(description="Only runs that ended so.")] = (),
    account: AccountParameter = None,
    bot: BotParameter = None,
) -> StatisticsOut:
    """Count runs over time: by hours up to 31 days, by days up to 366."""
    with app.store.read() as tx:
        begin, end = _period(tx, bucket, since=since, until=until)
        query = CountQuery(
            since=begin,
            until=end,
            accounts=accounts_of(visitor.reach(Feature.HISTORY), account),
            event_type=event_type,
            bot_id=bot_number(tx, visitor, bot),
            statuses=status,
        )
        apart = {each.counted for each in by} or {CountBy.TYPE, CountBy.STATUS}
        counts = _bounded(tx.run_counts.over_time(query, bucket=bucket, by=apart))
        return StatisticsOut(bucket=bucket, since=begin, until=end, counts=_shown(tx, visitor, counts))


def _period(tx: Transaction, bucket: Bucket, *, since: str | None, until: str | None) -> tuple[datetime, datetime]:
    """Return which time is asked for.

    Raises:
        Invalid: it cannot be read, is the wrong way round, or too long.
    """
    end = past_moment(tx, until, "until") or tx.now
    begin = past_moment(tx, since, "since") or _before(end, USUAL_TIME[bucket])
    if begin >= end:
        message = "since must lie before until."
        raise Invalid(message)
    if end - begin > MOST_TIME[bucket]:
        days = MOST_TIME[bucket].days
        message = f"Runs are counted by the {bucket} for at most {days} days at once; ask for less, or by the day."
        raise Invalid(message)
    if begin < _before(tx.now, timedelta(days=36_600)) or end > tx.now + timedelta(days=366):
        message = "since and until must lie within the last hundred years."
        raise Invalid(message)
    return begin, end


def _before(moment: datetime, span: timedelta) -> datetime:
    try:
        return moment - span
    except OverflowError:
        return datetime.min.replace(tzinfo=moment.tzinfo)


def _bounded(counts: list[RunCountBucket]) -> list[RunCountBucket]:
    if len(counts) > MOST_COUNTS:
        message = f"That is more than {MOST_COUNTS} counts. Ask for a shorter time, or tell runs apart by less."
        raise Invalid(message)
    return counts


def _shown(tx: Transaction, visitor: Visitor, counts: Iterable[RunCountBucket]) -> list[CountOut]:
    listed = list(counts)
    names = seen_bots(tx, visitor, (each.bot_id for each in listed if each.bot_id != NO_BOT))
    return [
        CountOut(
            start=each.start,
            event_type=each.event_type,
            status=each.status,
            account=None if each.account == NO_ACCOUNT else each.account,
            bot_id=None if each.bot_id == NO_BOT else each.bot_id,
            bot=names.get(each.bot_id or NO_BOT),
            runs=each.runs,
            started=each.started,
            mean_delay_seconds=None if each.mean_delay is None else each.mean_delay.total_seconds(),
            mean_duration_seconds=None if each.mean_took is None else each.mean_took.total_seconds(),
        )
        for each in listed
    ]
