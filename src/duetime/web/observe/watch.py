"""What a server keeps to answer monitoring: readings that are taken only so often."""

from dataclasses import dataclass
from datetime import timedelta

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric

from duetime.app.app import App
from duetime.app.readiness import Readiness, Unready, look
from duetime.core.errors import Unavailable
from duetime.web.observe.families import of_database, of_snapshot
from duetime.web.observe.refreshed import Refreshed
from duetime.web.observe.snapshot import Snapshot, take

METRICS_SECONDS = 10.0
READY_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Scrape:
    readiness: Readiness
    snapshot: Snapshot | None
    seconds: float


class Watch:
    """One per server."""

    def __init__(self, app: App, *, overdue_after: timedelta) -> None:
        self._app = app
        self._overdue_after = overdue_after
        self._readiness = Refreshed(self._look, clock=app.clock, seconds=READY_SECONDS)
        self._scrape = Refreshed(self._take, clock=app.clock, seconds=METRICS_SECONDS)

    def readiness(self) -> Readiness:
        """Return whether duetime does its work, as of a second ago."""
        found = self._readiness.get()
        return Readiness(Unready.DATABASE) if found is None else found.value

    def metrics(self) -> bytes:
        """Return the metrics in the text format of Prometheus, as of ten seconds ago."""
        found = self._scrape.get()
        scrape = _Scrape(Readiness(Unready.DATABASE), None, 0.0) if found is None else found.value
        metrics = [
            *of_database(
                is_up=scrape.snapshot is not None,
                seconds=scrape.seconds,
                age=0.0 if found is None else found.age,
                reason=scrape.readiness.reason,
            )
        ]
        if scrape.snapshot is not None:
            metrics += of_snapshot(scrape.snapshot)
        registry = CollectorRegistry()
        registry.register(_Collected(metrics))
        return generate_latest(registry)

    def _look(self) -> Readiness:
        return look(self._app.store, overdue_after=self._overdue_after)

    def _take(self) -> _Scrape:
        began = self._app.clock.monotonic()
        readiness = self._look()
        snapshot = None
        if readiness.reason not in (Unready.DATABASE, Unready.SCHEMA):
            try:
                with self._app.store.read() as tx:
                    snapshot = take(tx, overdue_after=self._overdue_after)
                readiness = snapshot.readiness
            except Unavailable:
                readiness = Readiness(Unready.DATABASE)
        return _Scrape(readiness, snapshot, self._app.clock.monotonic() - began)


class _Collected:
    """Metrics that are there already, as a registry takes them."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> list[Metric]:
        return self._metrics
