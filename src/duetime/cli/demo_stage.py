"""The demo's own duetime: a fresh database, a worker in this process, and the simulated cloud as its only account."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.bots.lifecycle import PendingEvents, request_run
from duetime.cli.account_harvest import RESOURCE_TYPES, harvest_all
from duetime.cli.bots import apply_files
from duetime.cli.demo_world import DemoWorld
from duetime.core.bots import Bot
from duetime.core.errors import Conflict, ProviderFailed
from duetime.core.statuses import EventStatus
from duetime.engine.executors import ThreadExecutor
from duetime.engine.worker import Worker, WorkerSettings
from duetime.providers.aws.provider import AwsProvider
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunCount, RunQuery
from duetime.store.schema import upgrade
from duetime.store.store import Store

if TYPE_CHECKING:
    from rich.progress import Progress

DATABASE = Path("duetime-demo.db")
_SLOTS = 8
_ACTOR = "demo"
_MOST_EVENTS = 10_000


class Progressing(NamedTuple):
    """How many events of a type wait, run and have ended."""

    pending: int
    running: int
    done: int
    failed: int


class Stage:
    """Everything that the demo moves.

    Attributes:
        app: the duetime of the demo.
    """

    def __init__(self, app: App, *, world: DemoWorld, provider: AwsProvider) -> None:
        self.app = app
        self._world = world
        self._provider = provider
        self._calls_before = 0
        self._bot: Bot | None = None

    def harvest(self, *, bars: "Progress | None") -> int:
        """Register the accounts and read them over HTTP; return how many resources there are."""
        with self.app.store.write() as tx:
            for account in self._world.accounts():
                tx.accounts.save(account)
        harvested, failures = harvest_all(self.app, self._world.accounts(), resource_types=RESOURCE_TYPES, bars=bars)
        for problem in failures.values():
            raise ProviderFailed("The simulated AWS", problem.rstrip("."))
        self._calls_before = self.calls
        return sum(part.seen for part in harvested)

    def apply_bot(self) -> Bot:
        """Apply the demo's bot from its file, as `duetime bots apply` does."""
        with as_file(files("duetime.cli") / "demo_bot.yaml") as path:
            applied = apply_files([path], client=self.app.client, pending=PendingEvents.KEEP, actor=_ACTOR)
        self._bot = applied[0].bot
        return self._bot

    def run_bot(self) -> int:
        """Ask for a run of the bot; return its event."""
        return request_run(self.app.client, self._require_bot().name, actor=_ACTOR).event_id

    def progress(self) -> dict[str, Progressing]:
        """Return where the bot's events stand, by type."""
        with self.app.store.read() as tx:
            events = tx.events.find(EventQuery(bot_id=self._require_bot().bot_id, most=_MOST_EVENTS))
        counts: dict[str, Counter[EventStatus]] = {}
        for event in sorted(events, key=lambda event: event.event_id):
            counts.setdefault(event.event_type, Counter())[event.status] += 1
        return {event_type: _progressing(statuses) for event_type, statuses in counts.items()}

    def run_counts(self) -> list[RunCount]:
        """Return how many runs there are by type and status."""
        with self.app.store.read() as tx:
            return tx.runs.counts(RunQuery())

    @property
    def calls(self) -> int:
        """How many requests to AWS the harvest and the worker have made; looking at the result does not count."""
        return sum(self._provider.calls().values())

    @property
    def calls_of_events(self) -> int:
        """How many of them were made for events: fresh reads, stops and starts."""
        return self.calls - self._calls_before

    @contextmanager
    def working(self) -> Iterator[Worker]:
        """Run a worker in a thread of this process while the block runs."""
        worker = self.app.worker(
            settings=WorkerSettings(slots=_SLOTS, poll_seconds=0.2, drain_seconds=5),
            executor=ThreadExecutor(slots=_SLOTS),
        )
        thread = threading.Thread(target=worker.run, name="duetime-demo-worker", daemon=True)
        thread.start()
        try:
            yield worker
        finally:
            worker.stop()
            thread.join()

    def _require_bot(self) -> Bot:
        if self._bot is None:
            message = "the bot is applied before anything is asked of it"
            raise RuntimeError(message)
        return self._bot


@contextmanager
def opened_stage(database: Path, *, world: DemoWorld) -> Iterator[Stage]:
    """Make the demo's database and open its duetime; nothing of the user's settings or plugins takes part."""
    provider = AwsProvider(loopback_only=True)
    app = App(Store(f"sqlite:///{database}"), providers={"aws": provider}, installed_plugins=False)
    with closing(app):
        upgrade(app.store.engine)
        publish(app, plugins=False)
        yield Stage(app, world=world, provider=provider)


def make_room(database: Path) -> None:
    """Remove what an earlier demo has left under its own name; nothing else is ever removed.

    Raises:
        Conflict: the database is there already and may be somebody's.
    """
    if not database.exists():
        return
    if database.absolute() != DATABASE.absolute():
        message = f"{database.absolute()} is there already. Give --database another name, or remove it yourself."
        raise Conflict(message)
    for suffix in ("", "-wal", "-shm"):
        database.with_name(database.name + suffix).unlink(missing_ok=True)


def _progressing(statuses: Counter[EventStatus]) -> Progressing:
    done = statuses[EventStatus.SUCCEEDED]
    running = statuses[EventStatus.RUNNING]
    pending = statuses[EventStatus.SCHEDULED]
    return Progressing(pending, running, done, statuses.total() - done - running - pending)
