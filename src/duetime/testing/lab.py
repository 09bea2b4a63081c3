"""A whole duetime in one thread, in which time passes when it is told to."""

import tempfile
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

import time_machine

from duetime.app.app import App
from duetime.bots.check import check_bot
from duetime.bots.document import BotSource, read_bots
from duetime.bots.lifecycle import apply_bot
from duetime.bots.matching import resolve
from duetime.bots.planned_run import request_run
from duetime.bots.run import find_resources
from duetime.builtin.harvest import listeners_of
from duetime.core.bot_policy import BotPolicy
from duetime.core.bots import Bot
from duetime.core.destinations import Destinations
from duetime.core.errors import Invalid
from duetime.core.events import Event, Run
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus, RunStatus
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import WorkerSettings
from duetime.providers.fake import FakeCloud
from duetime.providers.harvest import harvest_account
from duetime.providers.harvest_options import HarvestOptions
from duetime.scheduling.client import Client
from duetime.store.event_table import EventQuery
from duetime.store.run_table import RunQuery
from duetime.store.schema import upgrade
from duetime.store.store import Store
from duetime.testing.clock import ManualClock

_EVERYTHING = 1_000_000
_MOST_STEPS = 2_000


class BotRun(NamedTuple):
    """What a bot found when it ran."""

    matches: tuple[Resource, ...]
    non_matches: tuple[Resource, ...]


class Lab:
    """Runs bots, events and plugins on a virtual clock, a fake cloud and a database that is thrown away.

    Everything runs in the caller's thread and in the order of its due times; nothing sleeps. Code that reads the
    system's clock itself sees the lab's time too.

        with Lab(plugins=["my_plugin"], now=datetime(2026, 1, 31, 12, tzinfo=UTC)) as lab:
            lab.cloud.add(resource_type="instance", name="web-1", account="1", region="eu-west-1", state="running")
            lab.harvest()
            lab.apply("bots/nightly.yaml")
            lab.run_bot("nightly-stop")
            lab.advance(hours=12)

    Attributes:
        cloud: the fake cloud, with `add`, states and scripted faults.
        client: schedules and steers events by hand.
        app: everything else.
    """

    def __init__(
        self,
        *,
        plugins: Iterable[str | Path] = (),
        now: datetime | None = None,
        bot_policy: BotPolicy = BotPolicy(),  # noqa: B008 - frozen
        destinations: Destinations | None = None,
    ) -> None:
        """Make a lab.

        Args:
            plugins: folders of plugins to load.
            now: the lab's time at first.
            bot_policy: what holds for all bots; as given, the inventory may be as old as it is.
            destinations: where messages go, by name.
        """
        self._destinations = destinations
        self._bot_policy = bot_policy
        start = now or datetime.now(UTC)
        self.clock = ManualClock(start if start.tzinfo is not None else start.replace(tzinfo=UTC))
        self.cloud = FakeCloud()
        self._plugins = tuple(Path(path) for path in plugins)
        self._stack = ExitStack()
        self._travel = time_machine.travel(self.clock.now(), tick=False)

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="duetime-lab-"))
            store = stack.enter_context(Store(f"sqlite:///{Path(folder) / 'lab.db'}", clock=self.clock, durable=False))
            upgrade(store.engine)
            self._traveller = stack.enter_context(self._travel)
            self.app = App(
                store,
                clock=self.clock,
                providers={"fake": self.cloud},
                plugin_paths=self._plugins,
                installed_plugins=False,
                bot_policy=self._bot_policy,
                destinations=self._destinations,
            )
            self._worker = self.app.worker(settings=WorkerSettings(), executor=InlineExecutor())
            stack.enter_context(self.app.current())
            stack.callback(self.app.manager.unload_all)
            self.reconcile_plugins()
            self._worker.heartbeat.round()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def client(self) -> Client:
        return self.app.client

    @property
    def now(self) -> datetime:
        """The lab's time."""
        return self.clock.now()

    def harvest(self) -> int:
        """Read the fake cloud into the inventory; return how many resources there are.

        From the second time on, changes trigger bots and are told to plugins' handlers.
        """
        accounts = self.cloud.accounts()
        with self.app.store.read() as tx:
            known = {account.account: account for account in tx.accounts.all()}
            _, harvested_types = tx.resources.regions_and_types()
        types = sorted({resource.resource_type for resource in self.cloud.resources()} | harvested_types)
        for account in accounts.values():
            if account.account not in known or set(known[account.account].regions) != set(account.regions):
                with self.app.store.write() as tx:
                    tx.accounts.save(account)
        self.app.clouds.refresh()
        seen = 0
        for account in {**known, **accounts}.values():
            parts = harvest_account(
                account,
                store=self.app.store,
                cloud=self.app.clouds,
                options=HarvestOptions(tuple(types), threads=1, actor="lab"),
                listeners=listeners_of(self.client),
            )
            seen += sum(part.seen for part in parts)
        return seen

    def apply(self, bots: BotSource) -> tuple[Bot, ...]:
        """Apply bots: a path, YAML text, a dict, a list of dicts, or definitions.

        Raises:
            InvalidDocument: a bot does not say what it must, or names a filter or action that is not loaded.
        """
        written = read_bots(bots)
        for bot in written:
            check_bot(bot, registries=self.app.registries, event_types=tuple(self.client.event_types()))
        return tuple(apply_bot(self.client, bot.definition, actor="lab").bot for bot in written)

    def run_bot(self, name: str) -> BotRun:
        """Run a bot now; return what it found. What its actions scheduled stands in `events()`."""
        with self.app.store.read() as tx:
            bot = tx.bots.by_name(name)
            resolved = resolve(bot.definition, self.app.registries)
            found = find_resources(bot, resolved, inventory=tx.resources, accounts=tx.accounts.all(), complement=True)
        request_run(self.client, name, actor="lab")
        self.settle()
        return BotRun(found.matches, found.non_matches or ())

    def advance(
        self, *, weeks: float = 0, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> None:
        """Let time pass, and run everything that falls due on the way, in order."""
        self.run_until(self.now + timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds))

    def run_until(self, when: datetime) -> None:
        """Let time pass until `when`, and run everything that falls due on the way, in order.

        Args:
            when: an aware instant, not in the lab's past; a naive one is taken as UTC.

        Raises:
            Invalid: it is in the past, or what runs keeps falling due without time passing.
        """
        if when.tzinfo is None:
            when = when.replace(tzinfo=UTC)
        if when < self.now:
            message = f"The lab's time is {self.now}; it cannot run until {when}, which is before."
            raise Invalid(message)
        self.settle()
        while (due_at := self._next_due()) is not None and due_at <= when:
            self._move_to(max(due_at, self.now))
            self.settle()
        self._move_to(when)
        self.settle()

    def settle(self) -> None:
        """Run everything that is due now."""
        session = self._worker.session
        if session.session_id is None or not session.may_start(session.session_id):
            self._worker.heartbeat.round()  # a job waited on the lab's clock for longer than a lease
        for _ in range(_MOST_STEPS):
            delay = self._worker.dispatcher.round()
            flushed = self._worker.outbox.flush()
            if delay > 0 and not flushed:
                return
        message = f"Events keep falling due at {self.now} without end; does a job schedule itself for now?"
        raise Invalid(message)

    def events(
        self, *, status: EventStatus | str | None = None, event_type: str | None = None, resource_id: str | None = None
    ) -> list[Event]:
        """Return events in the order in which they were scheduled."""
        statuses = () if status is None else (EventStatus(status),)
        query = EventQuery(statuses=statuses, event_type=event_type, resource_id=resource_id, most=_EVERYTHING)
        with self.app.store.read() as tx:
            return tx.events.find(query)[::-1]

    def runs(
        self,
        *,
        event_id: int | None = None,
        status: RunStatus | str | None = None,
        event_type: str | None = None,
        resource_id: str | None = None,
    ) -> list[Run]:
        """Return the history in the order in which it happened."""
        query = RunQuery(
            event_id=event_id,
            statuses=() if status is None else (RunStatus(status),),
            event_type=event_type,
            resource_id=resource_id,
            most=_EVERYTHING,
        )
        with self.app.store.read() as tx:
            return tx.runs.find(query)[::-1]

    def unload_plugin(self, name: str) -> None:
        """Unload a plugin; its events wait for it."""
        self._wish(name, "unloaded")

    def load_plugin(self, name: str) -> None:
        """Load a plugin, or load it again from its files."""
        self._wish(name, "loaded")

    def reconcile_plugins(self) -> None:
        """Bring the lab to what is wished of its plugins.

        Raises:
            PluginFailed, DuplicateRegistration: a plugin could not be loaded; nothing of it is left.
        """
        self._worker.plugins.round()
        for error in self._worker.plugins.take_errors():
            raise error

    def waiting_for_handler(self) -> Sequence[str]:
        """Return the event types that have scheduled events and nobody to run them."""
        loaded = self._worker.catalogue.handlers()
        with self.app.store.read() as tx:
            return [
                count.event_type
                for count in tx.events.scheduled_by_type(now=self.now)
                if count.event_type not in loaded
            ]

    def _wish(self, name: str, wish: str) -> None:
        with self.app.store.write() as tx:
            tx.plugins.wish(name, wish=wish)
        self.reconcile_plugins()

    def _next_due(self) -> datetime | None:
        with self.app.store.read() as tx:
            return tx.claims.earliest_ready_at(event_types=list(self._worker.catalogue.handlers()))

    def _move_to(self, moment: datetime) -> None:
        self.clock.move_to(moment)
        self._traveller.move_to(moment, tick=False)
