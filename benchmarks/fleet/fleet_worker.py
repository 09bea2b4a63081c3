"""A worker of the benchmark, in a process of its own: `python -m benchmarks.fleet.fleet_worker URL SLOTS`."""

import sys
import threading

from duetime.app.app import App
from duetime.app.logging import configure_logging
from duetime.app.shared_budgets import SharedBudgets
from duetime.builtin.instances import StopResource
from duetime.core.registration import registering_with
from duetime.engine.executors import ThreadExecutor
from duetime.engine.worker import WorkerSettings
from duetime.jobs.registration import ScheduledEventManager
from duetime.providers.aws.provider import AwsProvider
from duetime.store.store import Store

STOP_ONE = "fleet.stop_one"


def fleet_app(url: str) -> App:
    """Return an app on the database that may reach loopback alone, with one more event type."""
    store = Store(url)
    provider = AwsProvider(loopback_only=True, budgets=SharedBudgets(store))
    app = App(store, providers={"aws": provider}, installed_plugins=False)
    with registering_with(app.registries):

        @ScheduledEventManager.register(STOP_ONE)
        class StopOne(StopResource):
            """Stops one resource with a call of its own."""

            max_group = 1

    return app


def main(url: str, slots: int) -> None:
    """Work until standard input ends."""
    configure_logging(level="error")
    app = fleet_app(url)
    worker = app.worker(settings=WorkerSettings(slots=slots, poll_seconds=0.1), executor=ThreadExecutor(slots=slots))

    def stop_with_parent() -> None:
        sys.stdin.read()
        worker.stop()

    threading.Thread(target=stop_with_parent, daemon=True).start()
    worker.run()
    app.close()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
