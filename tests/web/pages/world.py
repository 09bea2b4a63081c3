"""A duetime in the middle of its work: accounts, resources, bots, events, history, plugins, some in trouble.

With `mark`, every text that somebody else may have chosen holds it: names, tags, descriptions, reasons, errors.
"""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.bots.document import from_mapping
from duetime.bots.lifecycle import apply_bot, archive_bot, pause_bot
from duetime.bots.planned_run import request_run
from duetime.builtin.harvest import listeners_of
from duetime.core.access import EVERYTHING, Feature, Grant, Grants, Role
from duetime.core.budgets import BudgetKey, Limit
from duetime.core.resources import Account, Resource
from duetime.engine.executors import InlineExecutor
from duetime.engine.worker import Worker, WorkerSettings
from duetime.providers.fake import FakeCloud
from duetime.providers.harvest import harvest_account
from duetime.providers.harvest_options import HarvestOptions
from duetime.store.account_table import Credentials
from duetime.store.plugin_table import PluginState
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.web.access.group_steering import save_group
from duetime.web.access.key_steering import create_key
from duetime.web.access.login_steering import add_login
from duetime.web.pages.paths import account_path, bot_path, resource_path

HERE, THERE = "10", "20"
"""Two accounts; visitors of the first see nothing of the second."""
MOST_STEPS = 200

GREETER = '''
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager


@ScheduledEventManager.register("greeter.greet")
class Greet(ScheduledEventJob):
    """Greets somebody."""
'''
BROKEN = "import there_is_no_such_module\n"


def bot_document(name: str, account: str | None, *, description: str = "", hours: int = 12) -> dict[str, object]:
    """Return a bot that stops development instances of an account, or of all of them."""
    return {
        "name": name,
        "description": description,
        "category": "Cost",
        "severity": "medium",
        "scope": {"resource_types": ["instance"], **({} if account is None else {"accounts": [account]})},
        "filters": [{"uid": "duetime.filter.tag", "settings": {"key": "env", "values": ["dev"]}}],
        "actions": [
            {
                "uid": "duetime.action.schedule_event",
                "settings": {"event_type": "divvy.stop_resource", "after": f"{hours}h"},
            }
        ],
        "schedule": {"_type": "daily", "time_of_day": "19:00", "timezone": "Europe/Berlin"},
    }


@dataclass
class World:
    """What there is.

    Attributes:
        mark: stands in every text that somebody else may have chosen.
    """

    app: App
    cloud: FakeCloud
    clock: ManualClock
    mark: str = ""
    here: list[Resource] = field(default_factory=list)
    there: list[Resource] = field(default_factory=list)

    @cached_property
    def worker(self) -> Worker:
        """A worker that does what it is told, in the test's own thread; it takes the place of the one before."""
        with self.app.store.write() as tx:
            for session in tx.sessions.alive():
                tx.sessions.stop(session.session_id)
        return self.app.worker(settings=WorkerSettings(), executor=InlineExecutor())

    def work(self) -> None:
        """Let a worker run whatever is due now."""
        with self.app.current():
            self.worker.plugins.round()
            self.worker.heartbeat.round()
            for _ in range(MOST_STEPS):
                delay = self.worker.dispatcher.round()
                if delay > 0 and not self.worker.outbox.flush():
                    return
        raise AssertionError

    def fill(self) -> "World":
        """Put everything there."""
        self._accounts()
        self.work()
        self._bots()
        self._events()
        self.work()
        self._trouble()
        self._access()
        return self

    def _accounts(self) -> None:
        for account, mine in ((HERE, self.here), (THERE, self.there)):
            for number in range(6):
                mine.append(
                    self.cloud.add(
                        name=f"build-{account}-{number}{self.mark}",
                        account=account,
                        region="us-east-1" if number % 2 else "eu-central-1",
                        state="running" if number else "stopped",
                        tags={"env": "dev" if number < 4 else "prod", "owner": f"ann{self.mark}"},
                        data={"password": "hunter2", "note": f"raw {self.mark}"},
                    )
                )
        badges = {HERE: {"env": "development", f"team{self.mark}": "blue"}, THERE: {"env": "production"}}
        for account in (HERE, THERE):
            known = Account(
                account=account,
                provider="fake",
                name=f"{'Development' if account == HERE else 'Production'}{self.mark}",
                regions=("eu-central-1", "us-east-1"),
                badges=badges[account],
                settings={"profile": f"profile-{account}{self.mark}"},
            )
            with self.app.store.write() as tx:
                tx.accounts.save(known)
            self.app.clouds.refresh()
            harvest_account(
                known,
                store=self.app.store,
                cloud=self.app.clouds,
                options=HarvestOptions(("instance", "volume"), threads=1, actor="seed"),
                listeners=listeners_of(self.app.client),
            )
        with self.app.store.write() as tx:
            tx.groups.save(f"night shift{self.mark}", description="may be stopped at night")
            tx.groups.add(f"night shift{self.mark}", [resource.resource_id for resource in self.here[:3]])

    def _bots(self) -> None:
        client = self.app.client
        nightly = bot_document("nightly-stop", HERE, description=f"Stops development instances{self.mark}")
        apply_bot(client, from_mapping(nightly), actor="web:ann")
        apply_bot(client, from_mapping({**nightly, "severity": "high"}), actor="web:ann")
        noted = {**nightly, "notes": f"Ask the blue team first.\nThey know why.{self.mark}", "severity": "high"}
        apply_bot(client, from_mapping(noted), actor=f"web:bob{self.mark}")
        apply_bot(client, from_mapping(bot_document("production-guard", THERE)), actor="web:ann")
        apply_bot(client, from_mapping(bot_document("everywhere", None)), actor="web:ann")
        apply_bot(client, from_mapping(bot_document(f"weekend{self.mark}", HERE, hours=48)), actor="web:ann")
        pause_bot(client, f"weekend{self.mark}", actor="web:ann", reason=f"holidays{self.mark}")
        apply_bot(client, from_mapping(bot_document("old-one", HERE)), actor="web:ann")
        archive_bot(client, "old-one", actor="web:ann", reason=f"replaced{self.mark}")
        request_run(client, "nightly-stop", actor="web:ann")
        request_run(client, "everywhere", actor="web:ann")
        self.work()

    def _events(self) -> None:
        client, now = self.app.client, self.clock.now()
        for number, resource in enumerate((*self.here, *self.there)):
            for event_type, hours in (("divvy.stop_resource", 5), ("divvy.start_resource", 14)):
                client.schedule(
                    event_type,
                    now + timedelta(hours=hours, minutes=number),
                    resource_id=resource.resource_id,
                    description=f"By hand{self.mark}",
                    actor=f"web:ann{self.mark}",
                )
        first = self.here[1].resource_id
        client.schedule(
            "divvy.start_resource", now + timedelta(hours=12, minutes=2), resource_id=first, actor="web:ann"
        )
        client.schedule("divvy.stop_resource", now, resource_id=self.here[1].resource_id, actor="web:ann")
        client.schedule("divvy.stop_resource", now, resource_id=self.there[1].resource_id, actor="web:ann")
        client.schedule("divvy.stop_resource", now, resource_id="instance:10:us-east-1:i-nothere:", actor="web:ann")
        daily = {"_type": "daily", "time_of_day": "07:30", "timezone": "Europe/Berlin"}
        client.schedule("divvy.start_resource", daily, resource_id=first, description="Every morning", actor="web:ann")
        for minutes in range(3):
            client.schedule(
                f"other.type{self.mark}",
                now - timedelta(minutes=minutes),
                resource_id=self.there[2].resource_id if minutes else self.here[2].resource_id,
                allow_unknown=True,
                actor="web:ann",
            )

    def _trouble(self) -> None:
        with self.app.store.write() as tx:
            tx.accounts.save(Account("30", "fake", name=f"Broken{self.mark}", regions=("eu-central-1",)))
            for _ in range(3):
                tx.accounts.record_harvest(
                    "30", error=f"the key is not valid{self.mark}", credentials=Credentials.REFUSED
                )
            tx.accounts.record_harvest(THERE, error=f"timed out of {THERE}-secret-place{self.mark}")
            part = next(iter(tx.harvests.of_account(THERE)))
            (begun,) = tx.harvests.begin(THERE, [part])
            tx.harvests.fail(begun, error=f"no answer from {THERE}-secret-place{self.mark}")
            limit = Limit(rate=5, burst=10)
            for account in (HERE, THERE):
                key = BudgetKey(account, "us-east-1", "ec2 writes")
                tx.budgets.lease(key, limit=limit, wanted=3)
                tx.budgets.throttled(key, limit=limit, retry_after=timedelta(minutes=2))
            session = next(each for each in tx.sessions.alive())
            tx.plugins.wish("broken", wish="loaded")
            tx.plugins.report(
                PluginState(
                    session.session_id,
                    "broken",
                    1,
                    "failed",
                    f"Plugin broken failed at /plugins/broken/jobs.py:1: no module{self.mark}",
                )
            )

    def _access(self) -> None:
        some = Grant(Feature.EVENTS, Role.EDITOR, frozenset({HERE}), payloads=True)
        with self.app.store.write() as tx:
            said = f"Those who are on call{self.mark}"
            save_group(tx, actor="web:ann", name="operators", grants=Grants((some,)), description=said)
            save_group(tx, actor="web:ann", name="chiefs", grants=EVERYTHING)
            bob = add_login(
                tx, actor="web:ann", login="bob", password_hash="-", name=f"Bob{self.mark}", groups=["operators"]
            )
            add_login(tx, actor="web:ann", login="ann", password_hash="-", groups=["chiefs"])
            limits = Grants((replace(some, payloads=False),))
            create_key(
                tx, actor="web:ann", login=bob, name=f"nightly report{self.mark}", grants=limits, expires_at=None
            )


@dataclass(frozen=True)
class Made:
    """A world that was made once: its database is to be copied.

    Attributes:
        at: the time at which it stands still.
    """

    folder: Path
    at: datetime
    cloud: FakeCloud
    mark: str
    here: list[Resource]
    there: list[Resource]

    @property
    def path(self) -> Path:
        """Where its database is."""
        return self.folder / "world.db"

    def open(self, store: Store) -> App:
        """Return an app on a copy of its database."""
        app = App(
            store,
            clock=store.clock,
            providers={"fake": self.cloud},
            plugin_paths=[self.folder / "plugins"],
            installed_plugins=False,
        )
        publish(app, plugins=True)
        return app

    def around(self, app: App, clock: ManualClock) -> "World":
        """Return the world around such an app."""
        return World(app, self.cloud, clock, self.mark, list(self.here), list(self.there))


def make_world(folder: Path, *, mark: str = "") -> Made:
    """Fill the empty database `world.db` of a folder."""
    plugin = folder / "plugins" / "greeter"
    plugin.mkdir(parents=True)
    (plugin / "jobs.py").write_text(GREETER, encoding="utf-8")
    clock = ManualClock(datetime.now(UTC).replace(microsecond=0))
    with Store(f"sqlite:///{folder / 'world.db'}", clock=clock, durable=False) as store:
        made = Made(folder, clock.now(), FakeCloud(), mark, [], [])
        app = made.open(store)
        World(app, made.cloud, clock, mark, made.here, made.there).fill()
        app.manager.unload_all()
        app.clouds.close()
    return made


def paths_of(world: World) -> tuple[str, ...]:
    """Return the address of every page about this world that a GET shows; see `duetime.web.pages`."""
    mine = world.here[1].resource_id
    paused = f"weekend{world.mark}"
    bots = [
        bot_path("nightly-stop", *more)
        for more in ((), ("events",), ("history",), ("changes",), ("versions",), ("plan",), ("run",), ("pause",))
    ]
    bots += [bot_path("nightly-stop", *more) for more in (("archive",), ("edit",), ("versions", "1", "activate"))]
    return (
        "/resources",
        resource_path(mine),
        "/bots",
        "/bots?status=ARCHIVED",
        "/bots/-/new",
        *bots,
        bot_path("nightly-stop") + "?form=json",
        bot_path("everywhere"),
        bot_path("old-one"),
        bot_path(paused),
        bot_path(paused, "versions"),
        bot_path(paused, "resume"),
        "/plugins",
        "/plugins/greeter/unload",
        "/plugins/greeter/reload",
        "/plugins/broken/load",
        "/system",
        "/system/checkup",
        "/accounts",
        account_path(HERE),
        account_path(THERE),
        account_path("30"),
        "/audit",
        "/audit/chain",
        "/access",
        "/access/new-login",
        "/access/new-group",
        "/access/logins/bob",
        "/access/logins/bob/disable",
        "/access/logins/bob/reset",
        "/access/groups/operators",
        "/access/groups/operators/delete",
        "/access/groups/operators/members/bob/remove",
    )
