"""`/v2/prototype/scheduled_events`: the paths of the older interface."""

from datetime import UTC, datetime
from typing import Any

import pytest
from tests.web.api.scene import STOP, Scene, resource_id
from tests.web.conftest import As, visitor

from duetime.core.access import Role
from duetime.store.page import Page
from duetime.web.older_walk import walk

OLDER = "/v2/prototype/scheduled_events"


def exactly(**fields: Any) -> list[dict[str, Any]]:
    return [{"field_name": name, "filter_type": "EXACT", "filter_value": value} for name, value in fields.items()]


def test_an_event_is_shown_as_it_was(scene: Scene, as_: As) -> None:
    scene.resource("A")
    event = scene.event("A", schedule=datetime(2030, 5, 15, 22, 19, 19, tzinfo=UTC), description="Stop it")
    answer = as_().post(f"{OLDER}/get", json={"limit": 10, "offset": 0, "order_by": "creation_time DESC"}).json()
    assert answer["total"] == 1
    (shown,) = answer["events"]
    assert shown == {
        "event_id": event.event_id,
        "event_type": STOP,
        "description": "Stop it",
        "target_resource_id": resource_id("A"),
        "provider_id": "i-1",
        "name": "i-1",
        "resource_type": "instance",
        "account": "A",
        "cloud": None,
        "bot_name": None,
        "scheduled_by": "",
        "creation_time": f"{event.created_at:%m/%d/%Y %H:%M:%S}",
        "schedule": "Once @ 2030-05-15 22:19:19",
        "next_scheduled_run": "05/15/2030 22:19:19",
        "event_state": "ACTIVE",
        "last_run_status": None,
    }


def test_filters_offsets_and_states(scene: Scene, as_: As) -> None:
    made = [scene.event(account) for account in "ABAB"]
    scene.client.cancel(made[0].event_id)
    client = as_()

    def ids(**body: Any) -> list[int]:
        return [each["event_id"] for each in client.post(f"{OLDER}/get", json=body).json()["events"]]

    newest_first = [event.event_id for event in reversed(made)]
    assert ids() == newest_first
    assert ids(limit=2, offset=1) == newest_first[1:3]
    assert ids(filters=exactly(organization_service_id="A")) == [made[2].event_id, made[0].event_id]
    assert ids(filters=exactly(event_state="INACTIVE")) == [made[0].event_id]
    assert ids(filters=exactly(target_resource_id=resource_id("B"), event_type=STOP)) == newest_first[0::2]
    assert ids(filters=exactly(creation_resource_id="divvybot:1:99")) == []


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"filters": exactly(event_typ="x")}, "Did you mean event_type? The fields are event_type,"),
        ({"filters": exactly(event_state="ASLEEP")}, "ACTIVE or INACTIVE"),
        ({"filters": [{"field_name": "event_type", "filter_type": "LIKE", "filter_value": "x"}]}, "EXACT"),
        ({"order_by": "name"}, "creation_time DESC"),
        ({"offset": 9_999, "limit": 100}, "/api/v1/events"),
        ({"offset": -1}, "offset"),
        ({"limit": 10**9}, "limit"),
        ({"sort": "x"}, "sort"),
    ],
)
def test_what_does_not_fit_is_said(as_: As, body: dict[str, Any], said: str) -> None:
    answer = as_().post(f"{OLDER}/get", json=body)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text


def test_events_are_deleted_each_for_itself(scene: Scene, as_: As) -> None:
    mine, theirs = scene.event("A"), scene.event("B")
    client = as_(visitor("A", role=Role.EDITOR))
    body = {"action": "delete", "event_ids": [mine.event_id, theirs.event_id, 10**9, -1]}
    answer = client.post(f"{OLDER}/execute_action", json=body).json()
    assert (answer["success"], answer["event_ids"]) == (False, [mine.event_id])
    assert [(each["event_id"], each["status"]) for each in answer["errors"]] == [
        (theirs.event_id, 404),
        (10**9, 404),
        (-1, 404),
    ]
    assert scene.client.get(theirs.event_id).status == "scheduled"
    assert as_(visitor("A")).post(f"{OLDER}/execute_action", json=body).status_code == 403
    assert as_().post(f"{OLDER}/execute_action", json={"action": "run", "event_ids": [1]}).status_code == 422


def test_history_is_shown_as_it_was(scene: Scene, as_: As) -> None:
    scene.run("A")
    scene.run("B")
    body = {"filters": exactly(organization_service_id="A"), "order_by": "start_time DESC"}
    (shown,) = as_().post(f"{OLDER}/history/list", json=body).json()["events"]
    assert (shown["last_run_status"], shown["account"], shown["event_type"]) == ("SUCCESS", "A", STOP)
    assert shown["finish_time"] == f"{scene.store.now():%m/%d/%Y %H:%M:%S}"


def test_a_viewer_of_one_account_sees_no_other(scene: Scene, as_: As) -> None:
    scene.run("A")
    theirs = scene.run("B")
    client = as_(visitor("A"))
    for path in ("get", "history/list"):
        answer = client.post(f"{OLDER}/{path}", json={}).json()
        assert [each["account"] for each in answer["events"]] == ["A"]
        assert answer.get("total", 1) == 1
        for filters in (exactly(organization_service_id="B"), exactly(target_resource_id=resource_id("B"))):
            assert client.post(f"{OLDER}/{path}", json={"filters": filters}).json()["events"] == []
    hidden = client.post(f"{OLDER}/history/list", json={"filters": exactly(event_id=theirs.event_id)})
    assert hidden.json()["events"] == []


def test_a_walk_reads_short_pages_to_the_offset() -> None:
    def read(place: int | None, most: int) -> Page[int, int]:
        first = 0 if place is None else place
        return Page(tuple(range(first, min(first + min(most, 3), 10))), next=first + 3 if first + 3 < 10 else None)

    assert walk(read, offset=4, limit=4) == [4, 5, 6, 7]
    assert walk(read, offset=8, limit=5) == [8, 9]
    assert walk(read, offset=50, limit=5) == []


def test_a_walk_through_pages_that_hold_nothing_ends() -> None:
    with pytest.raises(Exception, match="Too few rows fit"):
        walk(lambda place, _most: Page((), next=(place or 0) + 1), offset=0, limit=1)
