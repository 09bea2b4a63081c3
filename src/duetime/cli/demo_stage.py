"""The demo's own duetime: a fresh database, a worker in this process, and the simulated cloud as its only account."""

import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.bots.pending import PendingEvents
from duetime.bots.planned_run import request_run
from duetime.cli.account_harvest import harvest_all
from duetime.cli.bot_apply import apply_files
from duetime.cli.demo_world import DemoWorld
from duetime.core.bots import Bot
from duetime.core.errors import Conflict, ProviderFailed
from duetime.core.events import Event
from duetime.core.statuses import EventStatus, RunStatus
from duetime.engine.executors import ThreadExecutor
from duetime.engine.worker import Worker, WorkerSettings
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.harvest_options import HarvestOptions
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunCount, RunQuery
from duetime.store.schema import upgrade
from duetime.store.store import Store

if TYPE_CHECKING:
    from rich.progress import Progress

DATABASE = Path("duetime-demo.db")
_SLOTS = 8
_ACTOR = "demo"
BOTS = ("dev-night", "clean-up", "public-buckets")
_NIGHTS = frozenset({"DescribeInstances", "StopInstances", "StartInstances"})
_MOST_EVENTS = 10_000


class Progressing(NamedTuple):
    """How many events of a type wait, run and have ended."""

    pending: int
    running: int
    done: int
    cancelled: int
    failed: int


class Kind(NamedTuple):
    """Whose events they are, and of which type."""

    bot: str
    event_type: str


class Stage:
    """Everything that the demo moves.

    Attributes:
        app: the duetime of the demo.
    """

    def __init__(self, app: App, *, harvester: App, world: DemoWorld, provider: AwsProvider) -> None:
        self.app = app
        self._harvester = harvester
        self._world = world
        self._provider = provider
        self._bots: dict[str, Bot] = {}

    def register_accounts(self) -> None:
        """Make the accounts known."""
        with self.app.store.write() as tx:
            for account in self._world.accounts():
                tx.accounts.save(account)

    def harvest(self, *resource_types: str, bars: "Progress | None" = None) -> int:
        """Read the accounts over HTTP, all of them or some types alone; return how many resources there are."""
        options = HarvestOptions(resource_types=resource_types, actor=_ACTOR)
        harvests = harvest_all(self._harvester, self._world.accounts(), options=options, bars=bars)
        for problem in (problem for harvest in harvests for problem in harvest.problems):
            raise ProviderFailed("The simulated AWS", problem.rstrip("."))
        return sum(part.seen for harvest in harvests for part in harvest.parts)

    def apply_bots(self) -> list[Bot]:
        """Apply the demo's bots from their files, as `duetime bots apply` does."""
        with as_file(files("duetime.cli") / "demo_bots") as folder:
            paths = [folder / f"{name}.yaml" for name in BOTS]
            applied = apply_files(paths, client=self.app.client, pending=PendingEvents.KEEP, actor=_ACTOR)
        self._bots = {each.bot.name: each.bot for each in applied}
        return list(self._bots.values())

    def run_bot(self, name: str) -> int:
        """Ask for a run of a bot; return its event."""
        return request_run(self.app.client, name, actor=_ACTOR).event_id

    def run_now(self, event_id: int) -> None:
        """Move an event to now, as `duetime events run` does."""
        self.app.client.run_now(event_id, actor=_ACTOR, reason="why wait")

    def events(self, bot: str, event_type: str | None = None) -> Sequence[Event]:
        """Return a bot's events, the oldest first."""
        query = EventQuery(bot_id=self._bots[bot].bot_id, event_type=event_type, most=_MOST_EVENTS)
        with self.app.store.read() as tx:
            return sorted(tx.events.find(query), key=lambda event: event.event_id)

    def progress(self) -> dict[Kind, Progressing]:
        """Return where the bots' events stand, by bot and type."""
        counts: dict[Kind, Counter[EventStatus]] = {}
        for bot in self._bots:
            for event in self.events(bot):
                counts.setdefault(Kind(bot, event.event_type), Counter())[event.status] += 1
        return {kind: _progressing(statuses) for kind, statuses in counts.items()}

    def run_counts(self) -> list[RunCount]:
        """Return how many runs there are by type and status."""
        with self.app.store.read() as tx:
            return tx.runs.counts(RunQuery())

    def runs_of(self, event_type: str) -> list[str]:
        """Return the ids of the successful runs of a type."""
        with self.app.store.read() as tx:
            runs = tx.runs.find(RunQuery(event_type=event_type, statuses=(RunStatus.SUCCEEDED,)))
        return [run.run_id for run in runs]

    def kinds(self) -> int:
        """Return how many types of resources there are in the inventory."""
        with self.app.store.read() as tx:
            _, types = tx.resources.regions_and_types()
            return len(types)

    @property
    def calls_of_nights(self) -> int:
        """How many requests to AWS the worker has made to stop and start: fresh reads, stops and starts."""
        return sum(count for call, count in self._provider.calls().items() if call.operation in _NIGHTS)

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


@contextmanager
def opened_stage(database: Path, *, world: DemoWorld) -> Iterator[Stage]:
    """Make the demo's database and open its duetime; nothing of the user's settings or plugins takes part."""
    # The harvest has a duetime of its own, as it would in another terminal, and not the provider of the worker: its
    # requests do not count. The world's own has its clients made already, which takes seconds.
    provider, reader = AwsProvider(loopback_only=True), world.provider
    with ExitStack() as closings:
        app, harvester = (
            closings.enter_context(
                closing(App(Store(f"sqlite:///{database}"), providers={"aws": each}, installed_plugins=False))
            )
            for each in (provider, reader)
        )
        upgrade(app.store.engine)
        publish(app, plugins=False)
        yield Stage(app, harvester=harvester, world=world, provider=provider)


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
    cancelled = statuses[EventStatus.CANCELLED]
    return Progressing(pending, running, done, cancelled, statuses.total() - done - running - pending - cancelled)
