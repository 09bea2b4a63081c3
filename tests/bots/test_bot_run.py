import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from duetime.bots.action import Action
from duetime.bots.bot_event import BotEvent
from duetime.bots.planned_run import RUN_BOT
from duetime.builtin import actions, bot_run, filters
from duetime.builtin.bot_run import RunBot
from duetime.core.bots import ActionUse, Bot, BotDefinition, BotStatus, FilterUse
from duetime.core.errors import NoCurrentApp
from duetime.core.events import Event
from duetime.core.operations import ScheduleEvent
from duetime.core.outcomes import Failed, JobOutcome, Skipped, Snoozed, Succeeded
from duetime.core.registration import Entry, Kind, Registries
from duetime.core.resources import Resource
from duetime.core.run_context import RunContext, bound
from duetime.core.statuses import OnLost
from duetime.jobs.describe import event_type_of
from duetime.scheduling.client import Client
from duetime.scheduling.current import using
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.store.store import Store

STOP = ActionUse("duetime.action.schedule_event", {"event_type": "divvy.stop_resource", "after": "1h"})
DEV = FilterUse("duetime.filter.tag", {"key": "env", "equals": "dev"})


class Runs:
    """Runs `duetime.run_bot` as a worker would: bound to a run whose operations are written when it has ended."""

    def __init__(self, store: Store, client: Client) -> None:
        self.store = store
        self.client = client
        nobody: Any = None
        self.context = RunContext(clock=store.clock, inventory=nobody, cloud=nobody)

    def save(self, **parts: Any) -> Bot:
        usual: dict[str, Any] = {"name": "nightly", "filters": (DEV,), "actions": (STOP,)}
        with self.store.write() as tx:
            bot, _ = tx.bots.save(BotDefinition(**(usual | parts)))
            return bot

    def run(self, bot: str = "nightly") -> JobOutcome:
        with using(self.client), bound(self.context):
            return RunBot(None, "divvyuser:7", 1, RUN_BOT, bot=bot).run()


@pytest.fixture
def runs(store: Store, registries: Registries, load: Callable[..., None], make: Callable[..., Resource]) -> Runs:
    load(filters, actions, bot_run)
    with store.write() as tx:
        tx.resources.save([make("i-1", tags={"env": "dev"}), make("i-2", tags={"env": "prod"})])
    return Runs(store, Client(store, registries=registries))


def test_what_the_actions_schedule_waits_for_the_end_of_the_run(runs: Runs, events: Callable[[], list[Event]]) -> None:
    bot = runs.save()
    outcome = runs.run()
    assert outcome == Succeeded(
        {
            "bot_id": bot.bot_id,
            "bot": "nightly",
            "version": 1,
            "matches": 1,
            "non_matches": None,
            "events": {"schedule": 1, "keep": 0, "replace": 0, "cancel": 0, "drop": 0},
            "left_out": [],
            "actions": [
                {
                    "slot": f"0:{STOP.uid}",
                    "uid": STOP.uid,
                    "matches": 1,
                    "non_matches": 0,
                    "failed": 0,
                    "errors": [],
                    "warned": 0,
                    "warnings": [],
                }
            ],
        }
    )
    json.dumps(outcome.data)
    assert not events()
    (operation,) = runs.context.operations
    assert isinstance(operation, ScheduleEvent)
    assert operation.event.resource_id == "instance:10:us-east-1:i-1:"


def test_a_failed_action_fails_the_run_and_the_others_stand(runs: Runs, registries: Registries) -> None:
    runs.save(actions=(ActionUse(STOP.uid, {**STOP.settings, "event_type": "no.such.type"}), STOP))
    outcome = runs.run()
    assert isinstance(outcome, Failed)
    assert outcome.error.startswith(f"1 of 2 actions failed: 0:{STOP.uid}: UnknownEventType: No event type")
    assert not outcome.retry
    assert [action["failed"] for action in outcome.data["actions"]] == [1, 0]
    assert len(runs.context.operations) == 1


@pytest.mark.parametrize("part", ["filters", "actions"])
def test_a_missing_handler_is_waited_for(runs: Runs, store: Store, part: str) -> None:
    use = FilterUse("custom.one") if part == "filters" else ActionUse("custom.one")
    runs.save(**{part: (use,)})
    assert runs.run() == Snoozed(store.now() + timedelta(seconds=60), "waiting for handler custom.one")
    assert not runs.context.operations


@pytest.mark.parametrize("status", [BotStatus.PAUSED, BotStatus.ARCHIVED])
def test_a_bot_that_is_not_running_is_skipped(runs: Runs, store: Store, status: BotStatus) -> None:
    bot = runs.save(filters=(FilterUse("missing"),))
    with store.write() as tx:
        tx.bots.set_status(bot.bot_id, status)
    assert runs.run() == Skipped(f"bot nightly is {status.value.lower()}")


def test_filters_that_cannot_be_asked_fail_the_run(runs: Runs) -> None:
    runs.save(filters=(FilterUse(DEV.uid, {"key": 5}),))
    assert runs.run() == Failed("Setting key: must be text, not 5.", retry=False)


def test_a_bot_that_does_not_exist_fails_the_run(runs: Runs) -> None:
    runs.save()
    outcome = runs.run("nightli")
    assert isinstance(outcome, Failed)
    assert "nightly" in outcome.error
    assert not outcome.retry


def test_the_bot_runs_as_it_is_defined_now(runs: Runs) -> None:
    runs.save()
    runs.save(filters=())
    outcome = runs.run()
    assert isinstance(outcome, Succeeded)
    assert (outcome.data["version"], outcome.data["matches"]) == (2, 2)


def test_actions_run_while_no_transaction_is_open(runs: Runs, registries: Registries, store: Store) -> None:
    def write(*_: object) -> None:
        with store.write() as tx:
            tx.bots.save(BotDefinition("another"))

    registries.add(Entry(Kind.ACTION, "write", Action(uid="write", function=write, bulk_action=True)), owner="tests")
    runs.save(actions=(ActionUse("write"),))
    assert isinstance(runs.run(), Succeeded)


def test_the_event_types_are_read_once_however_many_resources_there_are(
    runs: Runs, registries: Registries, store: Store, make: Callable[..., Resource], monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(event: BotEvent, bot: Bot, settings: object) -> None:
        with ScheduledEventTracker() as context:
            context.schedule_bot_event(
                bot=bot, resource=event.resource, event_type="divvy.stop_resource", schedule_data=store.now()
            )

    known = runs.client.event_types()
    reads = iter([known])
    monkeypatch.setattr(runs.client, "event_types", lambda: next(reads))
    registries.add(Entry(Kind.ACTION, "stop", Action(uid="stop", function=stop)), owner="tests")
    with store.write() as tx:
        tx.resources.save([make(f"i-{n}", tags={"env": "dev"}) for n in range(10, 40)])
    runs.save(actions=(ActionUse("stop"), ActionUse("stop")))
    assert isinstance(runs.run(), Succeeded)
    assert len(runs.context.operations) == 2 * 31


def test_it_is_known_by_its_one_argument() -> None:
    kind = event_type_of(RUN_BOT, RunBot, plugin="builtin")
    assert kind.on_lost is OnLost.RETRY
    assert kind.timeout is None
    assert not kind.destructive
    assert kind.arguments["required"] == ["bot"]


def test_outside_an_app_it_says_what_is_missing() -> None:
    with pytest.raises(NoCurrentApp):
        RunBot(bot="nightly").run()
