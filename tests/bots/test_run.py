from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from duetime.bots.action import Action
from duetime.bots.bot_event import BotEvent
from duetime.bots.errors import MissingHandler
from duetime.bots.matching import resolve
from duetime.bots.report import MOST_ERRORS, BotRunReport
from duetime.bots.run import find_resources, run_bot
from duetime.builtin import filters
from duetime.core.bots import ActionUse, Badge, Bot, BotDefinition, FilterUse, Scope
from duetime.core.errors import InvalidSetting
from duetime.core.events import Event
from duetime.core.fields import IntegerField
from duetime.core.predicates import Predicate
from duetime.core.registration import Entry, Kind, Registries
from duetime.core.resources import Account, Resource
from duetime.schedule import Once
from duetime.scheduling.client import Client
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.store import Store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
Make = Callable[..., Resource]
DEV = FilterUse("duetime.filter.tag", {"key": "env", "equals": "dev"})


@pytest.fixture
def inventory(store: Store, make: Make) -> None:
    """Three instances in two environments, a volume, and two instances of another region."""
    with store.write() as tx:
        tx.resources.save(
            [
                make("i-1", tags={"env": "dev"}),
                make("i-2", tags={"env": "dev"}),
                make("i-3", tags={"env": "prod"}),
                make("v-1", resource_type="volume", tags={"env": "dev"}),
                make("i-8", region="eu-west-1", tags={"env": "prod"}),
                make("i-9", region="eu-west-1", tags={"env": "dev"}),
            ]
        )


class Runner:
    """Runs bots of one test over its store, and shows what they scheduled."""

    def __init__(self, store: Store, registries: Registries, events: Callable[[], list[Event]]) -> None:
        self.store = store
        self.registries = registries
        self.events = events

    def action(self, uid: str, function: Callable[..., object], **parts: Any) -> None:
        action = Action(uid=uid, function=function, **parts)
        self.registries.add(Entry(Kind.ACTION, uid, action), owner="tests")

    def bot(self, *actions: str | ActionUse, **parts: Any) -> Bot:
        uses = tuple(ActionUse(use) if isinstance(use, str) else use for use in actions)
        usual: dict[str, Any] = {"scope": Scope(regions=("us-east-1",)), "filters": (DEV,), "actions": uses}
        return Bot(7, BotDefinition("nightly", **(usual | parts)), version=3)

    def run(self, *actions: str | ActionUse, **parts: Any) -> BotRunReport:
        with self.store.read() as tx:
            return run_bot(self.bot(*actions, **parts), registries=self.registries, inventory=tx.resources, accounts=())

    def scheduled(self) -> list[tuple[str, str]]:
        """Return the descriptions and provider ids of all events."""
        return [(event.description, (event.resource_id or "").split(":")[3]) for event in self.events()]


@pytest.fixture
def runner(
    store: Store,
    registries: Registries,
    client: Client,
    inventory: None,
    load: Callable[..., None],
    events: Callable[[], list[Event]],
) -> Runner:
    load(filters)
    return Runner(store, registries, events)


def ids(resources: Sequence[Resource] | None) -> list[str]:
    return [resource.provider_id for resource in resources or ()]


def nothing(*_: object) -> None:
    """Be an action, or a complement, that does nothing."""


def schedule(bot: Bot, resource: Resource, description: str = "") -> None:
    with ScheduledEventTracker() as context:
        context.schedule_bot_event(
            bot=bot,
            resource=resource,
            description=description,
            event_type="divvy.stop_resource",
            schedule_data=Once(when="2026-03-02T19:00:00Z"),
        )


def scheduling(description: str) -> Callable[..., None]:
    """Return a bulk action that schedules an event for every match."""

    def act(bot: Bot, settings: object, matches: Sequence[Resource], non_matches: object) -> None:
        for resource in matches:
            schedule(bot, resource, description)

    return act


def test_a_bulk_action_gets_matches_and_non_matches(runner: Runner) -> None:
    calls: list[Any] = []

    def act(bot: Bot, settings: Mapping[str, Any], matches: Any, non_matches: Any) -> None:
        calls.append((bot.bot_id, bot.name, bot.resource_id, settings, ids(matches), ids(non_matches)))

    fields = [IntegerField(name="days", default=3)]
    runner.action("act", act, bulk_action=True, accepts_complement=True, settings_config=fields)
    report = runner.run("act", ActionUse("act", {"days": 5}))
    assert calls == [
        (7, "nightly", "divvybot:1:7", {"days": 3}, ["i-1", "i-2", "v-1"], ["i-3"]),
        (7, "nightly", "divvybot:1:7", {"days": 5}, ["i-1", "i-2", "v-1"], ["i-3"]),
    ]
    assert (ids(report.matches), ids(report.non_matches)) == (["i-1", "i-2", "v-1"], ["i-3"])
    assert report.to_json() == {
        "bot_id": 7,
        "bot": "nightly",
        "version": 3,
        "matches": 3,
        "non_matches": 1,
        "events": {"schedule": 0, "keep": 0, "replace": 0, "cancel": 0, "drop": 0},
        "left_out": [],
        "actions": [
            {
                "slot": f"{n}:act",
                "uid": "act",
                "matches": 3,
                "non_matches": 1,
                "failed": 0,
                "errors": [],
                "warned": 0,
                "warnings": [],
            }
            for n in range(2)
        ],
    }


def test_non_matches_are_looked_for_only_when_wanted(runner: Runner, store: Store) -> None:
    asked: list[Predicate] = []

    class Counting:
        now = NOW

        def each(self, predicate: Predicate, *, groups: frozenset[str] = frozenset()) -> Iterator[Resource]:
            asked.append(predicate)
            with store.read() as tx:
                return iter(list(tx.resources.each(predicate, groups=groups)))

    given: list[Any] = []
    runner.action("bulk", lambda *given_now: given.append(given_now[3]), bulk_action=True)
    runner.action("each", nothing, accepts_complement=True)
    bot = runner.bot("bulk", "each")
    report = run_bot(bot, registries=runner.registries, inventory=Counting(), accounts=())
    assert len(asked) == 1
    assert report.non_matches is None
    assert given == [[]]
    resolved = resolve(bot.definition, runner.registries)
    found = find_resources(bot, resolved, inventory=Counting(), accounts=(), complement=True)
    assert ids(found.non_matches) == ["i-3"]


def test_one_action_that_wants_the_rest_does_not_give_it_to_the_others(runner: Runner) -> None:
    given: dict[str, Any] = {}
    runner.action("plain", lambda *now: given.update(plain=ids(now[3])), bulk_action=True)
    runner.action("wants", lambda *now: given.update(wants=ids(now[3])), bulk_action=True, accepts_complement=True)
    report = runner.run("plain", "wants")
    assert given == {"plain": [], "wants": ["i-3"]}
    assert [action.non_matches for action in report.actions] == [0, 1]


def test_a_resource_that_changes_between_the_questions_is_not_both(runner: Runner, make: Make) -> None:
    class Changing:
        now = NOW

        def each(self, predicate: Predicate, *, groups: frozenset[str] = frozenset()) -> Iterator[Resource]:
            return iter([make("i-1")])

    given: list[Any] = []
    runner.action(
        "act", lambda *now: given.append((ids(now[2]), ids(now[3]))), bulk_action=True, accepts_complement=True
    )
    run_bot(runner.bot("act"), registries=runner.registries, inventory=Changing(), accounts=())
    assert given == [(["i-1"], [])]


def test_an_action_for_no_match_is_called_for_what_does_not_match(runner: Runner) -> None:
    given: list[Any] = []
    each: list[str] = []
    runner.action("bulk", lambda *now: given.append((ids(now[2]), ids(now[3]))), bulk_action=True)
    runner.action(
        "swaps", lambda *now: given.append((ids(now[2]), ids(now[3]))), bulk_action=True, accepts_complement=True
    )
    runner.action("each", lambda *now: each.append(now[0].resource.provider_id))
    report = runner.run(*(ActionUse(uid, on_match=False) for uid in ("bulk", "swaps", "each")), "bulk")
    assert given == [(["i-3"], []), (["i-3"], ["i-1", "i-2", "v-1"]), (["i-1", "i-2", "v-1"], [])]
    assert each == ["i-3"]
    assert [action.matches for action in report.actions] == [1, 1, 1, 3]
    assert ids(report.matches) == ["i-1", "i-2", "v-1"]


def test_an_action_for_no_match_alone_has_the_rest_looked_for(runner: Runner) -> None:
    given: list[Any] = []
    runner.action("bulk", lambda *now: given.append(ids(now[2])), bulk_action=True)
    runner.run(ActionUse("bulk", on_match=False))
    assert given == [["i-3"]]


def test_an_exempt_resource_never_matches_and_nothing_is_done_about_it(
    runner: Runner, store: Store, make: Make
) -> None:
    with store.write() as tx:
        tx.resources.save([make("i-1", tags={"env": "dev", "keep": ""}), make("i-3", tags={"env": "prod", "keep": ""})])
    given: list[Any] = []
    runner.action(
        "act", lambda *now: given.append((ids(now[2]), ids(now[3]))), bulk_action=True, accepts_complement=True
    )
    runner.run("act", ActionUse("act", on_match=False), exempt_tags=("keep",))
    assert given == [(["i-2", "v-1"], ["i-1", "i-3"]), ([], ["i-2", "v-1", "i-1", "i-3"])]


def test_badges_choose_accounts_and_nothing_when_no_account_has_them(runner: Runner, store: Store, make: Make) -> None:
    with store.write() as tx:
        tx.resources.save([make("i-5", account="11", tags={"env": "dev"})])
    scope = Scope(any_badges=(Badge("team", "a"),))
    accounts = [Account("10", "aws", badges={"team": "b"}), Account("11", "aws", badges={"team": "a"})]
    bot = runner.bot(scope=scope)
    with store.read() as tx:
        assert ids(run_bot(bot, registries=runner.registries, inventory=tx.resources, accounts=accounts).matches) == [
            "i-5"
        ]
        assert not run_bot(bot, registries=runner.registries, inventory=tx.resources, accounts=accounts[:1]).matches


def test_a_resource_in_the_scopes_of_two_bots_is_found_by_each_once(runner: Runner) -> None:
    runner.action("act", scheduling("act"), bulk_action=True)
    runner.run("act", scope=Scope(accounts=("10",)))
    other = replace(runner.bot("act", scope=Scope(resource_types=("instance",))), bot_id=8)
    with runner.store.read() as tx:
        run_bot(other, registries=runner.registries, inventory=tx.resources, accounts=())
    asked = [event.bot_id for event in runner.events() if event.resource_id == "instance:10:us-east-1:i-1:"]
    assert asked == [7, 8]


def test_a_resource_action_is_called_for_each(runner: Runner) -> None:
    calls: list[Any] = []
    runner.action("act", lambda *given: calls.append(given), settings_config=[IntegerField(name="days")])
    runner.run(ActionUse("act", {"days": 5}))
    assert [event.resource.provider_id for event, _, _ in calls] == ["i-1", "i-2", "v-1"]
    for event, bot, settings in calls:
        assert isinstance(event, BotEvent)
        assert (event.bot_id, event.bot_name, bot.bot_id, settings) == (7, "nightly", 7, {"days": 5})


@pytest.mark.parametrize("bulk", [True, False])
def test_a_complement_is_called_for_each_that_does_not_match(runner: Runner, bulk: bool) -> None:
    calls: list[Any] = []
    runner.action("act", nothing, bulk_action=bulk, complement=lambda *now: calls.append(now[0].resource.provider_id))
    runner.run("act")
    assert calls == ["i-3"]


def test_a_complement_does_not_give_its_action_the_rest(runner: Runner) -> None:
    given: list[Any] = []
    runner.action("act", lambda *now: given.append(now[3]), bulk_action=True, complement=nothing)
    runner.run("act")
    assert given == [[]]


def test_an_action_sees_only_the_types_it_supports(runner: Runner) -> None:
    given: list[Any] = []
    runner.action(
        "act",
        lambda *now: given.append((ids(now[2]), ids(now[3]))),
        bulk_action=True,
        accepts_complement=True,
        supported_resources=["volume"],
    )
    report = runner.run("act")
    assert given == [(["v-1"], [])]
    assert (report.actions[0].matches, report.actions[0].non_matches) == (1, 0)
    assert len(report.matches) == 3


def test_a_failing_action_drops_its_own_events_alone(runner: Runner) -> None:
    def failing(bot: Bot, settings: object, matches: Sequence[Resource], non_matches: object) -> None:
        schedule(bot, matches[0], "dropped")
        message = "no more"
        raise ValueError(message)

    runner.action("before", scheduling("before"), bulk_action=True)
    runner.action("fails", failing, bulk_action=True)
    runner.action("after", scheduling("after"), bulk_action=True)
    with ScheduledEventTracker():
        report = runner.run("before", "fails", "after")
    assert runner.scheduled() == [
        (description, resource) for description in ("before", "after") for resource in ("i-1", "i-2", "v-1")
    ]
    assert [action.failed for action in report.actions] == [0, 1, 0]
    assert report.actions[1].errors == ("ValueError: no more",)
    assert report.describe_failures() == "1 of 3 actions failed: 1:fails: ValueError: no more"


def test_a_failing_resource_drops_its_own_events_alone(runner: Runner) -> None:
    def act(event: BotEvent, bot: Bot, settings: object) -> None:
        schedule(bot, event.resource, "stop")
        if event.resource.provider_id == "i-1":
            message = "protected"
            raise ValueError(message)

    runner.action("act", act)
    report = runner.run("act")
    assert runner.scheduled() == [("stop", "i-2"), ("stop", "v-1")]
    assert (report.actions[0].failed, report.actions[0].errors) == (1, ("ValueError: protected",))


@pytest.mark.parametrize("error", [RuntimeError("x"), SystemExit(3)])
def test_no_action_ends_the_others(runner: Runner, error: BaseException) -> None:
    def fails(*_: object) -> None:
        raise error

    runner.action("fails", fails, bulk_action=True)
    runner.action("after", scheduling("after"), bulk_action=True)
    report = runner.run("fails", "after")
    assert [action.failed for action in report.actions] == [1, 0]
    assert len(runner.scheduled()) == 3


def test_an_interrupt_is_not_an_action_s_failure(runner: Runner) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    runner.action("interrupted", interrupted, bulk_action=True)
    with pytest.raises(KeyboardInterrupt):
        runner.run("interrupted")


def test_settings_that_do_not_fit_fail_their_action_alone(runner: Runner) -> None:
    runner.action("act", scheduling("act"), bulk_action=True)
    report = runner.run(ActionUse("act", {"unknown": 1}), "act")
    assert [action.failed for action in report.actions] == [1, 0]
    assert report.actions[0].errors[0].startswith("InvalidSetting: Setting unknown")
    assert len(runner.scheduled()) == 3


def test_a_check_that_breaks_fails_its_action_alone(runner: Runner) -> None:
    runner.action("act", scheduling("act"), bulk_action=True, check=lambda settings: settings["absent"])
    runner.action("after", scheduling("after"), bulk_action=True)
    report = runner.run("act", "after")
    assert [action.failed for action in report.actions] == [1, 0]


def test_filters_whose_settings_do_not_fit_stop_the_run(runner: Runner) -> None:
    runner.action("act", scheduling("act"), bulk_action=True)
    with pytest.raises(InvalidSetting):
        runner.run("act", filters=(FilterUse("duetime.filter.tag"),))
    assert not runner.scheduled()


def test_a_missing_uid_stops_the_run_before_it_looks(runner: Runner) -> None:
    class Untouched:
        now = NOW

        def each(self, predicate: Predicate, *, groups: frozenset[str] = frozenset()) -> Iterator[Resource]:
            raise AssertionError

    runner.action("act", scheduling("act"), bulk_action=True)
    for bot in (runner.bot("act", "missing"), runner.bot("act", filters=(FilterUse("missing"),))):
        with pytest.raises(MissingHandler, match="waiting for handler missing"):
            run_bot(bot, registries=runner.registries, inventory=Untouched(), accounts=())


def test_actions_do_not_share_what_they_are_given(runner: Runner) -> None:
    counts: list[int] = []

    def greedy(bot: Bot, settings: object, matches: list[Resource], non_matches: list[Resource]) -> None:
        counts.append(len(matches))
        matches.clear()

    runner.action("greedy", greedy, bulk_action=True)
    runner.run("greedy", "greedy")
    assert counts == [3, 3]


def test_equal_actions_schedule_events_of_their_own_and_the_next_run_finds_them(runner: Runner) -> None:
    runner.action("act", scheduling("act"), bulk_action=True)
    runner.run("act", "act")
    assert len(runner.events()) == 6
    runner.run("act", "act")
    assert len(runner.events()) == 6


def test_a_run_that_finds_nothing_still_calls_bulk_actions(runner: Runner) -> None:
    calls: list[Any] = []
    runner.action("act", lambda *given: calls.append(given[2:]), bulk_action=True)
    report = runner.run("act", scope=Scope(accounts=("none",)))
    assert calls == [([], [])]
    assert report.matches == ()


def test_only_the_first_errors_are_kept_in_words(runner: Runner, store: Store, make: Make) -> None:
    def fails(event: BotEvent, bot: Bot, settings: object) -> None:
        raise ValueError(event.resource.provider_id * 1000)

    with store.write() as tx:
        tx.resources.save([make(f"i-{n}", tags={"env": "dev"}) for n in range(100, 120)])
    runner.action("fails", fails)
    report = runner.run("fails")
    assert report.actions[0].failed == 23
    assert len(report.actions[0].errors) == MOST_ERRORS
    assert all(len(error) <= 500 for error in report.actions[0].errors)


def test_a_bot_without_scope_and_filters_finds_everything(runner: Runner) -> None:
    assert len(runner.run(scope=Scope(), filters=()).matches) == 6
