"""`/api/v1/events`: what is planned, for whom."""

from collections.abc import Mapping
from datetime import timedelta

import pytest
from tests.web.api.scene import STOP, Scene, resource_id
from tests.web.conftest import ADMIN, As, visitor

from duetime.core.access import Feature, Role
from duetime.web.payloads import HIDDEN

EVENTS = "/api/v1/events"


def test_a_list_is_paged_to_its_end(scene: Scene, as_: As) -> None:
    made = [scene.event(description=f"number {number}").event_id for number in range(5)]
    client, seen, cursor = as_(), [], None
    for _ in range(5):
        page = client.get(EVENTS, params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [item["event_id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"type": STOP}, {"a", "b", "paused"}),
        ({"status": ["paused"]}, {"paused"}),
        ({"status": ["paused", "scheduled"]}, {"a", "b", "paused", "log"}),
        ({"account": "A"}, {"a", "paused"}),
        ({"resource": resource_id("B")}, {"b"}),
        ({"q": "NIGHT"}, {"log"}),
        ({"due_before": "30m"}, {"log"}),
        ({"due_after": "30m", "account": "B"}, {"b"}),
        ({"type": "", "status": "", "q": "", "due_after": ""}, {"a", "b", "paused", "log"}),
    ],
)
def test_filters(scene: Scene, as_: As, parameters: Mapping[str, str | list[str]], expected: set[str]) -> None:
    made = {
        "a": scene.event("A"),
        "b": scene.event("B"),
        "paused": scene.event("A"),
        "log": scene.event(None, description="every night", due_in=timedelta(minutes=5)),
    }
    scene.client.pause(made["paused"].event_id)
    names = {event.event_id: name for name, event in made.items()}
    answer = as_().get(EVENTS, params=parameters)
    assert answer.status_code == 200, answer.text
    assert {names[item["event_id"]] for item in answer.json()["items"]} == expected


def test_a_filter_by_bot_names_one_that_is_there(scene: Scene, as_: As) -> None:
    assert as_().get(EVENTS, params={"bot": "nobody's"}).status_code == 404


def test_a_viewer_of_one_account_sees_no_other(scene: Scene, as_: As) -> None:
    mine, theirs, nobodys = scene.event("A"), scene.event("B"), scene.event(None)
    client = as_(visitor("A"))
    assert [item["event_id"] for item in client.get(EVENTS).json()["items"]] == [mine.event_id]
    assert client.get(EVENTS, params={"account": "B"}).json()["items"] == []
    assert client.get(EVENTS, params={"resource": theirs.resource_id}).json()["items"] == []
    for event in (theirs, nobodys):
        for path in ("", "/explanation", "/times", "/changes"):
            answer = client.get(f"{EVENTS}/{event.event_id}{path}")
            missing = client.get(f"{EVENTS}/999999{path}")
            assert answer.status_code == missing.status_code == 404
            assert answer.json()["detail"] == missing.json()["detail"].replace("999999", str(event.event_id))


def test_an_event_has_an_etag(scene: Scene, as_: As) -> None:
    event, client = scene.event(), as_()
    first = client.get(f"{EVENTS}/{event.event_id}")
    etag = first.headers["etag"]
    again = client.get(f"{EVENTS}/{event.event_id}", headers={"If-None-Match": f'"other", W/{etag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", etag)
    scene.client.pause(event.event_id)
    changed = client.get(f"{EVENTS}/{event.event_id}", headers={"If-None-Match": etag})
    assert changed.status_code == 200
    assert changed.headers["etag"] != etag


def test_arguments_are_for_those_who_may_see_payloads(scene: Scene, as_: As) -> None:
    event = scene.event(
        None, args={"message": "hello", "password": "hunter2"}, allow_unknown=True, event_type="my.type"
    )
    path = f"{EVENTS}/{event.event_id}"
    assert as_(visitor(payloads=True)).get(path).json()["args"] == {"message": "hello", "password": "[redacted]"}
    for answer in (as_(visitor()).get(path), as_(visitor()).get(EVENTS)):
        assert "hunter2" not in answer.text
        assert "hello" not in answer.text
    assert as_(visitor()).get(path).json()["args"] is None
    assert HIDDEN not in as_(visitor(payloads=True)).get(path).text


def test_why_it_does_not_run(scene: Scene, as_: As) -> None:
    event = scene.due()
    body = as_().get(f"{EVENTS}/{event.event_id}/explanation").json()
    assert "no worker is alive" in body["sentences"][0]
    assert [each["kind"] for each in body["obstacles"]] == ["no_worker"]
    scene.client.cancel(event.event_id, reason="not needed")
    body = as_().get(f"{EVENTS}/{event.event_id}/explanation").json()
    assert "not needed" in body["sentences"][0]
    assert body["obstacles"] == []


def test_opposite_wishes_are_told_without_bots_that_are_not_seen(scene: Scene, as_: As) -> None:
    stop = scene.event("A")
    start = scene.event("A", event_type="divvy.start_resource")
    (conflict,) = as_(visitor("A")).get(f"{EVENTS}/{stop.event_id}/explanation").json()["conflicts"]
    assert f"event {start.event_id}" in conflict


def test_the_next_times_have_the_offset_of_their_zone(scene: Scene, as_: As) -> None:
    daily = {"_type": "daily", "version": 1, "time_of_day": "19:00", "timezone": "Europe/Berlin"}
    event = scene.event(schedule=daily)
    times = as_().get(f"{EVENTS}/{event.event_id}/times", params={"limit": 3}).json()
    assert [each["is_owed"] for each in times] == [False] * 3
    for each in times:
        assert each["local"][11:16] == "19:00"
        assert each["local"][-6:] in ("+01:00", "+02:00")
        assert each["due_at"].endswith("Z")
    scene.client.cancel(event.event_id)
    assert as_().get(f"{EVENTS}/{event.event_id}/times").json() == []


def test_the_changes_of_an_event(scene: Scene, as_: As) -> None:
    event = scene.event()
    scene.client.pause(event.event_id, actor="cli:ann", reason="maintenance")
    pause, schedule = as_().get(f"{EVENTS}/{event.event_id}/changes").json()
    assert (pause["verb"], pause["actor"], pause["reason"]) == ("event.pause", "cli:ann", "maintenance")
    assert (pause["before"]["status"], pause["after"]["status"]) == ("scheduled", "paused")
    assert schedule["verb"] == "event.schedule"


def test_a_role_of_another_feature_opens_nothing(scene: Scene, as_: As) -> None:
    event = scene.event()
    client = as_(visitor(feature=Feature.HISTORY, role=Role.ADMIN))
    assert client.get(EVENTS).status_code == 403
    assert client.get(f"{EVENTS}/{event.event_id}").status_code == 403


def test_an_unknown_parameter_is_refused_with_the_one_that_was_meant(as_: As) -> None:
    answer = as_(ADMIN).get(EVENTS, params={"acount": "A"})
    assert answer.status_code == 422
    assert "account" in answer.json()["detail"]
