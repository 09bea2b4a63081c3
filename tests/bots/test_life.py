"""The life of a bot's events from end to end: runs that wait, that leave out and cancel, and that are denied."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.bots.test_pending import take_in

from duetime.bots.planned_run import request_run
from duetime.bots.registration import BotFactoryRegistryWrapper
from duetime.core.bot_policy import BotPolicy
from duetime.core.bots import Bot, BotDefinition, FilterUse
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus
from duetime.core.users import UserStatus
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.describe import event_type_of
from duetime.jobs.registration import ScheduledEventManager
from duetime.scheduling.tracker import ScheduledEventTracker
from duetime.testing import Lab

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STOP, DELETE = "divvy.stop_resource", "test.delete"
DEV = {"uid": "duetime.filter.tag", "settings": {"key": "env", "equals": "dev"}}
ANN = "divvyuser:7"


def action(event_type: str = STOP, **settings: Any) -> dict[str, Any]:
    return {"uid": "duetime.action.schedule_event", "settings": {"event_type": event_type, "after": "1h", **settings}}


def document(**parts: Any) -> dict[str, Any]:
    return {"name": "nightly", "filters": [DEV], "actions": [action()], **parts}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=NOON, bot_policy=BotPolicy(max_inventory_age=timedelta(hours=24))) as lab:

        @ScheduledEventManager.register(DELETE)
        class Delete(ScheduledEventJob):
            destructive = True

            def run(self) -> None:
                deleted.append(self.resource_id)

        deleted: list[str | None] = []
        with lab.app.store.write() as tx:
            tx.event_types.publish([event_type_of(DELETE, Delete, plugin="tests")])
        for number in range(2):
            lab.cloud.add(name=f"web-{number}", account="1", tags={"env": "dev"}, state="running")
        take_in(lab)
        yield lab


def retag(lab: Lab, number: int, **tags: str) -> None:
    lab.cloud.set_tags(lab.cloud.resources()[number].resource_id, tags)
    take_in(lab)


def report(lab: Lab) -> dict[str, Any]:
    runs = [run for run in lab.runs(event_type="duetime.run_bot") if run.result]
    body: dict[str, Any] = json.loads(runs[-1].result or "{}")
    return body


def stands(lab: Lab, event_type: str) -> list[tuple[str, str]]:
    return [(event.status.value, event.status_reason) for event in lab.events(event_type=event_type)]


def test_a_second_run_keeps_what_the_first_one_scheduled(lab: Lab) -> None:
    lab.apply(document())
    for expected in ({"schedule": 2, "keep": 0}, {"schedule": 0, "keep": 2}):
        lab.run_bot("nightly")
        events = report(lab)["events"]
        assert {name: events[name] for name in expected} == expected


@pytest.mark.parametrize(
    ("event_type", "parts", "cancelled"),
    [
        (DELETE, {}, True),
        (STOP, {}, False),
        (STOP, {"cancel_when_compliant": True}, True),
        (DELETE, {"cancel_when_compliant": False}, False),
    ],
    ids=["destructive", "harmless", "asked for", "asked not to"],
)
def test_a_run_cancels_what_its_resources_no_longer_need(
    lab: Lab, event_type: str, parts: dict[str, Any], cancelled: bool
) -> None:
    lab.apply(document(actions=[action(event_type, after="12h")], **parts))
    lab.run_bot("nightly")
    retag(lab, 0, env="prod")
    lab.run_bot("nightly")
    reason = "no longer matches bot nightly: wants tag env = dev, but it is prod"
    assert stands(lab, event_type)[0] == (("cancelled", reason) if cancelled else ("scheduled", ""))
    assert stands(lab, event_type)[1] == ("scheduled", "")
    assert report(lab)["events"]["cancel"] == cancelled


def test_an_exempt_resource_is_left_alone_from_then_on(lab: Lab) -> None:
    lab.apply(document(actions=[action(DELETE, after="12h")], exempt_tags=["keep"]))
    lab.run_bot("nightly")
    retag(lab, 0, env="dev", keep="please")
    lab.run_bot("nightly")
    assert stands(lab, DELETE) == [("cancelled", "exempt by tag keep"), ("scheduled", "")]
    retag(lab, 0, env="dev")
    lab.run_bot("nightly")
    assert [status for status, _ in stands(lab, DELETE)] == ["cancelled", "scheduled", "scheduled"]


def test_a_complement_action_s_events_have_another_reason_than_the_filters(lab: Lab) -> None:
    actions = BotFactoryRegistryWrapper()

    @actions.action(uid="test.clean", bulk_action=True, accepts_complement=True)
    def clean(bot: Bot, settings: object, matches: list[Resource], non_matches: list[Resource]) -> None:
        with ScheduledEventTracker() as context:
            for resource in [*matches, *non_matches]:
                context.schedule_bot_event(
                    bot=bot, resource=resource, event_type=DELETE, schedule_data=NOON + timedelta(hours=1)
                )

    actions.load()
    retag(lab, 1, env="prod")
    lab.apply(document(actions=[{"uid": "test.clean"}]))
    lab.run_bot("nightly")
    lab.run_bot("nightly")
    flags = [(event.recheck, event.cancel_when_compliant) for event in lab.events(event_type=DELETE)]
    assert flags == [(True, True), (False, False)]
    lab.advance(hours=2)
    assert [status for status, _ in stands(lab, DELETE)] == ["succeeded", "succeeded"]


def test_what_an_action_asks_for_instead_is_not_kept_for_what_is_cancelled(lab: Lab) -> None:
    actions = BotFactoryRegistryWrapper()

    @actions.action(uid="test.all", bulk_action=True, accepts_complement=True)
    def act(bot: Bot, settings: object, matches: list[Resource], non_matches: list[Resource]) -> None:
        with ScheduledEventTracker() as context:
            for resource in [*matches, *non_matches]:
                context.schedule_bot_event(
                    bot=bot, resource=resource, event_type=DELETE, schedule_data=NOON + timedelta(hours=1)
                )

    actions.load()
    lab.apply(document(actions=[{"uid": "test.all"}]))
    lab.run_bot("nightly")
    retag(lab, 0, env="prod")
    lab.run_bot("nightly")
    assert [status for status, _ in stands(lab, DELETE)] == ["cancelled", "scheduled", "scheduled"]


def test_a_missing_handler_is_waited_for_without_history(lab: Lab) -> None:
    with lab.app.store.write() as tx:
        tx.bots.save(BotDefinition("waits", filters=(FilterUse("custom.filter"),)))
    event = request_run(lab.client, "waits")
    lab.advance(minutes=10)
    event = lab.client.get(event.event_id)
    assert (event.status, event.status_reason) == (EventStatus.SCHEDULED, "waiting for handler custom.filter")
    assert lab.runs(event_id=event.event_id) == []


def test_stale_accounts_are_left_out_and_said(lab: Lab) -> None:
    lab.cloud.add(name="db", account="2", tags={"env": "dev"}, state="running")
    take_in(lab)
    lab.apply(document(actions=[action(DELETE, after="90h")]))
    lab.run_bot("nightly")
    lab.advance(hours=25)
    with lab.app.store.write() as tx:
        tx.accounts.record_harvest("1")
        gone = [resource for resource in lab.cloud.resources() if resource.account == "2"]
        tx.resources.save([Resource.of(**{**_parts(each), "tags": {}}) for each in gone])
    lab.run_bot("nightly")
    body = report(lab)
    assert body["matches"] == 2
    reason = "its inventory is 1 d 1 h old; the limit is 1 d"
    assert body["left_out"] == [{"account": "2", "reason": reason}]
    assert [status for status, _ in stands(lab, DELETE)] == ["scheduled"] * 3  # what is stale cancels nothing either


def _parts(resource: Resource) -> dict[str, Any]:
    names = ("resource_type", "account", "region", "provider_id", "name", "state")
    return {name: getattr(resource, name) for name in names}


def test_a_run_waits_while_everything_is_stale(lab: Lab) -> None:
    lab.advance(hours=25)
    lab.apply(document())
    lab.run_bot("nightly")
    (event,) = lab.events(event_type="duetime.run_bot")
    assert event.status is EventStatus.SCHEDULED
    assert event.status_reason.startswith("every account in its scope is stale: 1: its inventory is 1 d 1 h old")
    take_in(lab)
    lab.advance(minutes=1)
    assert lab.client.get(event.event_id).status is EventStatus.SUCCEEDED
    assert len(lab.runs(event_id=event.event_id)) == 1


def test_a_re_check_in_an_account_that_nobody_reads_waits(lab: Lab) -> None:
    with lab.app.store.write() as tx:
        tx.resources.save(
            [Resource.of(resource_type="instance", account="9", region="r", provider_id="i", tags={"env": "dev"})]
        )
    lab.apply(document(scope={"accounts": ["9"]}, actions=[action(DELETE), action(STOP)]))
    lab.run_bot("nightly")
    lab.advance(hours=2)
    ((status, reason),) = stands(lab, DELETE)
    assert status == "scheduled"
    assert reason.startswith("account 9 is not registered, so nobody can say whether bot nightly still wants it")
    assert lab.runs(event_type=DELETE) == []
    assert stands(lab, STOP)[0][0] == "failed"  # nobody asked for a re-check, so it is tried


def test_events_of_an_invalid_account_wait(lab: Lab) -> None:
    lab.apply(document())
    lab.run_bot("nightly")
    with lab.app.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE accounts SET status = 'invalid', last_error = 'ExpiredToken'")
    lab.advance(hours=2)
    assert set(stands(lab, STOP)) == {("scheduled", "account 1: its credentials are refused: ExpiredToken")}
    with lab.app.store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE accounts SET status = 'valid'")
    lab.advance(minutes=6)
    assert {status for status, _ in stands(lab, STOP)} == {"succeeded"}


def test_what_a_disabled_owner_asked_for_is_denied(lab: Lab) -> None:
    with lab.app.store.write() as tx:
        tx.users.add(ANN)
    lab.apply(document(owner=ANN))
    lab.run_bot("nightly")
    with lab.app.store.write() as tx:
        tx.users.set_status(ANN, UserStatus.DISABLED)
    lab.advance(hours=2)
    assert set(stands(lab, STOP)) == {("skipped", f"user {ANN} is disabled")}
    assert {(run.status, run.started_at, run.final) for run in lab.runs(event_type=STOP)} == {("denied", None, True)}
    lab.run_bot("nightly")
    assert (lab.runs()[-1].event_type, lab.runs()[-1].status) == ("duetime.run_bot", "denied")
    assert lab.cloud.calls("stop") == ()


def test_an_owner_s_patterns_are_asked_when_scheduling_and_when_due(lab: Lab) -> None:
    with lab.app.store.write() as tx:
        tx.users.add(ANN, event_types=["divvy.stop_*"])
    lab.apply(document(owner=ANN, actions=[action(STOP), action(DELETE)]))
    lab.run_bot("nightly")
    run = lab.runs(event_type="duetime.run_bot")[-1]
    assert run.status == "failed"
    assert f"test.delete is not allowed: user {ANN} may not have test.delete done" in run.error
    assert (len(stands(lab, STOP)), stands(lab, DELETE)) == (2, [])
    with lab.app.store.write() as tx:
        tx.users.allow(ANN, ["divvy.start_*"])
    lab.advance(hours=2)
    assert set(stands(lab, STOP)) == {("skipped", f"user {ANN} may not have divvy.stop_resource done")}


def test_only_known_owners_may_where_that_is_set() -> None:
    with Lab(now=NOON, bot_policy=BotPolicy(only_known_owners=True)) as lab:
        lab.cloud.add(name="web", account="1", tags={"env": "dev"}, state="running")
        take_in(lab)
        lab.apply(document(owner=ANN))
        lab.run_bot("nightly")
        assert [(run.status, run.reason) for run in lab.runs()] == [("denied", f"user {ANN} is not registered")]
