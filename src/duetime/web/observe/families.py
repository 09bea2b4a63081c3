"""The metrics, in the terms of Prometheus: names, helps, labels and values. Pure.

Times are seconds, and names say so. Counters of a worker start at nothing when its process does, and have the worker as
a label: add them up with `rate`, which knows what that means. Those of the API budgets are kept in the database.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from importlib.metadata import version

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

from duetime.app.readiness import Unready
from duetime.core.measures import Histogram
from duetime.core.resources import AccountStatus
from duetime.core.statuses import EventStatus
from duetime.store.live_counts import MOST_COUNTED
from duetime.store.session_table import WorkerSession
from duetime.web.observe.snapshot import Snapshot

Rows = Iterable[tuple[Sequence[str], float]]


def of_database(*, is_up: bool, seconds: float, age: float, reason: Unready | None) -> Iterator[Metric]:
    """Yield what is known whether the database answers or not.

    Args:
        is_up: whether it answered.
        seconds: how long everything took to be read.
        age: how long ago that was.
        reason: why duetime is not ready.
    """
    yield InfoMetricFamily("duetime_build", "The version of duetime.", {"version": version("duetime")})
    yield _gauge("duetime_database_up", "Whether the database answered the last reading.", is_up)
    yield _gauge("duetime_reading_seconds", "How long the last reading of these metrics took.", seconds)
    yield _gauge("duetime_reading_age_seconds", "How long ago these metrics were read.", age)
    reasons = [((each.value,), float(each is reason)) for each in Unready]
    yield _gauges("duetime_unready", "Whether /readyz fails for this reason.", ["reason"], reasons)


def of_snapshot(seen: Snapshot) -> Iterator[Metric]:
    """Yield what the database knows."""
    yield from _events(seen)
    yield from _workers(seen)
    yield from _runs(seen)
    yield from _clouds(seen)


def _events(seen: Snapshot) -> Iterator[Metric]:
    yield _gauges(
        "duetime_events",
        f"Events that have not ended, by type and status. Of each, at most {MOST_COUNTED} are counted.",
        ["event_type", "status"],
        [((count.event_type, count.status.value), count.events) for count in seen.counts],
    )
    yield _gauges(
        "duetime_due_events",
        f"Scheduled events whose time has come, by type. Of each, at most {MOST_COUNTED} are counted.",
        ["event_type"],
        [((count.event_type,), count.due) for count in seen.due],
    )
    yield _gauges(
        "duetime_due_age_seconds",
        "How long the oldest due event of a type has been due; 0 when none is.",
        ["event_type"],
        [((count.event_type,), _age(seen, count.earliest_ready_at)) for count in seen.due],
    )
    oldest = seen.readiness.oldest_due_at
    yield _gauge(
        "duetime_oldest_due_age_seconds",
        "How long the oldest due event that somebody could run has been due; 0 when none is.",
        0 if oldest is None else _age(seen, oldest),
    )
    waiting = [
        ((count.event_type,), count.events)
        for count in seen.counts
        if count.status is EventStatus.SCHEDULED and count.event_type not in seen.handled
    ]
    yield _gauges(
        "duetime_waiting_events",
        "Scheduled events of types that no living worker could run; none while no worker lives at all.",
        ["event_type"],
        waiting if seen.beating else [],
    )


def _workers(seen: Snapshot) -> Iterator[Metric]:
    states = Counter(_state(seen, session) for session in seen.sessions)
    yield _gauges(
        "duetime_workers",
        "Workers: that beat; that are silent for longer than their lease; that were declared lost within ten minutes.",
        ["state"],
        [((state,), states[state]) for state in ("beating", "silent", "lost")],
    )
    living = [session for session in seen.sessions if session.status == "alive"]
    yield _gauges(
        "duetime_worker_beat_age_seconds",
        "How long ago a worker was heard of.",
        ["worker"],
        [((session.worker,), _age(seen, session.beat_at)) for session in living],
    )
    yield _gauges(
        "duetime_worker_clock_offset_seconds",
        "How far the database's clock was ahead of a worker's.",
        ["worker"],
        [((session.worker,), session.clock_offset_ms / 1000) for session in living],
    )
    beating = [(session, measures) for session, measures in seen.measured if session.is_beating(now=seen.now)]
    slots = [((session.worker,), session.slots) for session, _ in beating]
    yield _gauges("duetime_worker_slots", "How many units of work a worker runs at once.", ["worker"], slots)
    busy = [((session.worker,), measures.slots_busy) for session, measures in beating]
    yield _gauges("duetime_worker_busy_slots", "Slots that had work at the last beat.", ["worker"], busy)
    stuck = [((session.worker,), measures.slots_stuck) for session, measures in beating]
    yield _gauges("duetime_worker_stuck_slots", "Slots whose job overstayed and never returned.", ["worker"], stuck)


def _runs(seen: Snapshot) -> Iterator[Metric]:
    runs = CounterMetricFamily(
        "duetime_runs", "Runs that ended in a worker.", labels=["worker", "event_type", "status"]
    )
    claimed = CounterMetricFamily("duetime_claimed_events", "Events that a worker has claimed.", labels=["worker"])
    histograms = {
        "start_delay": _histogram("duetime_start_delay_seconds", "From when an attempt may start to its job's call."),
        "duration": _histogram("duetime_run_duration_seconds", "How long job calls took."),
        "claim_time": _histogram("duetime_claim_duration_seconds", "How long claiming transactions took."),
        "finish_time": _histogram("duetime_finish_duration_seconds", "How long writing a batch of endings took."),
    }
    for session, measures in seen.measured:
        for (event_type, status), count in sorted(measures.runs.items()):
            runs.add_metric([session.worker, event_type, status], count)
        claimed.add_metric([session.worker], measures.claimed)
        for name, family in histograms.items():
            counted: Histogram = getattr(measures, name)
            family.add_metric([session.worker], list(counted.cumulative()), counted.total)
    yield runs
    yield claimed
    yield from histograms.values()


def _clouds(seen: Snapshot) -> Iterator[Metric]:
    labels = ["account", "region", "family"]
    calls = CounterMetricFamily("duetime_api_calls", "Calls to clouds, by what they are budgeted with.", labels=labels)
    throttles = CounterMetricFamily("duetime_api_throttles", "Calls that a cloud refused as too many.", labels=labels)
    for key, budget in seen.budgets:
        calls.add_metric(list(key), budget.calls)
        throttles.add_metric(list(key), budget.throttles)
    yield calls
    yield throttles
    yield _gauges(
        "duetime_api_allowed_calls_per_second",
        "How many calls a second are allowed now; refusals lower it, and time brings it back.",
        labels,
        [(list(key), budget.rate) for key, budget in seen.budgets],
    )
    harvested = [account for account in seen.accounts if account.harvested_at is not None]
    yield _gauges(
        "duetime_harvest_age_seconds",
        "How long ago an account's last complete harvest ended; absent before the first.",
        ["account"],
        [((each.account,), _age(seen, each.harvested_at or seen.now)) for each in harvested],
    )
    yield _gauges(
        "duetime_harvest_failures",
        "How many harvests of an account have failed one after the other.",
        ["account"],
        [((account.account,), account.failures) for account in seen.accounts],
    )
    yield _gauges(
        "duetime_account_valid",
        "Whether the credentials of an account serve.",
        ["account"],
        [((account.account,), account.status is AccountStatus.VALID) for account in seen.accounts],
    )
    plugins = Counter((state.plugin, state.state) for state in seen.plugins)
    yield _gauges(
        "duetime_plugin_workers",
        "How many workers have a plugin in this state.",
        ["plugin", "state"],
        [(kind, count) for kind, count in sorted(plugins.items())],
    )


def _state(seen: Snapshot, session: WorkerSession) -> str:
    if session.status != "alive":
        return session.status
    return "beating" if session.is_beating(now=seen.now) else "silent"


def _age(seen: Snapshot, moment: datetime) -> float:
    return max((seen.now - moment).total_seconds(), 0.0)


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(name, text, value=float(value))


def _gauges(name: str, text: str, labels: Sequence[str], rows: Rows) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in rows:
        family.add_metric(list(values), float(value))
    return family


def _histogram(name: str, text: str) -> HistogramMetricFamily:
    return HistogramMetricFamily(name, text, labels=["worker"])
