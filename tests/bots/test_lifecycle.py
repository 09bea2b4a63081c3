"""What applying, pausing and archiving a bot does to its runs and to the events that it scheduled."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from duetime.bots.lifecycle import apply_bot, archive_bot, pause_bot, resume_bot
from duetime.bots.pending import PendingEvents
from duetime.bots.planned_run import request_run
from duetime.bots.registration import BotFactoryRegistryWrapper
from duetime.core.bots import BotDefinition, BotStatus
from duetime.core.errors import Conflict
from duetime.core.events import Event
from duetime.core.resources import Resource
from duetime.core.statuses import EventStatus
from duetime.schedule import Daily
from duetime.scheduling.current import current_client
from duetime.testing import Lab

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
STOP = {"uid": "duetime.action.schedule_event", "settings": {"event_type": "divvy.stop_resource", "after": "1h"}}


def _document(**changes: Any) -> dict[str, Any]:
    return {"name": "nightly", "scope": {"resource_types": ["instance"]}, "actions": [STOP], **changes}


@pytest.fixture
def lab() -> Iterator[Lab]:
    with Lab(now=NOON) as lab:
        lab.cloud.add(resource_type="instance", name="web-1", account="1", region="eu-west-1", state="running")
        lab.harvest()
        yield lab


def _runs_planned(lab: Lab) -> list[Event]:
    return [event for event in lab.events(event_type="duetime.run_bot") if event.recurring]


def test_a_schedule_is_one_recurring_event_however_often_the_bot_is_applied(lab: Lab) -> None:
    for _ in range(3):
        lab.apply(_document(schedule="0 19 * * *"))
    (planned,) = _runs_planned(lab)
    assert planned.due_at == NOON.replace(hour=19)
    assert planned.status is EventStatus.SCHEDULED


def test_a_changed_schedule_moves_the_run_and_a_removed_one_cancels_it(lab: Lab) -> None:
    lab.apply(_document(schedule="0 19 * * *"))
    lab.apply(_document(schedule="0 20 * * *"))
    (moved,) = _runs_planned(lab)
    assert moved.due_at == NOON.replace(hour=20)
    lab.apply(_document())
    (gone,) = _runs_planned(lab)
    assert gone.status is EventStatus.CANCELLED


def test_a_changed_bot_keeps_its_pending_events_unless_told_otherwise(lab: Lab) -> None:
    lab.apply(_document())
    lab.run_bot("nightly")
    definition = BotDefinition(name="nightly", description="another")
    assert apply_bot(lab.client, definition).cancelled == 0
    assert [event.status for event in lab.events(event_type="divvy.stop_resource")] == [EventStatus.SCHEDULED]
    again = BotDefinition(name="nightly", description="and another")
    applied = apply_bot(lab.client, again, pending=PendingEvents.CANCEL, actor="ann")
    assert (applied.cancelled, applied.bot.version) == (1, 3)
    (event,) = lab.events(event_type="divvy.stop_resource")
    assert (event.status, event.status_reason) == (EventStatus.CANCELLED, "bot changed by ann")


def test_a_paused_bot_does_not_run_but_its_events_do(lab: Lab) -> None:
    lab.apply(_document(schedule="0 19 * * *"))
    lab.run_bot("nightly")
    pause_bot(lab.client, "nightly", actor="ann")
    with pytest.raises(Conflict, match="paused"):
        request_run(lab.client, "nightly")
    lab.advance(days=2)
    assert [run.event_type for run in lab.runs()] == ["duetime.run_bot", "divvy.stop_resource"]
    resume_bot(lab.client, "nightly", actor="ann")
    lab.advance(minutes=1)
    reasons = [run.reason for run in lab.runs(status="skipped")]
    assert reasons == ["missed (latest applies): it was paused"]


def test_archiving_is_final_and_takes_the_pending_events_along(lab: Lab) -> None:
    lab.apply(_document(schedule="0 19 * * *"))
    lab.run_bot("nightly")
    bot, cancelled = archive_bot(lab.client, "nightly", actor="ann")
    assert (bot.status, cancelled) == (BotStatus.ARCHIVED, 2)
    for verb in (pause_bot, resume_bot, request_run):
        with pytest.raises(Conflict):
            verb(lab.client, "nightly")
    with pytest.raises(Conflict, match="archived"):
        lab.apply(_document())
    lab.advance(days=3)
    assert lab.cloud.calls("stop") == ()


def test_a_bot_archived_while_it_runs_leaves_no_events_behind(lab: Lab) -> None:
    actions = BotFactoryRegistryWrapper()

    @actions.action(uid="test.action.archive_me", bulk_action=True)
    def archive_me(bot: Any, settings: Any, matches: list[Resource], non_matches: list[Resource]) -> None:
        archive_bot(current_client(), bot.name, actor="ann")

    actions.load()
    lab.apply(_document(actions=[STOP, {"uid": "test.action.archive_me"}]))
    lab.run_bot("nightly")
    assert lab.events(event_type="divvy.stop_resource") == []
    assert lab.runs(event_type="duetime.run_bot")[0].status == "succeeded"


def test_runs_are_planned_in_the_bots_own_time_zone(lab: Lab) -> None:
    apply_bot(lab.client, BotDefinition(name="berlin", schedule=Daily("19:00", "Europe/Berlin")))
    (planned,) = _runs_planned(lab)
    assert planned.due_at - NOON == timedelta(hours=6)


def test_a_changed_bot_keeps_the_rhythm_of_its_interval(lab: Lab) -> None:
    every = {"_type": "periodic", "version": 1, "hours": 6}
    for number in range(5):
        lab.apply(_document(schedule=every, description=f"text {number}"))
        lab.advance(hours=5)
    runs = lab.runs(event_type="duetime.run_bot")
    assert [run.due_at - NOON for run in runs] == [timedelta(hours=hours) for hours in (6, 12, 18, 24)]


def test_run_requests_do_not_hide_the_planned_run_from_a_pause(lab: Lab) -> None:
    lab.apply(_document(schedule="0 19 * * *"))
    for _ in range(101):
        request_run(lab.client, "nightly")
    pause_bot(lab.client, "nightly")
    (planned,) = _runs_planned(lab)
    assert planned.status is EventStatus.PAUSED


def test_a_paused_bot_that_gets_a_schedule_stays_paused(lab: Lab) -> None:
    lab.apply(_document())
    pause_bot(lab.client, "nightly")
    lab.apply(_document(schedule="0 19 * * *"))
    (planned,) = _runs_planned(lab)
    assert planned.status is EventStatus.PAUSED


def test_one_odd_resource_id_does_not_keep_the_others_from_being_scheduled(lab: Lab) -> None:
    odd = Resource.of(resource_type="instance", account="1", region="eu-west-1", provider_id="i-\x07")
    with lab.app.store.write() as tx:
        tx.resources.save([odd])
    lab.apply(_document())
    lab.run_bot("nightly")
    assert [event.resource_id for event in lab.events(event_type="divvy.stop_resource")] == [
        "instance:1:eu-west-1:i-000001:"
    ]
