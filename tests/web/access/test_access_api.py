"""Logins, access groups and API keys by the API: for administrators of access, and nobody else."""

from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.web.access.conftest import PASSWORD, Add, Enter, Key

from duetime.app.app import App
from duetime.core.access import Feature, Grant, Role

Program = Callable[..., TestClient]
VIEWER = Grant(Feature.ACCESS, Role.VIEWER)
IN_DEV = Grant(Feature.ACCESS, Role.ADMIN, frozenset({"dev"}))
EVENTS = {"feature": "events", "role": "viewer", "accounts": ["dev"], "payloads": False}
CHANGES = [
    ("POST", "/api/v1/logins", {"login": "eve"}),
    ("PATCH", "/api/v1/logins/ann", {"name": "Eve"}),
    ("POST", "/api/v1/logins/ann/reset", {}),
    ("POST", "/api/v1/logins/ann/sign-out", None),
    ("PUT", "/api/v1/access-groups/eves", {"grants": [EVENTS]}),
    ("DELETE", "/api/v1/access-groups/eves", None),
    ("PUT", "/api/v1/access-groups/eves/members/eve", None),
    ("DELETE", "/api/v1/access-groups/eves/members/eve", None),
    ("POST", "/api/v1/api-keys", {"name": "x", "grants": [EVENTS], "login": "ann"}),
    ("DELETE", "/api/v1/api-keys/1", None),
]


@pytest.fixture
def program(add: Add, key: Key, browser: Callable[[], TestClient]) -> Program:
    """Make a program with a key of a new login: `program("eve", Grant(...))`; without grants, an administrator's."""

    def make(login: str = "root", *grants: Grant) -> TestClient:
        add(login, *grants)
        client = browser()
        client.headers |= {"Api-Key": key(login), "Accept": "application/json"}
        return client

    return make


def test_a_login_is_made_changed_disabled_and_reset(program: Program, browser: Callable[[], TestClient]) -> None:
    root = program()
    root.put("/api/v1/access-groups/viewers", json={"grants": [EVENTS]})
    made = root.post("/api/v1/logins", json={"login": "Ann", "name": "Ann", "groups": ["viewers"]})
    assert made.status_code == 201
    password = made.json()["one_time_password"]
    client = browser()
    entered = client.post("/login", data={"login": "ann", "password": password}, follow_redirects=False)
    assert entered.headers["location"] == "/me/password"
    got = root.get("/api/v1/logins/ann")
    assert (got.json()["groups"], got.json()["must_change"]) == (["viewers"], True)
    assert "password_hash" not in got.text
    changed = root.patch(
        "/api/v1/logins/ann", json={"name": "Ann Other", "user_resource_id": "divvyuser:7"}, headers={"If-Match": "x"}
    )
    assert changed.status_code == 412
    changed = root.patch("/api/v1/logins/ann", json={"name": "Ann Other", "user_resource_id": "divvyuser:7"})
    assert (changed.json()["name"], changed.json()["user_resource_id"]) == ("Ann Other", "divvyuser:7")
    assert root.patch("/api/v1/logins/ann", json={"name": "A"}).json()["user_resource_id"] == "divvyuser:7"
    assert root.patch("/api/v1/logins/ann", json={"user_resource_id": None}).json()["user_resource_id"] is None
    linked = root.patch("/api/v1/logins/ann", json={"identity": {"issuer": "https://id.example", "subject": "7"}})
    assert linked.json()["oidc_subject"] == "7"
    reset = root.post("/api/v1/logins/ann/reset", json={"reason": "lost laptop"})
    assert reset.json()["one_time_password"] not in (None, password)
    assert client.get("/me/password", follow_redirects=False).status_code == 303
    assert root.patch("/api/v1/logins/ann", json={"status": "disabled"}).json()["status"] == "disabled"
    assert [login["login"] for login in root.get("/api/v1/logins").json()["items"]] == ["ann", "root"]


def test_a_secret_is_told_once_even_to_who_repeats_the_request(app: App, program: Program) -> None:
    root = program()
    headers = {"Idempotency-Key": "one"}
    first = root.post("/api/v1/logins", json={"login": "ann"}, headers=headers)
    assert first.status_code == 201
    again = root.post("/api/v1/logins", json={"login": "ann"}, headers=headers)
    assert again.status_code == 409
    assert first.json()["one_time_password"] not in again.text
    made = root.post("/api/v1/api-keys", json={"name": "x", "grants": [EVENTS]}, headers={"Idempotency-Key": "two"})
    assert made.status_code == 201
    assert made.json()["secret"].startswith("dt_")


def test_logins_are_listed_in_pages(program: Program, add: Add) -> None:
    root = program()
    for number in range(5):
        add(f"login{number}", VIEWER, group="viewers")
    seen: list[str] = []
    cursor = None
    while True:
        page = root.get("/api/v1/logins", params={"limit": 2} | ({"cursor": cursor} if cursor else {})).json()
        seen += [login["login"] for login in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == ["login0", "login1", "login2", "login3", "login4", "root"]


@pytest.mark.parametrize(("method", "path", "body"), CHANGES)
@pytest.mark.parametrize("grants", [(VIEWER,), (IN_DEV,), (Grant(Feature.EVENTS, Role.ADMIN),)])
def test_nobody_else_changes_anything(
    app: App, program: Program, grants: tuple[Grant, ...], method: str, path: str, body: object
) -> None:
    root = program("ann")
    assert root.put("/api/v1/access-groups/eves", json={"grants": [EVENTS]}).status_code == 200
    eve = program("eve", *grants)
    before = root.get("/api/v1/access-groups").json(), root.get("/api/v1/logins").json()
    answer = eve.request(method, path, json=body)
    assert answer.status_code == (404 if path.endswith("keys/1") and grants != (VIEWER,) else 403), answer.text
    assert (root.get("/api/v1/access-groups").json(), root.get("/api/v1/logins").json()) == before
    with app.store.read() as tx:
        assert tx.api_keys.get(1).revoked_at is None


@pytest.mark.parametrize(
    "path", ["/api/v1/logins", "/api/v1/logins/ann", "/api/v1/access-groups", "/api/v1/api-keys?login=ann",
             "/api/v1/api-keys?login=*", "/api/v1/api-keys?login=nobody"],
)  # fmt: skip
def test_nobody_else_sees_anything(program: Program, path: str) -> None:
    program("ann")
    assert program("eve", IN_DEV).get(path).status_code == 403
    assert program("ben", Grant(None, Role.VIEWER)).get(path).status_code == (404 if "nobody" in path else 200)


def test_keys_of_others_do_not_exist(program: Program) -> None:
    program("ann")
    eve = program("eve", Grant(Feature.EVENTS, Role.ADMIN))
    assert eve.get("/api/v1/api-keys/1").status_code == 404
    assert eve.delete("/api/v1/api-keys/1").status_code == 404
    assert eve.get("/api/v1/api-keys/2").json()["login"] == "eve"
    assert [key["login"] for key in eve.get("/api/v1/api-keys").json()["items"]] == ["eve"]


def test_keys_are_made_used_and_revoked(program: Program, browser: Callable[[], TestClient]) -> None:
    root = program()
    made = root.post("/api/v1/api-keys", json={"name": "report", "grants": [EVENTS], "expires_in_days": 7})
    assert made.status_code == 201
    other = browser()
    other.headers |= {"Api-Key": made.json()["secret"], "Accept": "application/json"}
    assert other.get("/api/v1/me").json()["grants"] == [EVENTS]
    assert other.get("/api/v1/logins").status_code == 403
    listed = root.get("/api/v1/api-keys").text
    assert made.json()["secret"] not in listed
    key_id = made.json()["key"]["key_id"]
    assert root.delete(f"/api/v1/api-keys/{key_id}").json()["is_live"] is False
    assert other.get("/api/v1/me").status_code == 401


def test_a_key_makes_no_key_that_outlives_it(program: Program) -> None:
    eve = program("eve", Grant(Feature.EVENTS, Role.VIEWER, frozenset({"dev"})))
    answer = eve.post("/api/v1/api-keys", json={"name": "x", "grants": [EVENTS]})
    assert answer.status_code == 403
    assert "needs a person who is logged in" in answer.text


def test_a_narrow_key_of_an_administrator_administers_nothing(
    add: Add, key: Key, browser: Callable[[], TestClient]
) -> None:
    add("root")
    client = browser()
    client.headers |= {
        "Api-Key": key("root", Grant(Feature.ACCESS, Role.VIEWER), Grant(Feature.EVENTS, Role.VIEWER)),
        "Accept": "application/json",
    }
    assert client.get("/api/v1/logins").status_code == 200
    assert client.post("/api/v1/logins", json={"login": "eve"}).status_code == 403
    assert client.post("/api/v1/api-keys", json={"name": "x", "grants": [EVENTS]}).status_code == 403


@pytest.mark.parametrize(
    "grant",
    [
        EVENTS | {"role": "admin"},
        EVENTS | {"accounts": "*"},
        EVENTS | {"payloads": True},
        EVENTS | {"feature": "*"},
    ],
)
def test_nobody_makes_a_key_wider_than_themselves(add: Add, enter: Enter, grant: dict[str, object]) -> None:
    add("eve", Grant(Feature.EVENTS, Role.VIEWER, frozenset({"dev"})))
    eve = enter("eve")
    eve.client.headers |= {"X-CSRF-Token": eve.csrf_token, "Accept": "application/json"}
    answer = eve.client.post("/api/v1/api-keys", json={"name": "x", "grants": [grant]})
    assert answer.status_code == 422
    assert "A key opens no more than its login may do" in answer.text
    assert eve.client.post("/api/v1/api-keys", json={"name": "x", "grants": [EVENTS]}).status_code == 201


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "grants": [EVENTS]},
        {"name": "   ", "grants": [EVENTS]},
        {"name": "x", "grants": []},
        {"name": "x", "grants": [EVENTS | {"accounts": []}]},
        {"name": "x", "grants": [EVENTS | {"accounts": ["*"]}]},
        {"name": "x", "grants": [EVENTS | {"role": "owner"}]},
        {"name": "x", "grants": [EVENTS | {"more": 1}]},
        {"name": "x", "grants": [EVENTS], "expires_in_days": 0},
        {"name": "x", "grants": [EVENTS], "expires_in_days": -1},
        {"name": "x", "grants": [EVENTS], "expires_in_days": 10**12},
        {"name": "x\x00", "grants": [EVENTS]},
        {"name": "x", "grants": [EVENTS] * 101},
    ],
)
def test_what_makes_no_sense_is_refused(program: Program, body: object) -> None:
    answer = program().post("/api/v1/api-keys", json=body)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("key_id", ["0", "-1", str(2**63), "x", str(2**200)])
def test_numbers_of_keys_that_cannot_be(program: Program, key_id: str) -> None:
    assert program().get(f"/api/v1/api-keys/{key_id}").status_code == 422


def test_sessions_are_listed_and_ended_by_their_owner_alone(app: App, add: Add, enter: Enter) -> None:
    add("ann")
    add("eve")
    ann, eve = enter("ann"), enter("eve")
    (session,) = ann.client.get("/api/v1/me/sessions").json()
    assert session["is_this"] is True
    assert ann.client.cookies["duetime_session"] not in str(session)
    path = f"/api/v1/me/sessions/{session['session_id']}"
    assert eve.client.delete(path, headers={"X-CSRF-Token": eve.csrf_token}).status_code == 404
    assert eve.post(f"/me/sessions/{session['session_id']}/end").status_code == 404
    assert ann.client.delete(path, headers={"X-CSRF-Token": ann.csrf_token}).status_code == 204
    assert ann.client.get("/api/v1/me").status_code == 401


def test_an_administrator_signs_somebody_out(program: Program, add: Add, enter: Enter) -> None:
    add("ann")
    first, second = enter("ann"), enter("ann")
    assert program().post("/api/v1/logins/ann/sign-out").json() == {"ended": 2}
    for person in (first, second):
        assert person.client.get("/api/v1/me").status_code == 401


def test_the_last_administrator_stays(program: Program) -> None:
    root = program()
    for method, path, body in (
        ("PATCH", "/api/v1/logins/root", {"status": "disabled"}),
        ("DELETE", "/api/v1/access-groups/group of root", None),
        ("PUT", "/api/v1/access-groups/group of root", {"grants": [EVENTS]}),
        ("DELETE", "/api/v1/access-groups/group of root/members/root", None),
    ):
        answer = root.request(method, path, json=body)
        assert answer.status_code == 409, answer.text
        assert answer.json()["type"] == "urn:duetime:LastAdministrator"
    assert root.get("/api/v1/logins").status_code == 200


def test_a_group_is_read_with_its_etag(program: Program) -> None:
    root = program()
    saved = root.put("/api/v1/access-groups/viewers", json={"grants": [EVENTS], "description": "see"})
    path, etag = "/api/v1/access-groups/viewers", saved.headers["etag"]
    assert root.get(path, headers={"If-None-Match": etag}).status_code == 304
    assert root.put(path, json={"grants": []}, headers={"If-Match": '"old"'}).status_code == 412
    assert root.put(path, json={"grants": []}, headers={"If-Match": etag}).status_code == 200
    assert root.put("/api/v1/access-groups/new", json={"grants": []}, headers={"If-Match": etag}).status_code == 404
    joined = root.put(f"{path}/members/root").json()
    assert joined["members"] == ["root"]
    assert root.delete(f"{path}/members/root").json()["members"] == []
    assert root.delete(path).status_code == 204
    assert root.delete(path).status_code == 404


def test_who_did_it_is_in_the_audit_trail(app: App, program: Program) -> None:
    root = program()
    root.post("/api/v1/logins", json={"login": "ann"})
    with app.store.read() as tx:
        (entry,) = tx.audit.about("login:ann")
    assert entry.actor.startswith("api:root/")
    assert (entry.verb, PASSWORD in repr(entry)) == ("login.add", False)
