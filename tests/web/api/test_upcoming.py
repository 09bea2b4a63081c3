"""`/api/v1/upcoming` and `/api/v1/overview`: what comes next, and how things stand."""

from datetime import timedelta
from typing import Any

import pytest
from tests.web.api.scene import LOG, Scene, resource_id
from tests.web.conftest import As, visitor

from duetime.bots.lifecycle import apply_bot, pause_bot
from duetime.bots.planned_run import RUN_BOT
from duetime.core.access import Feature
from duetime.core.bots import BotDefinition, Scope
from duetime.core.resources import Account
from duetime.core.statuses import RunStatus
from duetime.core.users import UserStatus
from duetime.schedule.daily import Daily
from duetime.store.account_table import REFUSALS_UNTIL_INVALID, Credentials
from duetime.testing.clock import ManualClock

UPCOMING, OVERVIEW = "/api/v1/upcoming", "/api/v1/overview"
DAILY = {"_type": "daily", "version": 1, "time_of_day": "19:00"}


def obstacles(as_: As, event_id: int) -> dict[str, str]:
    items = as_().get(UPCOMING, params={"limit": 500}).json()["items"]
    return {each["kind"]: each["why"] for item in items if item["event_id"] == event_id for each in item["obstacles"]}


def test_occurrences_page_by_page(scene: Scene, as_: As) -> None:
    scene.event("A", schedule=DAILY)
    scene.event("B", due_in=timedelta(days=3))
    scene.event("A", due_in=timedelta(days=30))
    wanted = {"days": 7, "limit": 3}
    client = as_()
    body = client.get(UPCOMING, params=wanted).json()
    items = body["items"]
    while body["next"] is not None:
        body = client.get(UPCOMING, params={**wanted, "cursor": body["next"]}).json()
        items += body["items"]
    seen = [(item["at"], item["event_id"]) for item in items]
    assert len(seen) == 8
    assert seen == sorted(seen)
    assert (body["truncated"], body["complete_until"]) == (False, body["until"])
    assert len(client.get(UPCOMING, params={"days": 31, "type": "divvy.stop_resource"}).json()["items"]) == 31 + 2


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        ({"account": "A"}, 1),
        ({"resource": resource_id("B")}, 1),
        ({"type": LOG}, 1),
        ({"q": "hello"}, 1),
        ({"days": 366}, 4),
        ({}, 3),
    ],
)
def test_filters(scene: Scene, as_: As, wanted: dict[str, Any], count: int) -> None:
    scene.event("A")
    scene.event("B")
    scene.event(None, description="Hello")
    scene.event(None, due_in=timedelta(days=200))
    if "type" in wanted:
        wanted = {**wanted, "days": 1}
    assert len(as_().get(UPCOMING, params=wanted).json()["items"]) == count


@pytest.mark.parametrize("days", [0, -1, 367, 10**30, "nan"])
def test_days_have_bounds(as_: As, days: object) -> None:
    assert as_().get(UPCOMING, params={"days": str(days)}).status_code == 422


def test_short_periods_do_not_explode(scene: Scene, as_: As) -> None:
    event = scene.event(None, schedule={"_type": "periodic", "version": 1, "seconds": 1})
    items = as_().get(UPCOMING, params={"days": 366, "limit": 500}).json()["items"]
    assert len(items) <= 368
    assert sum(item["count"] for item in items) >= 366 * 86_400 - 1
    assert {item["event_id"] for item in items} == {event.event_id}


def test_a_viewer_of_one_account_sees_no_other(scene: Scene, as_: As) -> None:
    mine = scene.event("A", schedule=DAILY)
    for other in (scene.event("B"), scene.event(None), scene.due("B")):
        scene.client.pause(other.event_id)
    scene.event("B")
    client = as_(visitor("A"))
    assert {item["event_id"] for item in client.get(UPCOMING).json()["items"]} == {mine.event_id}
    assert client.get(UPCOMING, params={"account": "B"}).json()["items"] == []


def test_too_many_events_are_said(scene: Scene, as_: As, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duetime.web.upcoming_view.MOST_EVENTS", 3)
    for hours in range(5):
        scene.event("A", due_in=timedelta(hours=hours + 1))
    body = as_().get(UPCOMING).json()
    assert (len(body["items"]), body["truncated"]) == (3, True)
    assert body["complete_until"] == body["items"][-1]["at"]


class TestObstacles:
    """What will not run, and why."""

    def test_a_paused_bot(self, scene: Scene, as_: As) -> None:
        apply_bot(scene.client, BotDefinition("nightly", schedule=Daily(time_of_day="19:00")))
        pause_bot(scene.client, "nightly")
        (event,) = as_().get("/api/v1/events", params={"type": RUN_BOT}).json()["items"]
        assert obstacles(as_, event["event_id"])["bot"] == "Bot nightly is paused."

    def test_a_bot_whose_accounts_are_all_stale(self, scene: Scene, as_: As) -> None:
        with scene.store.write() as tx:
            tx.accounts.save(Account("A", "fake"))
        definition = BotDefinition(
            "nightly",
            scope=Scope(accounts=("A",)),
            schedule=Daily(time_of_day="19:00"),
            max_inventory_age=timedelta(hours=1),
        )
        apply_bot(scene.client, definition)
        (event,) = as_().get("/api/v1/events", params={"type": RUN_BOT}).json()["items"]
        why = obstacles(as_, event["event_id"])
        assert why["bot"].startswith("Every account in its scope is stale: A: ")

    def test_an_account_whose_credentials_are_refused(self, scene: Scene, as_: As) -> None:
        event = scene.event("A")
        with scene.store.write() as tx:
            tx.accounts.save(Account("A", "fake"))
            for _ in range(REFUSALS_UNTIL_INVALID):
                tx.accounts.record_harvest("A", error="expired", credentials=Credentials.REFUSED)
        assert obstacles(as_, event.event_id)["account"].startswith("Account A: its credentials are refused")

    def test_a_user_who_may_not(self, scene: Scene, as_: As) -> None:
        event = scene.event("A", user_resource_id="divvyuser:7")
        assert "user" not in obstacles(as_, event.event_id)
        with scene.store.write() as tx:
            tx.users.add("divvyuser:7")
            tx.users.set_status("divvyuser:7", UserStatus.DISABLED)
        assert obstacles(as_, event.event_id)["user"] == "User divvyuser:7 is disabled. Then it is denied."

    def test_a_resource_that_is_gone(self, scene: Scene, as_: As) -> None:
        scene.resource("A")
        event = scene.event("A")
        assert "resource" not in obstacles(as_, event.event_id)
        scene.lose_resource("A")
        assert "gone" in obstacles(as_, event.event_id)["resource"]


def test_the_overview(scene: Scene, as_: As, clock: ManualClock) -> None:
    first = scene.due("A")
    scene.due("B")
    scene.event("A")
    scene.event("A", due_in=timedelta(days=2))
    scene.client.pause(scene.event("A").event_id)
    scene.hold(scene.event("A").event_id)
    for status in (RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.LOST, RunStatus.SKIPPED):
        scene.finished_run("A", status)
    scene.finished_run("B", RunStatus.FAILED)
    clock.move_to(clock.now() + timedelta(seconds=30))
    body = as_(visitor("A")).get(OVERVIEW).json()
    del body["now"]
    assert body == {
        "due": 1,
        "next_24_hours": 1,
        "running": 0,
        "paused": 1,
        "held": 1,
        "oldest_due_at": first.due_at.isoformat().replace("+00:00", "Z"),
        "succeeded_24_hours": 1,
        "failed_24_hours": 2,
        "start_delay_seconds": None,
    }
    whole = as_().get(OVERVIEW).json()
    assert (whole["due"], whole["failed_24_hours"]) == (2, 3)


def test_the_overview_of_one_who_may_not_see_history(scene: Scene, as_: As) -> None:
    scene.run("A", status=RunStatus.FAILED)
    body = as_(visitor(feature=Feature.EVENTS)).get(OVERVIEW).json()
    assert (body["failed_24_hours"], body["succeeded_24_hours"]) == (None, None)
