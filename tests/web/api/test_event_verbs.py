"""`/api/v1/events`: what may be done, by whom, and what is written down of it."""

from datetime import timedelta
from typing import Any

import pytest
from tests.web.api.scene import LOG, STOP, Scene, resource_id
from tests.web.conftest import ADMIN, As, visitor

from duetime.bots.planned_run import RUN_BOT
from duetime.builtin.harvest import HARVEST
from duetime.builtin.prune import PRUNE
from duetime.core.access import EVERYTHING, Role
from duetime.core.statuses import EventStatus
from duetime.web.visitor import CameBy, Visitor

EVENTS = "/api/v1/events"
EDITOR_OF_A = visitor("A", role=Role.EDITOR)
HELLO = {"message": "hello"}


@pytest.mark.parametrize(
    "when",
    [
        {"in": "90m"},
        {"at": "2031-01-31T19:00:00+02:00"},
        {"schedule": {"_type": "daily", "version": 1, "time_of_day": "19:00", "timezone": "Europe/Berlin"}},
    ],
)
def test_scheduling(as_: As, scene: Scene, when: dict[str, Any]) -> None:
    answer = as_().post(EVENTS, json={"event_type": LOG, "args": HELLO, "description": "why not", **when})
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert answer.headers["location"] == f"{EVENTS}/{body['event_id']}"
    assert as_().get(answer.headers["location"]).headers["etag"] == answer.headers["etag"]
    event = scene.client.get(body["event_id"])
    assert (event.event_type, event.args, event.description) == (LOG, HELLO, "why not")
    assert event.created_by == "api:admin/test"
    assert event.recurring == ("schedule" in when)


def test_an_event_acts_for_the_user_of_the_login(as_: As, scene: Scene) -> None:
    who = Visitor(login="ann", login_id=7, grants=EVERYTHING, came_by=CameBy.API_KEY, user_resource_id="divvyuser:7")
    body = as_(who).post(EVENTS, json={"event_type": LOG, "args": HELLO, "in": "1h"}).json()
    assert scene.client.get(body["event_id"]).user_resource_id == "divvyuser:7"
    with scene.store.write() as tx:
        tx.users.add("divvyuser:7", event_types=["divvy.*"])
    refused = as_(who).post(EVENTS, json={"event_type": LOG, "args": HELLO, "in": "1h"})
    assert refused.status_code == 403
    assert "may not have duetime.log done" in refused.json()["detail"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "event_type"),
        ({"event_type": LOG, "args": HELLO}, "exactly one of"),
        ({"event_type": LOG, "args": HELLO, "in": "1h", "at": "2031-01-31T19:00:00Z"}, "exactly one of"),
        ({"event_type": LOG, "args": HELLO, "at": "2031-01-31T19:00:00"}, "time zone"),
        ({"event_type": LOG, "args": HELLO, "in": "soon"}, "length of time"),
        ({"event_type": LOG, "args": HELLO, "schedule": {"_type": "sometimes"}}, "_type"),
        ({"event_type": LOG, "args": {"mesage": "hello"}, "in": "1h"}, "did you mean message"),
        ({"event_type": LOG, "args": HELLO, "in": "1h", "expires_after": "-5m"}, "expires_after"),
        ({"event_type": LOG, "args": HELLO, "in": "1h", "catch_up": "never"}, "catch_up"),
        ({"event_type": LOG, "args": HELLO, "in": "1h", "colour": "red"}, "colour"),
        ({"event_type": STOP, "resource_id": "i-1", "in": "1h"}, "resource id"),
        ({"event_type": LOG, "args": {"message": "\x00"}, "in": "1h"}, "NUL"),
        ({"event_type": LOG, "args": HELLO, "in": "1h", "description": "\x00"}, "NUL"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_to_do(as_: As, body: dict[str, Any], said: str) -> None:
    answer = as_().post(EVENTS, json=body)
    assert answer.status_code == 422, answer.text
    assert said in answer.json()["detail"]


def test_an_unknown_type_names_those_that_are_near(as_: As) -> None:
    answer = as_().post(EVENTS, json={"event_type": "duetime.lag", "in": "1h"})
    assert answer.status_code == 404
    assert LOG in answer.json()["near"]


class TestEditorOfOneAccount:
    """Somebody who may change events of account A alone."""

    def test_schedules_for_what_the_inventory_knows(self, as_: As, scene: Scene) -> None:
        known = scene.resource("A")
        answer = as_(EDITOR_OF_A).post(EVENTS, json={"event_type": STOP, "resource_id": known, "in": "1h"})
        assert answer.status_code == 201, answer.text

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"event_type": STOP, "resource_id": resource_id("A", "i-unknown")}, 404),
            ({"event_type": STOP, "resource_id": resource_id("B")}, 404),
            ({"event_type": STOP, "resource_id": resource_id("B", "i-unknown")}, 404),
            ({"event_type": STOP, "resource_id": "nothing"}, 422),
            ({"event_type": LOG, "args": HELLO}, 403),
            ({"event_type": "never.seen", "resource_id": resource_id("A"), "allow_unknown": True}, 403),
            ({"event_type": RUN_BOT, "resource_id": resource_id("A"), "args": {"bot": "all"}}, 403),
            ({"event_type": HARVEST, "resource_id": resource_id("A"), "args": {"account": "B"}}, 403),
            ({"event_type": PRUNE, "resource_id": resource_id("A")}, 403),
        ],
    )
    def test_nothing_beyond(self, as_: As, scene: Scene, body: dict[str, Any], status: int) -> None:
        scene.resource("A")
        scene.resource("B")
        answer = as_(EDITOR_OF_A).post(EVENTS, json={**body, "in": "1h"})
        assert answer.status_code == status, answer.text
        assert as_(ADMIN).get(EVENTS).json()["items"] == []

    @pytest.mark.parametrize("verb", ["cancel", "pause", "resume", "run", "reschedule", "resolve"])
    def test_steers_no_event_of_another(self, as_: As, scene: Scene, verb: str) -> None:
        body = {"reschedule": {"in": "5h"}, "resolve": {"resolution": "retry", "reason": "seen"}}.get(verb, {})
        for event in (scene.event("B"), scene.event(None)):
            before = scene.client.get(event.event_id)
            answer = as_(EDITOR_OF_A).post(f"{EVENTS}/{event.event_id}/{verb}", json=body)
            assert answer.status_code == 404
            assert scene.client.get(event.event_id) == before

    def test_a_viewer_is_told_what_is_missing(self, as_: As, scene: Scene) -> None:
        event = scene.event("A")
        answer = as_(visitor("A")).post(f"{EVENTS}/{event.event_id}/cancel")
        assert (answer.status_code, "editor" in answer.json()["detail"]) == (403, True)

    def test_an_editor_of_one_who_views_another(self, as_: As, scene: Scene) -> None:
        grants = (*EDITOR_OF_A.grants.grants, *visitor("B").grants.grants)
        who = Visitor(login="both", login_id=9, grants=type(EDITOR_OF_A.grants)(grants), came_by=CameBy.API_KEY)
        scene.resource("B")
        event = scene.event("B")
        assert as_(who).post(f"{EVENTS}/{event.event_id}/cancel").status_code == 403
        body = {"event_type": STOP, "resource_id": resource_id("B"), "in": "1h"}
        assert as_(who).post(EVENTS, json=body).status_code == 403


def test_every_verb(as_: As, scene: Scene) -> None:
    client = as_()
    event = scene.event("A")
    path = f"{EVENTS}/{event.event_id}"
    assert client.post(f"{path}/pause", json={"reason": "maintenance"}).json()["status"] == "paused"
    resumed = client.post(f"{path}/resume", json={"catch_up": "skip"}).json()
    assert (resumed["status"], resumed["catch_up"]) == ("scheduled", "skip")
    moved = client.post(f"{path}/reschedule", json={"at": "2031-01-31T19:00:00Z"}).json()
    assert moved["due_at"] == "2031-01-31T19:00:00Z"
    ran = client.post(f"{path}/run").json()
    assert ran["event_id"] == event.event_id
    assert scene.client.get(event.event_id).due_at <= scene.store.now()
    scene.hold(event.event_id)
    assert client.post(f"{path}/cancel").status_code == 409
    settled = client.post(f"{path}/resolve", json={"resolution": "succeeded", "reason": "seen in the console"}).json()
    assert settled["status"] == "succeeded"
    again = client.post(f"{path}/run").json()
    assert again["parent_id"] == event.event_id
    assert client.post(f"{EVENTS}/{again['event_id']}/cancel", json={}).json()["status"] == "cancelled"
    actors = {change["actor"] for change in client.get(f"{path}/changes").json()}
    assert actors == {"api:admin/test", ""}


def test_only_a_whole_schedule_ends_a_recurrence(as_: As, scene: Scene) -> None:
    event = scene.event(schedule={"_type": "periodic", "version": 1, "hours": 1})
    path = f"{EVENTS}/{event.event_id}/reschedule"
    assert as_().post(path, json={"in": "5m"}).status_code == 409
    once = {"_type": "once", "version": 1, "when": "2031-01-31T19:00:00Z"}
    assert as_().post(path, json={"schedule": once}).json()["recurring"] is False


def test_a_change_of_what_has_changed_is_refused(as_: As, scene: Scene) -> None:
    event, client = scene.event(), as_()
    path = f"{EVENTS}/{event.event_id}"
    etag = client.get(path).headers["etag"]
    scene.client.pause(event.event_id, actor="cli:ann")
    refused = client.post(f"{path}/cancel", headers={"If-Match": etag})
    assert refused.status_code == 412
    assert scene.client.get(event.event_id).status is EventStatus.PAUSED
    assert (
        client.post(f"{path}/cancel", headers={"If-Match": f"W/{client.get(path).headers['etag']}"}).status_code == 412
    )
    fresh = client.get(path).headers["etag"]
    assert client.post(f"{path}/resume", headers={"If-Match": f'"old", {fresh}'}).status_code == 200
    assert client.post(f"{path}/cancel", headers={"If-Match": "*"}).status_code == 200


class TestBulk:
    """Many at once."""

    def test_each_is_answered_for_itself(self, as_: As, scene: Scene) -> None:
        mine, theirs, done = scene.event("A"), scene.event("B"), scene.event("A")
        scene.client.cancel(done.event_id)
        ids = [mine.event_id, theirs.event_id, done.event_id, 999, -1, 10**30, mine.event_id]
        body = as_(EDITOR_OF_A).post(f"{EVENTS}/bulk", json={"verb": "cancel", "ids": ids, "reason": "old"}).json()
        assert [(item["id"], item["status"]) for item in body["items"]] == [
            (mine.event_id, 200),
            (theirs.event_id, 404),
            (done.event_id, 409),
            (999, 404),
            (-1, 404),
            (10**30, 404),
        ]
        assert (body["done"], body["refused"]) == (1, 5)
        assert body["items"][0]["result"]["status"] == "cancelled"
        assert body["items"][1]["result"] is None
        assert body["items"][1]["problem"]["status"] == 404
        assert scene.client.get(theirs.event_id).status is EventStatus.SCHEDULED

    def test_what_is_not_there_and_what_is_not_seen_look_alike(self, as_: As, scene: Scene) -> None:
        theirs = scene.event("B")
        items = (
            as_(EDITOR_OF_A)
            .post(f"{EVENTS}/bulk", json={"verb": "pause", "ids": [theirs.event_id, 999]})
            .json()["items"]
        )
        seen, missing = (item["problem"]["detail"] for item in items)
        assert seen.replace(str(theirs.event_id), "999") == missing

    @pytest.mark.parametrize(
        "body",
        [
            {"verb": "cancel", "ids": []},
            {"verb": "cancel", "ids": list(range(1, 1002))},
            {"verb": "explode", "ids": [1]},
            {"ids": [1]},
            {"verb": "cancel", "ids": ["one"]},
        ],
    )
    def test_what_fits_nothing_is_refused_whole(self, as_: As, body: dict[str, Any]) -> None:
        assert as_().post(f"{EVENTS}/bulk", json=body).status_code == 422

    @pytest.mark.parametrize(
        ("body", "status"),
        [
            ({"verb": "reschedule", "in": "5h"}, 200),
            ({"verb": "reschedule"}, 422),
            ({"verb": "pause"}, 200),
            ({"verb": "resume", "catch_up": "all"}, 409),
            ({"verb": "run_now"}, 200),
            ({"verb": "resolve", "resolution": "retry", "reason": "seen"}, 409),
            ({"verb": "resolve", "reason": "seen"}, 422),
        ],
    )
    def test_every_verb(self, as_: As, scene: Scene, body: dict[str, Any], status: int) -> None:
        event = scene.event("A")
        (item,) = as_().post(f"{EVENTS}/bulk", json={**body, "ids": [event.event_id]}).json()["items"]
        assert item["status"] == status, item

    def test_a_thousand(self, as_: As, scene: Scene) -> None:
        ids = [scene.event("A", due_in=timedelta(hours=2)).event_id for _ in range(3)] + list(range(10_000, 10_997))
        body = as_().post(f"{EVENTS}/bulk", json={"verb": "cancel", "ids": ids}).json()
        assert (body["done"], body["refused"]) == (3, 997)
