"""duetime over the fleet: a bot's events, all due at one moment."""

import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.fleet.endpoint import REGIONS, Endpoint, Figures
from benchmarks.fleet.fleet_worker import fleet_app
from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.bots.document import from_mapping
from duetime.bots.lifecycle import apply_bot
from duetime.bots.planned_run import request_run
from duetime.core.clock import SystemClock
from duetime.core.resources import Account
from duetime.core.statuses import RunStatus
from duetime.providers.harvest import harvest_accounts
from duetime.providers.harvest_options import HarvestOptions
from duetime.store.run_table import RunQuery
from duetime.store.schema import upgrade


class Outcome(NamedTuple):
    """What one run came to.

    Attributes:
        seconds: from the due time to the last stop.
        succeeded: events that history calls succeeded.
    """

    seconds: float
    figures: Figures
    succeeded: int


def run(
    endpoint: Endpoint, *, event_type: str, workers: int, slots: int, lead_seconds: float, give_up_after: float
) -> Outcome:
    """Let a bot schedule a stop of everything for one moment, and watch until it is done.

    Args:
        endpoint: where everything is.
        event_type: how it is stopped.
        workers: how many processes run events.
        slots: of each.
        lead_seconds: how far ahead that moment lies when the bot is asked to run; its run must be over by then.
        give_up_after: seconds after that moment.
    """
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'fleet.db'}"
        with closing(fleet_app(url)) as app:
            upgrade(app.store.engine)
            publish(app, plugins=False)
            _harvest(app, endpoint)
            due_at = app.store.now() + timedelta(seconds=lead_seconds)
            with _working(url, workers=workers, slots=slots):
                _let_a_bot_ask(app, event_type, due_at)
                _await(lambda: _scheduled(app, event_type) == endpoint.total, seconds=0.9 * lead_seconds)
                endpoint.reset()
                _sleep_until(app, due_at)
                _await(lambda: endpoint.figures().stopped == endpoint.total, seconds=give_up_after)
                _await(lambda: _succeeded(app, event_type) == endpoint.total, seconds=30)
            succeeded = _succeeded(app, event_type)
    figures = endpoint.figures()
    return Outcome((figures.last_stop_at or 0) - due_at.timestamp(), figures, succeeded)


def _harvest(app: App, endpoint: Endpoint) -> None:
    accounts = [
        Account(
            account,
            provider="aws",
            regions=REGIONS,
            settings={"endpoint_url": endpoint.url_of(account), "dummy_credentials": True},
        )
        for account in endpoint.accounts
    ]
    with app.store.write() as tx:
        for account in accounts:
            tx.accounts.save(account)
    harvest_accounts(accounts, store=app.store, cloud=app.clouds, options=HarvestOptions(resource_types=("instance",)))


def _let_a_bot_ask(app: App, event_type: str, due_at: datetime) -> None:
    definition = from_mapping(
        {
            "name": "nightly",
            "scope": {"resource_types": ["instance"]},
            "filters": [{"uid": "duetime.filter.tag", "settings": {"key": "env", "equals": "dev"}}],
            "actions": [
                {
                    "uid": "duetime.action.schedule_event",
                    "settings": {"event_type": event_type, "at": due_at.isoformat(), "recheck": True},
                }
            ],
        }
    )
    apply_bot(app.client, definition)
    request_run(app.client, definition.name)


@contextmanager
def _working(url: str, *, workers: int, slots: int) -> Iterator[None]:
    command = [sys.executable, "-m", "benchmarks.fleet.fleet_worker", url, str(slots)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(workers)]
    try:
        yield
    finally:
        for process in processes:
            process.communicate()


def _scheduled(app: App, event_type: str) -> int:
    with app.store.read() as tx:
        counts = tx.events.scheduled_by_type(now=tx.now)
    return sum(count.scheduled for count in counts if count.event_type == event_type)


def _succeeded(app: App, event_type: str) -> int:
    with app.store.read() as tx:
        counts = tx.runs.counts(RunQuery(event_type=event_type))
    return sum(count.runs for count in counts if count.status is RunStatus.SUCCEEDED)


def _await(is_so: Callable[[], bool], *, seconds: float) -> None:
    clock = SystemClock()
    pause = threading.Event()
    deadline = clock.monotonic() + seconds
    while not is_so() and clock.monotonic() < deadline:
        clock.wait(pause, seconds=0.2)


def _sleep_until(app: App, moment: datetime) -> None:
    SystemClock().wait(threading.Event(), seconds=max(0.0, (moment - app.store.now()).total_seconds()))
