"""One duetime: a database, the clouds, what is registered, and how they are put together."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from duetime.app.shared_budgets import SharedBudgets
from duetime.bots.account_guard import AccountGuard
from duetime.bots.guard import MatchGuard
from duetime.bots.owners import AnybodyRegistered, OwnerGuard
from duetime.bots.run_guard import BotRunGuard
from duetime.builtin.modules import MODULES
from duetime.core.bot_policy import BotPolicy
from duetime.core.bots import Bot
from duetime.core.clock import Clock, SystemClock
from duetime.core.destinations import Destinations
from duetime.core.guards import Guard
from duetime.core.registration import Entry, Kind, Registries, registering_with
from duetime.core.resources import Account, Resource
from duetime.core.users import User
from duetime.engine.catalogue import Catalogue
from duetime.engine.executors import Executor
from duetime.engine.outbox import Announce
from duetime.engine.plugin_service import PluginService
from duetime.engine.runner import Ports
from duetime.engine.session import Session
from duetime.engine.worker import Fittings, Worker, WorkerSettings
from duetime.jobs.arguments import MAX_BYTES
from duetime.jobs.describe import event_type_of
from duetime.plugins.discovery import discover
from duetime.plugins.plugin_manager import PluginManager
from duetime.plugins.source import PluginSource
from duetime.providers.aws.provider import AwsProvider
from duetime.providers.clouds import Clouds
from duetime.providers.guard import GoneGuard
from duetime.providers.port import Provider
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.store.store import Store


class Inventory:
    """Reads the inventory in transactions of its own; see `core.run_context.ResourceReader`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def resources(self, resource_ids: Sequence[str]) -> Mapping[str, Resource]:
        with self._store.read() as tx:
            return tx.resources.by_ids(resource_ids)


class App:
    """Everything that one process needs, wired. Nothing happens until something is asked of it.

    Attributes:
        store: the database.
        registries: event types, actions and filters that are registered now.
        client: schedules and steers events.
        manager: the plugins of this process.
        clouds: every account's cloud.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Clock | None = None,
        providers: Mapping[str, Provider] | None = None,
        plugin_paths: Sequence[Path] = (),
        installed_plugins: bool = True,
        max_argument_bytes: int = MAX_BYTES,
        bot_policy: BotPolicy = BotPolicy(),  # noqa: B008 - frozen
        destinations: Destinations | None = None,
    ) -> None:
        self.store = store
        self.clock = clock or SystemClock()
        self.registries = Registries()
        self.manager = PluginManager(self.registries, check=_check)
        self.manager.load_builtin(MODULES)
        self.registries.copy_process_catalogue()
        self.client = Client(
            store,
            registries=self.registries,
            max_argument_bytes=max_argument_bytes,
            bot_policy=bot_policy,
            destinations=destinations,
        )
        self.clouds = Clouds(
            self._accounts,
            providers=providers if providers is not None else {"aws": AwsProvider(budgets=SharedBudgets(store))},
            clock=self.clock,
        )
        self._plugin_paths = tuple(plugin_paths)
        self._installed_plugins = installed_plugins

    def plugin_sources(self) -> Sequence[PluginSource]:
        """Return the plugins that this process can find."""
        return discover(self._plugin_paths, installed=self._installed_plugins)

    def worker(
        self, *, settings: WorkerSettings, executor: Executor, announce: Announce = lambda _endings: None
    ) -> Worker:
        """Return a worker for this app; nothing runs until it is told to.

        Args:
            settings: how it works.
            executor: where its units run.
            announce: told of each batch of endings once they are committed.
        """
        fittings = Fittings(
            ports=Ports(
                client=self.client,
                registries=self.registries,
                cloud=self.clouds,
                inventory=Inventory(self.store),
            ),
            guards=self._guards(),
            manager=self.manager,
            find_plugins=self.plugin_sources,
            announce=announce,
        )
        return Worker(clock=self.clock, settings=settings, fittings=fittings, executor=executor)

    def plugin_service(self) -> PluginService:
        """Return what keeps this process's plugins as the database wishes them, for a process that is no worker."""
        return PluginService(
            clock=self.clock,
            store=self.store,
            session=Session(clock=self.clock, lease_seconds=1),  # never opened: it reports nothing
            manager=self.manager,
            catalogue=Catalogue(self.registries),
            find=self.plugin_sources,
        )

    @contextmanager
    def current(self) -> Iterator[Self]:
        """Make this the app that trackers and registrations in the block act on."""
        with using(self.client), registering_with(self.registries):
            yield self

    def close(self) -> None:
        """Close every connection."""
        self.clouds.close()
        self.store.close()

    def _accounts(self) -> Mapping[str, Account]:
        with self.store.read() as tx:
            return {account.account: account for account in tx.accounts.all()}

    def _guards(self) -> Sequence[Guard]:
        policy = self.client.bot_policy
        return (
            OwnerGuard(
                self._users,
                is_anybody_registered=AnybodyRegistered(self._is_anybody_registered, clock=self.clock),
                only_known=policy.only_known_owners,
            ),
            AccountGuard(self._all_accounts),
            GoneGuard(Inventory(self.store).resources),
            MatchGuard(
                registries=self.registries,
                bot_by_id=self._bot,
                changes_of=self._changes_of,
                accounts=self._all_accounts,
                groups_of=self._groups_of,
                cloud=self.clouds,
            ),
            BotRunGuard(
                registries=self.registries,
                bot_by_id=self._bot,
                accounts=self._all_accounts,
                max_age=policy.max_inventory_age,
            ),
        )

    def _all_accounts(self) -> Sequence[Account]:
        return tuple(self._accounts().values())

    def _is_anybody_registered(self) -> bool:
        with self.store.read() as tx:
            return tx.users.is_any()

    def _users(self, user_resource_ids: Collection[str]) -> Mapping[str, User]:
        with self.store.read() as tx:
            return tx.users.by_ids(user_resource_ids)

    def _groups_of(self, resource_ids: Sequence[str], names: frozenset[str]) -> Mapping[str, frozenset[str]]:
        with self.store.read() as tx:
            tx.groups.require(names)
            return tx.groups.of(resource_ids)

    def _bot(self, bot_id: int) -> Bot | None:
        with self.store.read() as tx:
            return tx.bots.by_id(bot_id)

    def _changes_of(self, event_type: str) -> Sequence[str]:
        with self.store.read() as tx:
            kind = tx.event_types.by_ids([event_type]).get(event_type)
        return () if kind is None else kind.changes


def _check(entry: Entry) -> None:
    """Refuse a job class whose attributes mean nothing, before anything of its plugin is registered."""
    if entry.kind is Kind.EVENT_TYPE:
        event_type_of(entry.name, entry.item, plugin="")
