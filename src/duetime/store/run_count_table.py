"""Counted history: complete hours are counted once and kept, the present ones are counted when somebody asks."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    and_,
    case,
    cast,
    delete,
    extract,
    func,
    insert,
    literal_column,
    select,
    tuple_,
    type_coerce,
    update,
)

from duetime.core.statuses import RunStatus
from duetime.store.places import account_in, account_is_one_of
from duetime.store.run_count_query import NO_BOT, Bucket, CountBy, CountQuery, RunCountBucket
from duetime.store.statistics_tables import counted_until, run_counts
from duetime.store.tables import runs
from duetime.store.types import Instant
from duetime.store.upsert import insert_if_absent

GRACE = timedelta(minutes=5)
"""How long after its end an hour is counted: endings are written in batches, a moment after they came."""
LATEST = timedelta(hours=48)
"""How far back is looked for endings that came later still, from a worker that could not reach the database."""

_RUNS = "runs"
_HOUR = timedelta(hours=1)
_DIMENSIONS = tuple(CountBy)
_SUMS = ("runs", "started", "first_starts", "delay_ms", "took_ms")
_ZERO = literal_column("0", BigInteger)
_MILLISECOND = timedelta(milliseconds=1)


class RunCountTable:
    """How many runs there were, by hour, type, status, account and bot.

    `counted_until` holds the hour from which on nothing is counted yet; it moves in the transaction that writes the
    counts of an hour, so whatever dies between leaves nothing out and counts nothing twice.
    """

    def __init__(self, connection: Connection, *, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def over_time(
        self,
        query: CountQuery,
        *,
        bucket: Bucket = Bucket.HOUR,
        by: Collection[CountBy] = (CountBy.TYPE, CountBy.STATUS),
    ) -> list[RunCountBucket]:
        """Return how many runs ended in each stretch of time, in the order of time; empty ones are left out.

        Args:
            query: which runs.
            bucket: how long the stretches are.
            by: what they are told apart by.
        """
        wanted = [dimension for dimension in _DIMENSIONS if dimension in set(by)]
        first = bucket.start_of(query.since)
        end = _whole_hour(query.until or self._now)
        border = self.counted_until() or first
        sums: dict[tuple[Any, ...], list[int]] = {}
        parts = (
            self._kept(query, wanted, bucket, first=first, end=min(border, end)),
            self._live(query, wanted, bucket, first=max(border, first), end=end),
        )
        for statement in parts:
            for row in self._connection.execute(statement):
                key, found = tuple(row[: 1 + len(wanted)]), row[1 + len(wanted) :]
                before = sums.get(key, [0] * len(_SUMS))
                sums[key] = [old + int(new) for old, new in zip(before, found, strict=True)]
        return [_bucket_of(key, wanted, sums[key]) for key in sorted(sums)]

    def counted_until(self) -> datetime | None:
        """Return the hour from which on nothing is counted yet; None when nothing ever was."""
        return self._connection.scalar(select(counted_until.c.hour).where(counted_until.c.what == _RUNS))

    def roll_up(self, *, grace: timedelta = GRACE) -> datetime | None:
        """Count the next complete hour in which anything ended.

        Args:
            grace: how long after its end an hour is left alone.

        Returns:
            That hour, or None when there is none left to count.
        """
        start = self._locked_border()
        if start is None:
            return None
        limit = Bucket.HOUR.start_of(self._now - grace)
        ended = select(func.min(runs.c.finished_at)).where(runs.c.finished_at >= start, runs.c.finished_at < limit)
        first = self._connection.scalar(ended)
        if first is None:
            self._move_border(max(start, limit))
            return None
        hour = Bucket.HOUR.start_of(first)
        self._count(hour)
        self._move_border(hour + _HOUR)
        return hour

    def late_hours(self, *, within: timedelta = LATEST) -> list[datetime]:
        """Return counted hours in which more runs have ended than were counted; only an index of the runs is read."""
        border = self.counted_until()
        if border is None:
            return []
        since = border - within
        hour = self._start(runs.c.finished_at, Bucket.HOUR)
        ended = (
            select(hour.label("hour"), func.count())
            .where(runs.c.finished_at >= since, runs.c.finished_at < border)
            .group_by(hour)
        )
        kept = (
            select(run_counts.c.hour, func.sum(run_counts.c.runs))
            .where(run_counts.c.hour >= since, run_counts.c.hour < border)
            .group_by(run_counts.c.hour)
        )
        counted = {row[0]: int(row[1]) for row in self._connection.execute(kept)}
        return sorted(row[0] for row in self._connection.execute(ended) if row[1] > counted.get(row[0], 0))

    def recount(self, hour: datetime) -> None:
        """Count an hour once more that was counted before."""
        border = self._locked_border()
        if border is not None and hour < border:
            self._connection.execute(delete(run_counts).where(run_counts.c.hour == hour))
            self._count(hour)

    def prune(self, *, before: datetime, most: int) -> int:
        """Delete counts of hours that ended before `before`, at most `most` rows; return how many."""
        key = tuple(run_counts.primary_key)
        oldest = select(*key).where(run_counts.c.hour < Bucket.HOUR.start_of(before)).order_by(*key).limit(most)
        return int(self._connection.execute(delete(run_counts).where(tuple_(*key).in_(oldest))).rowcount)

    def _locked_border(self) -> datetime | None:
        """Return from where on nothing is counted yet, locked; it begins with the oldest run."""
        locked = select(counted_until.c.hour).where(counted_until.c.what == _RUNS).with_for_update()
        border: datetime | None = self._connection.scalar(locked)
        if border is not None:
            return border
        oldest = self._connection.scalar(select(func.min(runs.c.finished_at)))
        if oldest is None:
            return None
        insert_if_absent(self._connection, counted_until, {"what": _RUNS, "hour": Bucket.HOUR.start_of(oldest)})
        found: datetime | None = self._connection.scalar(locked)
        return found

    def _move_border(self, hour: datetime) -> None:
        self._connection.execute(update(counted_until).where(counted_until.c.what == _RUNS).values(hour=hour))

    def _count(self, hour: datetime) -> None:
        within = (runs.c.finished_at >= hour, runs.c.finished_at < hour + _HOUR)
        counted = self._of_runs(Bucket.HOUR, _DIMENSIONS).where(*within)
        columns = ["hour", *map(str, _DIMENSIONS), *_SUMS]
        self._connection.execute(insert(run_counts).from_select(columns, counted))

    def _kept(
        self, query: CountQuery, wanted: Sequence[CountBy], bucket: Bucket, *, first: datetime, end: datetime
    ) -> Select[Any]:
        start = self._start(run_counts.c.hour, bucket)
        parts = [run_counts.c[dimension.value] for dimension in wanted]
        sums = [cast(func.sum(run_counts.c[name]), BigInteger) for name in _SUMS]
        clauses: list[ColumnElement[bool]] = [run_counts.c.hour >= first, run_counts.c.hour < end]
        if query.accounts is not None:
            clauses.append(run_counts.c.account.in_(sorted(query.accounts)))
        if query.event_type is not None:
            clauses.append(run_counts.c.event_type == query.event_type)
        if query.bot_id is not None:
            clauses.append(run_counts.c.bot_id == query.bot_id)
        if query.statuses:
            clauses.append(run_counts.c.status.in_([str(status) for status in query.statuses]))
        return select(start, *parts, *sums).where(*clauses).group_by(start, *parts)

    def _live(
        self, query: CountQuery, wanted: Sequence[CountBy], bucket: Bucket, *, first: datetime, end: datetime
    ) -> Select[Any]:
        clauses: list[ColumnElement[bool]] = [runs.c.finished_at >= first, runs.c.finished_at < end]
        if query.accounts is not None:
            clauses.append(account_is_one_of(runs.c.resource_id, query.accounts, self._connection))
        if query.event_type is not None:
            clauses.append(runs.c.event_type == query.event_type)
        if query.bot_id is not None:
            clauses.append(func.coalesce(runs.c.bot_id, NO_BOT) == query.bot_id)
        if query.statuses:
            clauses.append(runs.c.status.in_([str(status) for status in query.statuses]))
        return self._of_runs(bucket, wanted).where(*clauses)

    def _of_runs(self, bucket: Bucket, wanted: Sequence[CountBy]) -> Select[Any]:
        """Count runs themselves; both what is kept and what is live comes from here."""
        start = self._start(runs.c.finished_at, bucket)
        expressions: dict[CountBy, ColumnElement[Any]] = {
            CountBy.TYPE: runs.c.event_type,
            CountBy.STATUS: runs.c.status,
            CountBy.ACCOUNT: account_in(runs.c.resource_id, self._connection),
            CountBy.BOT: func.coalesce(runs.c.bot_id, literal_column(str(NO_BOT))),
        }
        parts = [expressions[dimension] for dimension in wanted]
        started = runs.c.started_at.is_not(None)
        first = and_(started, runs.c.attempt == literal_column("1"))
        sums = (
            func.count(),
            _how_many(started),
            _how_many(first),
            _total(case((first, self._milliseconds(runs.c.due_at, runs.c.started_at)), else_=_ZERO)),
            _total(case((started, self._milliseconds(runs.c.started_at, runs.c.finished_at)), else_=_ZERO)),
        )
        return select(start, *parts, *sums).group_by(start, *parts)

    def _start(self, column: Column[datetime], bucket: Bucket) -> ColumnElement[datetime]:
        """Return when the stretch began that holds an instant; without parameters, so that it can be grouped by."""
        if self._connection.dialect.name != "sqlite":
            return func.date_trunc(literal_column(f"'{bucket}'"), column, literal_column("'UTC'"), type_=Instant())
        micros = type_coerce(column, BigInteger())
        length = literal_column(str(bucket.length // timedelta(microseconds=1)), BigInteger())
        return type_coerce(micros - micros % length, Instant())

    def _milliseconds(self, since: Column[Any], until: Column[Any]) -> ColumnElement[int]:
        """Return the whole milliseconds between two instants; none when they are the other way round."""
        if self._connection.dialect.name != "sqlite":
            seconds: ColumnElement[Any] = extract("epoch", until - since)
            return func.greatest(_ZERO, func.floor(seconds * literal_column("1000")))
        micros = type_coerce(until, BigInteger()) - type_coerce(since, BigInteger())
        return func.max(_ZERO, micros / literal_column("1000"))


def _whole_hour(moment: datetime) -> datetime:
    """Return the first full hour at or after a moment."""
    start = Bucket.HOUR.start_of(moment)
    return start if start == moment else start + _HOUR


def _how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
    return _total(case((condition, literal_column("1")), else_=_ZERO))


def _total(amount: ColumnElement[Any]) -> ColumnElement[int]:
    return cast(func.sum(amount), BigInteger)


def _bucket_of(key: tuple[Any, ...], wanted: Sequence[CountBy], sums: Sequence[int]) -> RunCountBucket:
    parts: dict[str, Any] = {dimension.value: value for dimension, value in zip(wanted, key[1:], strict=True)}
    if CountBy.STATUS in wanted:
        parts["status"] = RunStatus(parts["status"])
    count, started, first_starts, delay_ms, took_ms = sums
    return RunCountBucket(
        start=key[0],
        **parts,
        runs=count,
        started=started,
        first_starts=first_starts,
        delay=delay_ms * _MILLISECOND,
        took=took_ms * _MILLISECOND,
    )
