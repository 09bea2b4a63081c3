"""Resources, groups, accounts, plugins, event types, filters, actions, users, audit and destinations."""

from typing import Any

import pytest
from tests.web.api.scene import Scene, resource_id
from tests.web.conftest import ADMIN, As, visitor

from duetime.core.access import Feature, Role
from duetime.core.resources import Account

API = "/api/v1"


def account(scene: Scene, name: str, **settings: Any) -> None:
    with scene.store.write() as tx:
        tx.accounts.save(Account(name, provider="fake", regions=("us-east-1",), settings=settings))
    scene.app.clouds.refresh()


def test_resources_are_listed_filtered_and_paged(scene: Scene, as_: As) -> None:
    ids = sorted(scene.resource(name, each) for name in "AB" for each in ("i-1", "i-2"))
    client = as_()
    first = client.get(f"{API}/resources", params={"limit": 3}).json()
    rest = client.get(f"{API}/resources", params={"limit": 3, "cursor": first["next"]}).json()
    assert [each["resource_id"] for each in first["items"] + rest["items"]] == ids
    assert rest["next"] is None
    assert len(client.get(f"{API}/resources", params={"account": "A"}).json()["items"]) == 2
    assert client.get(f"{API}/resources", params={"type": "volume"}).json()["items"] == []


def test_a_resource_says_where_its_events_and_history_are(scene: Scene, as_: As) -> None:
    found = scene.resource("A")
    event = scene.event("A")
    read = as_().get(f"{API}/resources/{found}")
    assert read.json()["data"] == {}
    assert as_().get(f"{API}/resources/{found}", headers={"If-None-Match": read.headers["etag"]}).status_code == 304
    planned = as_().get(read.json()["planned"]).json()["items"]
    assert [each["event_id"] for each in planned] == [event.event_id]
    assert as_().get(read.json()["history"]).status_code == 200
    assert as_(visitor("A")).get(f"{API}/resources/{found}").json()["data"] is None


def test_resources_of_other_accounts_are_not_there(scene: Scene, as_: As) -> None:
    mine, theirs = scene.resource("A"), scene.resource("B")
    client = as_(visitor("A"))
    assert [each["resource_id"] for each in client.get(f"{API}/resources").json()["items"]] == [mine]
    assert client.get(f"{API}/resources", params={"account": "B"}).json()["items"] == []
    hidden = client.get(f"{API}/resources/{theirs}")
    missing = client.get(f"{API}/resources/{resource_id('B', 'i-9')}")
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.json()["detail"].replace("i-1", "i-9") == missing.json()["detail"]


def test_groups_are_made_filled_and_deleted(scene: Scene, as_: As) -> None:
    client, a, b = as_(), scene.resource("A"), scene.resource("B")
    assert client.put(f"{API}/resource-groups/web", json={"description": "ours"}).json()["description"] == "ours"
    assert client.post(f"{API}/resource-groups/web/members", json={"add": [a, b]}).json() == {"added": 2, "removed": 0}
    assert client.get(f"{API}/resource-groups/web").json()["members"] == 2
    page = client.get(f"{API}/resource-groups/web/members", params={"limit": 1}).json()
    rest = client.get(f"{API}/resource-groups/web/members", params={"limit": 1, "cursor": page["next"]}).json()
    assert [page["items"][0]["resource_id"], rest["items"][0]["resource_id"], rest["next"]] == [a, b, None]
    assert client.post(f"{API}/resource-groups/web/members", json={"remove": [a]}).json()["removed"] == 1
    assert client.post(f"{API}/resource-groups/web/members", json={"add": ["nothing"]}).status_code == 422
    assert client.delete(f"{API}/resource-groups/web").status_code == 204
    assert client.get(f"{API}/resource-groups/web").status_code == 404


def test_a_group_shows_a_visitor_their_own_resources_alone(scene: Scene, as_: As) -> None:
    a, b = scene.resource("A"), scene.resource("B")
    with scene.store.write() as tx:
        for name, members in (("both", [a, b]), ("theirs", [b])):
            tx.groups.save(name)
            tx.groups.add(name, members)
    client = as_(visitor("A", role=Role.ADMIN))
    assert [(each["name"], each["members"]) for each in client.get(f"{API}/resource-groups").json()["items"]] == [
        ("both", 1)
    ]
    assert [each["resource_id"] for each in client.get(f"{API}/resource-groups/both/members").json()["items"]] == [a]
    for path in ("", "/members"):
        assert client.get(f"{API}/resource-groups/theirs{path}").status_code == 404
    assert client.post(f"{API}/resource-groups/theirs/members", json={"add": [a]}).status_code == 404
    assert client.post(f"{API}/resource-groups/both/members", json={"remove": [b]}).status_code == 403
    assert client.put(f"{API}/resource-groups/both", json={}).status_code == 403
    assert client.delete(f"{API}/resource-groups/both").status_code == 403


def test_a_group_that_a_bot_asks_about_is_not_deleted_by_accident(scene: Scene, as_: As) -> None:
    client = as_()
    client.put(f"{API}/resource-groups/web", json={})
    client.put(f"{API}/bots/b", json={"name": "b", "scope": {"groups": ["web"]}})
    refused = client.delete(f"{API}/resource-groups/web")
    assert (refused.status_code, ": b." in refused.json()["detail"]) == (409, True)
    assert client.delete(f"{API}/resource-groups/web", params={"force": True}).status_code == 204


def test_accounts_are_added_harvested_and_removed(scene: Scene, as_: As) -> None:
    client = as_()
    wanted = {"provider": "fake", "regions": ["us-east-1"], "badges": {"env": "dev"}}
    made = client.put(f"{API}/accounts/A", json=wanted)
    assert (made.status_code, made.json()["badges"]) == (200, {"env": "dev"}), made.text
    assert client.put(f"{API}/accounts/A", json={**wanted, "provider": "nobody"}).status_code == 404
    assert client.put(f"{API}/accounts/A", json={**wanted, "every": "often"}).status_code == 422
    changed = client.post(f"{API}/accounts/A/badges", json={"give": {"team": "a"}, "take": ["env"]})
    assert changed.json()["badges"] == {"team": "a"}
    assert client.post(f"{API}/accounts/A/badges", json={"take": ["env"]}).status_code == 404
    first, again = (client.post(f"{API}/accounts/A/harvest") for _ in range(2))
    assert (first.status_code, first.json()["event_id"]) == (202, again.json()["event_id"])
    scene.resource("A")
    scene.event("A")
    assert client.delete(f"{API}/accounts/A", params={"preview": True}).json()["cancelled"] == 1
    assert client.delete(f"{API}/accounts/A").json() == {"is_preview": False, "resources": 1, "cancelled": 1}
    assert client.get(f"{API}/accounts/A").status_code == 404


def test_an_account_tells_nothing_secret(scene: Scene, as_: As) -> None:
    account(scene, "A", role_arn="arn:aws:iam::1:role/x", secret_access_key="wJalrXUtnFEMIxK7MDENGxbPxRfiCYEXAMPLEKEY")
    shown = as_().get(f"{API}/accounts/A")
    assert ("wJalrXUtnFEMI" in shown.text, "role/x" in shown.text) == (False, True)
    assert as_(visitor("A")).get(f"{API}/accounts/A").json()["settings"] is None


def test_accounts_beyond_the_reach_are_not_there(scene: Scene, as_: As) -> None:
    account(scene, "A")
    account(scene, "B")
    client = as_(visitor("A", role=Role.ADMIN))
    assert [each["account"] for each in client.get(f"{API}/accounts").json()["items"]] == ["A"]
    assert client.get(f"{API}/accounts/B").status_code == 404
    assert client.post(f"{API}/accounts/B/harvest").status_code == 404
    assert client.post(f"{API}/accounts/B/badges", json={}).status_code == 404
    assert client.delete(f"{API}/accounts/B").status_code == 404
    assert client.put(f"{API}/accounts/A", json={"regions": ["us-east-1"]}).status_code == 403
    assert as_(visitor("A")).post(f"{API}/accounts/A/harvest").status_code == 403
    assert as_(visitor("A", role=Role.EDITOR)).delete(f"{API}/accounts/A").status_code == 403


def test_a_plugin_is_wished_by_administrators_of_all_accounts(scene: Scene, as_: As) -> None:
    with scene.store.write() as tx:
        tx.plugins.ensure(["shutters"])
    scene.event("A")
    listed = as_().get(f"{API}/plugins").json()
    assert [(each["plugin"], each["wish"]) for each in listed["plugins"]] == [("shutters", "loaded")]
    assert [each["event_type"] for each in listed["waiting"]] == ["divvy.stop_resource"]
    assert as_(visitor("B")).get(f"{API}/plugins").json()["waiting"] == []
    wished = as_().post(f"{API}/plugins/shutters/unload", json={"reason": "for now"})
    assert (wished.status_code, wished.json()["wish"], wished.json()["generation"]) == (202, "unloaded", 2)
    assert as_().post(f"{API}/plugins/shutter/load").json()["near"] == ["shutters"]
    assert as_().post(f"{API}/plugins/shutters/burn").status_code == 422
    assert as_(visitor("A", role=Role.ADMIN)).post(f"{API}/plugins/shutters/load").status_code == 403


def test_what_bots_can_use_is_described(as_: As) -> None:
    client = as_()
    tag = client.get(f"{API}/filters/duetime.filter.tag").json()
    assert {setting["name"]: setting["required"] for setting in tag["settings"]}["key"] is True
    assert tag in client.get(f"{API}/filters").json()
    assert client.get(f"{API}/filters/duetime.filter.tags").json()["near"]
    action = client.get(f"{API}/actions/duetime.action.schedule_event").json()
    assert next(each for each in action["settings"] if each["name"] == "on_existing")["choices"] == [
        "keep",
        "replace",
        "add",
    ]
    assert client.get(f"{API}/actions/nobody").status_code == 404
    assert client.get(f"{API}/destinations").json() == []


def test_event_types_say_who_can_run_them(as_: As) -> None:
    kind = as_().get(f"{API}/event-types/divvy.stop_resource").json()
    assert (kind["inverse"], kind["workers"]) == ("divvy.start_resource", 0)
    assert kind in as_().get(f"{API}/event-types").json()
    assert as_().get(f"{API}/event-types/divvy.stop").status_code == 404


def test_a_worker_is_read_by_its_number(scene: Scene, as_: As) -> None:
    with scene.store.write() as tx:
        number = tx.sessions.open(worker="w", lease_seconds=30, slots=2)
    assert as_().get(f"{API}/workers/{number}").json()["worker"] == "w"
    assert as_().get(f"{API}/workers/{number + 1}").status_code == 404


def test_users_are_registered_and_changed_with_an_audit_trail(as_: As) -> None:
    client = as_()
    made = client.post(f"{API}/users", json={"user_resource_id": "divvyuser:7", "name": "Ann"})
    assert (made.status_code, made.json()["event_types"]) == (201, ["*"])
    assert client.post(f"{API}/users", json={"user_resource_id": "divvyuser:7"}).status_code == 409
    changed = client.patch(f"{API}/users/divvyuser:7", json={"status": "disabled", "event_types": ["divvy.stop_*"]})
    assert (changed.json()["status"], changed.json()["event_types"]) == ("disabled", ["divvy.stop_*"])
    trail = client.get(f"{API}/audit", params={"subject": "user:divvyuser:7"}).json()["items"]
    assert [(each["verb"], each["actor"]) for each in trail] == [
        ("user.allow", "api:admin/test"),
        ("user.disable", "api:admin/test"),
        ("user.add", "api:admin/test"),
    ]
    assert trail[0]["before"] == {"event_types": ["*"]}


def test_the_audit_trail_is_paged(as_: As) -> None:
    for number in range(3):
        as_().post(f"{API}/users", json={"user_resource_id": f"divvyuser:{number}"})
    first = as_().get(f"{API}/audit", params={"limit": 2, "verb": "user.add"}).json()
    rest = as_().get(f"{API}/audit", params={"limit": 2, "verb": "user.add", "cursor": first["next"]}).json()
    assert [each["subject"] for each in first["items"] + rest["items"]] == [
        f"user:divvyuser:{number}" for number in (2, 1, 0)
    ]


@pytest.mark.parametrize("path", ["/audit", "/users", "/users/divvyuser:7"])
def test_what_belongs_to_no_account_needs_all_of_them(as_: As, path: str) -> None:
    assert as_(visitor("A", role=Role.ADMIN)).get(f"{API}{path}").status_code == 403


@pytest.mark.parametrize(
    ("path", "feature"),
    [
        ("/bots", Feature.BOTS),
        ("/filters", Feature.BOTS),
        ("/actions", Feature.BOTS),
        ("/destinations", Feature.BOTS),
        ("/resources", Feature.RESOURCES),
        ("/resource-types", Feature.RESOURCES),
        ("/resource-groups", Feature.RESOURCES),
        ("/accounts", Feature.ACCOUNTS),
        ("/plugins", Feature.PLUGINS),
        ("/event-types", Feature.PLUGINS),
        ("/users", Feature.ACCESS),
        ("/audit", Feature.AUDIT),
    ],
)
def test_each_list_has_its_feature(as_: As, path: str, feature: Feature) -> None:
    other = Feature.SYSTEM
    assert as_(visitor(feature=other)).get(f"{API}{path}").status_code == 403
    assert as_(visitor(feature=feature)).get(f"{API}{path}").status_code == 200
    assert as_(ADMIN).get(f"{API}{path}", params={"nonsense": 1}).status_code == 422


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/bots", ["q", "status"]),
        ("/resources", ["q", "type", "region", "state", "account"]),
        ("/audit", ["actor", "verb", "subject", "q", "since", "until"]),
    ],
)
def test_a_field_that_nobody_filled_in_asks_for_nothing(as_: As, path: str, names: list[str]) -> None:
    for name in names:
        assert as_().get(f"{API}{path}", params={name: ""}).status_code == 200, name
    assert as_().get(f"{API}{path}", params={"q": "x" * 301}).status_code == 422
