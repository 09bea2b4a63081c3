"""What a run would do, said beforehand: nothing is written, and the run then does just that."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.bots.test_pending import take_in

from duetime.app.app import Inventory
from duetime.bots.errors import MissingHandler
from duetime.bots.lifecycle import archive_bot
from duetime.bots.plan import BotPlan, plan_bot
from duetime.bots.registration import BotFactoryRegistryWrapper
from duetime.core.bots import Bot, BotDefinition, FilterUse
from duetime.core.errors import Conflict, UnknownName
from duetime.core.resources import Resource
from duetime.core.users import UserStatus
from duetime.testing import Lab

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STOP, START = "divvy.stop_resource", "divvy.start_resource"
DEV = {"uid": "duetime.filter.tag", "settings": {"key": "env", "equals": "dev"}}


def document(name: str = "nightly", event_type: str = STOP, **parts: Any) -> dict[str, Any]:
    use = {"uid": "duetime.action.schedule_event", "settings": {"event_type": event_type, "after": "1h"}}
    return {"name": name, "filters": [DEV], "actions": [use], "cancel_when_compliant": True, **parts}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=NOON) as lab:
        for number in range(3):
            lab.cloud.add(name=f"web-{number}", account="1", tags={"env": "dev"}, state="running")
        take_in(lab)
        yield lab


def plan(lab: Lab, name: str = "nightly") -> BotPlan:
    return plan_bot(lab.client, name, inventory=Inventory(lab.app.store), cloud=lab.app.clouds)


def ids(lab: Lab) -> list[str]:
    return [resource.resource_id for resource in lab.cloud.resources()]


def test_a_plan_writes_nothing_and_the_run_does_what_it_said(lab: Lab) -> None:
    lab.apply(document())
    planned = plan(lab)
    assert lab.events() == []
    assert [(event.effect, event.resource_id, event.due_at) for event in planned.events] == [
        ("schedule", resource_id, NOON + timedelta(hours=1)) for resource_id in ids(lab)
    ]
    assert {event.why for event in planned.events} == {"matches: tag env = dev"}
    assert (planned.matches, planned.denied, planned.left_out, planned.conflicts) == (3, None, (), ())
    lab.run_bot("nightly")
    assert json.loads(lab.runs()[-1].result or "{}")["events"] == {
        "schedule": 3,
        "keep": 0,
        "replace": 0,
        "cancel": 0,
        "drop": 0,
    }


def test_it_says_what_would_be_kept_and_cancelled_and_why(lab: Lab) -> None:
    lab.apply(document())
    lab.run_bot("nightly")
    lab.cloud.set_tags(ids(lab)[0], {"env": "prod"})
    take_in(lab)
    before = lab.events()
    planned = plan(lab)
    stops = [event for event in before if event.event_type == STOP]
    assert [(event.effect, event.event_id, event.why) for event in planned.events] == [
        ("cancel", stops[0].event_id, "no longer matches bot nightly: wants tag env = dev, but it is prod"),
        *(("keep", stop.event_id, f"matches: tag env = dev; event {stop.event_id} stands") for stop in stops[1:]),
    ]
    assert dict(planned.counts) == {"cancel": 1, "keep": 2}
    assert lab.events() == before


def test_a_replacement_is_told_with_its_new_time(lab: Lab) -> None:
    uses = [
        {
            "uid": "duetime.action.schedule_event",
            "settings": {"event_type": STOP, "after": "1h", "on_existing": "replace"},
        }
    ]
    lab.apply(document(actions=uses))
    lab.run_bot("nightly")
    lab.advance(minutes=30)
    planned = plan(lab)
    assert {(event.effect, event.due_at) for event in planned.events} == {("replace", NOON + timedelta(minutes=90))}
    assert planned.events[0].why.endswith("takes the new time")


def test_opposite_wishes_of_two_bots_are_both_shown_with_their_order(lab: Lab) -> None:
    lab.apply(document())
    lab.apply(document("morning", START))
    lab.run_bot("morning")
    planned = plan(lab)
    assert len(planned.conflicts) == 3
    conflict = planned.conflicts[0]
    assert (conflict.first.event_type, conflict.first.bot) == (START, "morning")
    assert (conflict.last.event_type, conflict.last.bot, conflict.last.event_id) == (STOP, "nightly", None)
    assert conflict.in_words().endswith("so the resource ends up as divvy.stop_resource leaves it.")
    assert planned.also_wanted_by == dict.fromkeys(ids(lab), ("morning",))


def test_only_bots_that_run_and_match_share_a_resource(lab: Lab) -> None:
    lab.apply(document())
    lab.apply(document("elsewhere", scope={"accounts": ["2"]}))
    lab.apply(document("over"))
    archive_bot(lab.client, "over")
    with lab.app.store.write() as tx:
        tx.bots.save(BotDefinition("waits", filters=(FilterUse("custom.filter"),)))
    assert plan(lab).also_wanted_by == {}


def test_actions_of_plugins_are_called_and_marked(lab: Lab) -> None:
    actions = BotFactoryRegistryWrapper()
    called: list[int] = []

    @actions.action(uid="test.act", bulk_action=True)
    def act(bot: Bot, settings: object, matches: list[Resource], non_matches: list[Resource]) -> None:
        called.append(len(matches))
        message = "no idea"
        raise RuntimeError(message)

    actions.load()
    lab.apply(document(actions=[*document()["actions"], {"uid": "test.act"}]))
    planned = plan(lab)
    assert [(action.report.uid, action.is_pure) for action in planned.actions] == [
        ("duetime.action.schedule_event", True),
        ("test.act", False),
    ]
    assert planned.actions[1].report.errors == ("RuntimeError: no idea",)
    assert called == [3]
    assert len(planned.events) == 3


def test_a_denied_owner_and_accounts_that_are_left_out_are_said(lab: Lab) -> None:
    with lab.app.store.write() as tx:
        tx.users.add("divvyuser:7")
        tx.users.set_status("divvyuser:7", UserStatus.DISABLED)
    lab.apply(document(owner="divvyuser:7", max_inventory_age="1h"))
    lab.advance(hours=2)
    planned = plan(lab)
    assert planned.denied == "user divvyuser:7 is disabled"
    assert [each.account for each in planned.left_out] == ["1"]
    assert (planned.matches, planned.events) == (0, ())


def test_what_cannot_be_planned_is_refused(lab: Lab) -> None:
    lab.apply(document())
    with pytest.raises(UnknownName, match="nightly"):
        plan(lab, "nightli")
    archive_bot(lab.client, "nightly")
    with pytest.raises(Conflict, match="archived"):
        plan(lab)
    with lab.app.store.write() as tx:
        tx.bots.save(BotDefinition("waits", filters=(FilterUse("custom.filter"),)))
    with pytest.raises(MissingHandler, match="custom"):
        plan(lab, "waits")
