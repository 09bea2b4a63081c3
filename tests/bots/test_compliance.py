"""Pending events whose reason has gone, on both databases."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from duetime.bots.compliance import Judged, cancel_compliant, judge_events, judge_flagged
from duetime.bots.registration import FilterRegistryWrapper
from duetime.builtin import filters
from duetime.core.bots import ActionUse, Bot, BotDefinition, FilterUse, Scope
from duetime.core.errors import Invalid
from duetime.core.event_types import EventType
from duetime.core.events import NewEvent
from duetime.core.predicates import Asked
from duetime.core.registration import Registries
from duetime.core.resources import Account, Resource
from duetime.core.statuses import Wish
from duetime.schedule import Once
from duetime.store.hot_path import Want
from duetime.store.store import Store

HOUR = timedelta(hours=1)
STOP = "divvy.stop_resource"
DEV = FilterUse("duetime.filter.tag", {"key": "env", "equals": "dev"})
RUNNING = FilterUse("duetime.filter.state", {"values": ["running"]})
Make = Callable[..., Resource]


class World:
    """A bot, its pending events, and an inventory."""

    def __init__(self, store: Store, registries: Registries, make: Make) -> None:
        self.store = store
        self.registries = registries
        self.make = make

    def save(self, **parts: Any) -> Bot:
        usual: dict[str, Any] = {"name": "nightly", "filters": (DEV,), "exempt_tags": ("keep",)}
        with self.store.write() as tx:
            return tx.bots.save(BotDefinition(**(usual | parts)))[0]

    def resource(self, name: str = "i-1", **parts: Any) -> Resource:
        found = self.make(name, **({"tags": {"env": "dev"}, "state": "running"} | parts))
        with self.store.write() as tx:
            tx.resources.save([found])
        return found

    def schedule(self, bot: Bot, name: str = "i-1", *, flagged: bool = True, event_type: str = STOP) -> int:
        new = NewEvent(
            event_type=event_type,
            schedule=Once(when=self.store.now() + HOUR),
            due_at=self.store.now() + HOUR,
            resource_id=self.make(name).resource_id,
            bot_id=bot.bot_id,
            cancel_when_compliant=flagged,
        )
        with self.store.write() as tx:
            return tx.events.add(new, now=tx.now)

    def cancel(self, bot: Bot | None = None, names: Sequence[str] | None = None, **more: Any) -> int:
        ids = None if names is None else [self.make(name).resource_id for name in names]
        with self.store.write() as tx:
            return cancel_compliant(
                tx, registries=self.registries, bot=bot, resource_ids=ids, now=self.store.now(), **more
            )

    def judged(self, bot: Bot, **more: Any) -> Judged:
        with self.store.read() as tx:
            return judge_flagged(tx, registries=self.registries, bot=bot, now=self.store.now(), **more)

    def stands(self, event_id: int) -> tuple[str, str]:
        with self.store.read() as tx:
            event = tx.events.get(event_id)
        return event.status.value, event.status_reason


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest) -> Store:
    found: Store = request.getfixturevalue(f"{request.param}_store")
    with found.write() as tx:
        tx.event_types.publish([EventType(STOP, plugin="builtin", changes=("state",))])
    return found


@pytest.fixture
def world(store: Store, registries: Registries, load: Callable[..., None], make: Make) -> World:
    load(filters)
    return World(store, registries, make)


WANTED = ("scheduled", "")


@pytest.mark.parametrize("by_harvest", [False, True], ids=["bot run", "harvest"])
@pytest.mark.parametrize(
    ("now", "reason"),
    [
        ({}, None),
        ({"tags": {"env": "prod"}}, "no longer matches bot nightly: wants tag env = dev, but it is prod"),
        ({"tags": {"env": "dev", "keep": ""}}, "exempt by tag keep"),
        ({"tags": {"env": "prod", "keep": "1"}}, "exempt by tag keep"),
        # A stop changes the state itself, so that is not asked again.
        ({"state": "stopped"}, None),
    ],
)
def test_an_event_is_cancelled_once_its_reason_has_gone(
    world: World, now: dict[str, Any], reason: str | None, by_harvest: bool
) -> None:
    bot = world.save(filters=(DEV, RUNNING))
    world.resource("i-2", tags={"env": "prod"})
    event, untouched = world.schedule(bot), world.schedule(bot, "i-2", flagged=False)
    world.resource(**now)
    cancelled = world.cancel(names=["i-1", "i-2"]) if by_harvest else world.cancel(bot)
    assert cancelled == (reason is not None)
    assert world.stands(event) == (WANTED if reason is None else ("cancelled", reason))
    assert world.stands(untouched) == WANTED


def test_what_is_gone_is_cancelled_and_what_was_never_seen_is_not(world: World) -> None:
    bot = world.save()
    gone, unseen = world.schedule(bot), world.schedule(bot, "i-9")
    world.resource()
    with world.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE resources SET gone_at = harvested_at")
    assert world.cancel(names=["i-1", "i-9"]) == 1
    assert world.stands(gone) == ("cancelled", "resource is gone")
    assert world.stands(unseen) == WANTED
    (unsure,) = world.judged(bot).unsure
    assert (unsure[0].event_id, unsure[1]) == (unseen, "the inventory has never seen its resource")


def test_held_and_paused_ones_are_cancelled_and_a_running_one_is_asked_to_end(world: World) -> None:
    bot = world.save()
    paused, held, running = (world.schedule(bot) for _ in range(3))
    with world.store.write() as tx:
        tx.verbs.pause(paused, actor="ann")
        session = tx.sessions.open(worker="here", lease_seconds=30, slots=1)
    with world.store.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE events SET status = 'held' WHERE event_id = {held}")
        connection.exec_driver_sql(f"UPDATE events SET ready_at = created_at WHERE event_id = {running}")
    with world.store.write() as tx:
        (claim,) = tx.claims.take(session_id=session, wants=[Want(STOP, 1)], most=1)
        assert claim.event_id == running
    world.resource(tags={})
    assert world.cancel(bot) == 3
    assert [world.stands(event)[0] for event in (paused, held, running)] == ["cancelled", "cancelled", "running"]
    with world.store.read() as tx:
        assert tx.events.get(running).wish is Wish.CANCEL


@pytest.mark.parametrize("broken", [FilterUse("custom.filter"), FilterUse("duetime.filter.tag", {"key": 5})])
def test_filters_that_cannot_be_asked_cancel_nothing(world: World, broken: FilterUse) -> None:
    bot = world.save(filters=(broken,))
    other = world.save(name="other")
    world.resource(tags={"env": "prod"})
    event, others = world.schedule(bot), world.schedule(other)
    assert world.cancel(bot) == 0
    assert world.cancel(names=["i-1"]) == 1
    assert world.stands(event) == WANTED
    assert world.stands(others)[0] == "cancelled"


def test_a_stale_inventory_cancels_nothing_unless_a_harvest_has_just_read_it(world: World, clock: Any) -> None:
    bot = world.save()
    with world.store.write() as tx:
        tx.accounts.save(Account("10", "fake"))
        tx.accounts.record_harvest("10")
    world.resource(tags={"env": "prod"})
    event = world.schedule(bot)
    clock.moment += timedelta(hours=25)
    assert world.cancel(bot, max_age=timedelta(hours=24)) == 0
    ((_, reason),) = world.judged(bot, max_age=timedelta(hours=24)).unsure
    assert reason == "account 10: its inventory is 1 d 1 h old; the limit is 1 d"
    assert world.cancel(bot=replace(bot, definition=replace(bot.definition, max_inventory_age=HOUR))) == 0
    assert world.stands(event) == WANTED
    assert world.cancel(names=["i-1"], max_age=timedelta(hours=24)) == 1


def test_an_unregistered_account_is_as_old_as_the_reading(world: World) -> None:
    bot = world.save()
    old = world.store.now() - timedelta(hours=25)
    world.resource("i-1", tags={}, harvested_at=old)
    world.resource("i-2", tags={})
    events = [world.schedule(bot, name) for name in ("i-1", "i-2")]
    assert world.cancel(bot, max_age=timedelta(hours=24)) == 1
    assert [world.stands(event)[0] for event in events] == ["scheduled", "cancelled"]


def test_refused_credentials_cancel_nothing(world: World) -> None:
    bot = world.save()
    with world.store.write() as tx:
        tx.accounts.save(Account("10", "fake"))
        tx.accounts.record_harvest("10")
    with world.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE accounts SET status = 'invalid', last_error = 'AccessDenied'")
    world.resource(tags={})
    world.schedule(bot)
    ((_, reason),) = world.judged(bot).unsure
    assert reason == "account 10: its credentials are refused: AccessDenied"


def test_scope_and_groups_are_asked_too(world: World) -> None:
    bot = world.save(scope=Scope(groups=("web",)))
    inside, outside = world.resource("i-1"), world.resource("i-2")
    events = [world.schedule(bot, name) for name in ("i-1", "i-2")]
    assert world.cancel(bot) == 0  # there is no such group, so nobody can say
    with world.store.write() as tx:
        tx.groups.save("web")
        tx.groups.add("web", [inside.resource_id])
    assert world.cancel(bot) == 1
    assert [world.stands(event)[0] for event in events] == ["scheduled", "cancelled"]
    assert outside.resource_id not in {event.resource_id for event, _ in world.judged(bot).unwanted}


def test_an_action_for_what_does_not_match_wants_the_contrary(world: World) -> None:
    use = ActionUse("duetime.action.schedule_event", {"event_type": STOP}, on_match=False)
    bot = world.save(actions=(use,))
    world.resource("i-1", tags={"env": "prod"})
    matching = world.resource("i-2")
    events = [world.schedule(bot, name) for name in ("i-1", "i-2")]
    judged = world.judged(bot, known_to_match={matching.resource_id})
    assert [event.event_id for event, _ in judged.unwanted] == [events[1]]


def test_many_events_are_judged_and_those_known_to_match_are_not_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bot = world.save()
    names = [f"i-{n}" for n in range(1203)]
    with world.store.write() as tx:
        tx.resources.save([world.make(name, tags={"env": "prod"}) for name in names])
    for name in names[:1]:
        world.schedule(bot, name)
    with world.store.write() as tx:
        (event,) = tx.bot_events.of_bot(bot.bot_id)
        many = [event._replace(event_id=n, resource_id=world.make(name).resource_id) for n, name in enumerate(names)]
        judged = judge_events(tx, many, bots={bot.bot_id: bot}, registries=world.registries, now=tx.now)
    assert len(judged.unwanted) == 1203
    (cancellation,) = judged.cancellations(actor="bot:nightly")
    assert cancellation.event_ids == tuple(range(1203))
    known = {world.make("i-0").resource_id}
    assert world.judged(bot, known_to_match=known) == Judged()


def test_events_of_bots_that_are_gone_or_without_a_resource_are_left_alone(world: World) -> None:
    bot = world.save()
    world.resource(tags={})
    event = world.schedule(replace(bot, bot_id=99))
    assert world.cancel(names=["i-1"]) == 0
    assert world.stands(event) == WANTED


def test_somebody_must_be_named(world: World) -> None:
    with pytest.raises(Invalid, match="Name the resources or the bot"):
        world.cancel()


class NobodyAgrees:
    """An answer that rules every resource out."""

    def __call__(self, resources: Sequence[Resource], cloud: Any) -> frozenset[str]:
        return frozenset()


def test_an_answer_does_not_end_what_the_event_type_itself_brought_about(
    world: World, load: Callable[..., None]
) -> None:
    wrapper = FilterRegistryWrapper()
    wrapper.filter(uid="test.asked")(lambda _: Asked("is it so", NobodyAgrees()))
    load(wrapper, owner="plugin b")
    bot = world.save(filters=(DEV, RUNNING, FilterUse("test.asked", {})))
    world.resource(state="stopped")
    world.schedule(bot)
    assert world.judged(bot, known_to_match=()) == Judged()
