"""Runs over time as charts: by how they ended, and by their type."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum

from duetime.core.statuses import RunStatus
from duetime.store.run_count_query import Bucket, CountBy, CountQuery, RunCountBucket
from duetime.store.store import Transaction
from duetime.web.pages import paths
from duetime.web.pages.charts import BarChart, Series, bar_chart, by_column
from duetime.web.pages.wording import tone_of, words
from duetime.web.pages.zones import ShownZone

_MOST_TYPES = 5
_OTHERS = "other types"


class Stretch(StrEnum):
    """How far back charts look."""

    DAY = "24h"
    WEEK = "7d"
    MONTH = "30d"

    @property
    def bucket(self) -> Bucket:
        """How long the time of one column is."""
        return Bucket.HOUR if self is Stretch.DAY else Bucket.DAY

    @property
    def columns(self) -> int:
        return {Stretch.DAY: 24, Stretch.WEEK: 7, Stretch.MONTH: 30}[self]


def run_charts(
    tx: Transaction, *, accounts: frozenset[str] | None, stretch: Stretch, zone: ShownZone
) -> tuple[BarChart, BarChart]:
    """Return the runs of some accounts by how they ended, and by their type.

    Args:
        tx: where the history is.
        accounts: only runs for resources in these; None = all runs.
        stretch: how far back.
        zone: in which hours are named. Days are those of UTC, because that is how runs are counted.
    """
    starts = _starts(tx.now, stretch)
    query = CountQuery(since=starts[0], accounts=accounts)
    counts = tx.run_counts.over_time(query, bucket=stretch.bucket, by=(CountBy.TYPE, CountBy.STATUS))
    columns = _names(starts, stretch, zone)
    since = starts[0].isoformat()
    results = bar_chart(f"Runs by result, last {_long(stretch)}", columns, _by_status(counts, starts, since))
    types = bar_chart(f"Runs by type, last {_long(stretch)}", columns, _by_type(counts, starts, since))
    return results, types


def _starts(now: datetime, stretch: Stretch) -> list[datetime]:
    last = stretch.bucket.start_of(now)
    return [last - stretch.bucket.length * back for back in reversed(range(stretch.columns))]


def _names(starts: Sequence[datetime], stretch: Stretch, zone: ShownZone) -> list[str]:
    if stretch is Stretch.DAY:
        return [f"{start.astimezone(zone.info):%H:%M}" for start in starts]
    return [f"{start:%m-%d}" for start in starts]


def _long(stretch: Stretch) -> str:
    return {Stretch.DAY: "24 hours", Stretch.WEEK: "7 days", Stretch.MONTH: "30 days"}[stretch]


def _by_status(counts: Sequence[RunCountBucket], starts: Sequence[datetime], since: str) -> list[Series]:
    places = {start: place for place, start in enumerate(starts)}
    found: Counter[tuple[str, int]] = Counter()
    for count in counts:
        if count.status is not None and count.start in places:
            found[count.status, places[count.start]] += count.runs
    return [
        Series(
            words(status),
            f"tone-{tone_of(status)}-{status}",
            by_column(found, status, len(starts)),
            paths.with_query(paths.HISTORY, status=status, since=since),
        )
        for status in RunStatus
        if any(name == status for name, _ in found)
    ]


def _by_type(counts: Sequence[RunCountBucket], starts: Sequence[datetime], since: str) -> list[Series]:
    places = {start: place for place, start in enumerate(starts)}
    found: Counter[tuple[str, int]] = Counter()
    totals: Counter[str] = Counter()
    for count in counts:
        if count.event_type is not None and count.start in places:
            found[count.event_type, places[count.start]] += count.runs
            totals[count.event_type] += count.runs
    shown = [name for name, _ in sorted(totals.items(), key=lambda each: (-each[1], each[0]))[:_MOST_TYPES]]
    series = [
        Series(
            name,
            f"series-{number}",
            by_column(found, name, len(starts)),
            paths.with_query(paths.HISTORY, type=name, since=since),
        )
        for number, name in enumerate(shown, start=1)
    ]
    rest = [0] * len(starts)
    for (name, place), runs in found.items():
        if name not in shown:
            rest[place] += runs
    return [*series, Series(_OTHERS, "series-other", tuple(rest))] if any(rest) else series
