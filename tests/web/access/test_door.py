"""API keys and sessions: what they open, and when they open nothing any more."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.web.access.conftest import PASSWORD, Add, Enter, Key, only_key_of

from duetime.app.app import App
from duetime.core.access import Feature, Grant, Grants, Role
from duetime.core.errors import DatabaseUnavailable
from duetime.core.logins import LoginStatus
from duetime.testing.clock import ManualClock
from duetime.web.access.cookies import Cookie
from duetime.web.access.desk import Desk
from duetime.web.access.tokens import digest, looks_like_key, new_key
from duetime.web.errors import KeyTooWide
from duetime.web.web_settings import WebSettings

Browser = Callable[[], TestClient]
EVENTS = Grant(Feature.EVENTS, Role.EDITOR, frozenset({"dev"}))


@pytest.fixture
def program(browser: Browser) -> TestClient:
    client = browser()
    client.headers["Accept"] = "application/json"
    return client


@pytest.mark.parametrize(
    "header",
    [("Api-Key", "{}"), ("X-Auth-Token", "{}"), ("Authorization", "Bearer {}"), ("authorization", "bearer  {}")],
)
def test_a_key_lets_in_by_each_of_its_headers(add: Add, key: Key, program: TestClient, header: tuple[str, str]) -> None:
    add("ann")
    text = key("ann")
    me = program.get("/api/v1/me", headers={header[0]: header[1].format(text)})
    assert me.status_code == 200
    assert (me.json()["login"], me.json()["came_by"], me.json()["key_prefix"]) == ("ann", "api_key", text[3:11])


def test_two_keys_that_differ_are_none(add: Add, key: Key, program: TestClient) -> None:
    add("ann")
    one, other = key("ann"), key("ann")
    assert program.get("/api/v1/me", headers={"Api-Key": one, "X-Auth-Token": other}).status_code == 401
    assert program.get("/api/v1/me", headers={"Api-Key": one, "X-Auth-Token": one}).status_code == 200


@pytest.mark.parametrize(
    "text", ["", "dt_", "x", "dt_abcdefgh_short", "dt_ABCDEFGH_" + "x" * 43, "dt_abcdefgh_" + "x" * 44, "ä" * 55]
)
def test_what_is_no_key_lets_nobody_in(program: TestClient, text: str) -> None:
    assert program.get("/api/v1/me", headers={b"Api-Key": text.encode()}).status_code == 401
    assert not looks_like_key(text)


def test_a_changed_key_lets_nobody_in(add: Add, key: Key, program: TestClient) -> None:
    add("ann")
    text = key("ann")
    changed = text[:-1] + ("a" if text[-1] != "a" else "b")
    assert program.get("/api/v1/me", headers={"Api-Key": changed}).status_code == 401


def test_keys_end_are_revoked_and_fall_with_their_login(
    app: App, add: Add, key: Key, program: TestClient, clock: ManualClock
) -> None:
    login = add("ann")
    program.headers["Api-Key"] = key("ann", expires_at=clock.now() + timedelta(days=1))
    assert program.get("/api/v1/me").status_code == 200
    clock.move_to(clock.now() + timedelta(days=1))
    assert program.get("/api/v1/me").status_code == 401

    program.headers["Api-Key"] = key("ann")
    assert program.get("/api/v1/me").status_code == 200
    with app.store.write() as tx:
        tx.logins.change(login.login_id, status=LoginStatus.DISABLED)
    assert program.get("/api/v1/me").status_code == 401
    with app.store.write() as tx:
        tx.logins.change(login.login_id, status=LoginStatus.ACTIVE)
    assert program.get("/api/v1/me").status_code == 200
    with app.store.write() as tx:
        assert tx.api_keys.revoke_all(login.login_id) == 2
    assert program.get("/api/v1/me").status_code == 401


def test_a_key_opens_no_more_than_its_login_may_at_that_moment(
    app: App, add: Add, key: Key, program: TestClient
) -> None:
    login = add("ann")
    program.headers["Api-Key"] = key("ann", EVENTS, Grant(Feature.SYSTEM, Role.VIEWER))
    assert program.get("/api/v1/workers").status_code == 200
    assert program.get("/api/v1/logins").status_code == 403
    with app.store.write() as tx:
        tx.access_groups.save("group of ann", grants=Grants((Grant(Feature.EVENTS, Role.VIEWER),)))
    assert program.get("/api/v1/workers").status_code == 403
    shown = program.get("/api/v1/me").json()["grants"]
    assert shown == [{"feature": "events", "role": "viewer", "accounts": ["dev"], "payloads": False}]
    with app.store.write() as tx:
        tx.access_groups.remove_member("group of ann", login.login_id)
    assert program.get("/api/v1/me").json()["grants"] == []


@pytest.mark.parametrize(
    "wider",
    [
        Grant(Feature.EVENTS, Role.ADMIN, frozenset({"dev"})),
        Grant(Feature.EVENTS, Role.EDITOR),
        Grant(Feature.EVENTS, Role.EDITOR, frozenset({"dev", "prod"})),
        Grant(Feature.EVENTS, Role.VIEWER, frozenset({"dev"}), payloads=True),
        Grant(Feature.BOTS, Role.VIEWER, frozenset({"dev"})),
        Grant(None, Role.VIEWER, frozenset({"dev"})),
    ],
)
def test_a_key_wider_than_its_login_is_not_made(add: Add, key: Key, wider: Grant) -> None:
    add("ann", EVENTS)
    with pytest.raises(KeyTooWide):
        key("ann", wider)
    key("ann", EVENTS)


def test_the_last_use_is_noted_once_a_minute(
    app: App, add: Add, key: Key, program: TestClient, clock: ManualClock
) -> None:
    add("ann")
    program.headers["Api-Key"] = key("ann")
    assert only_key_of(app, "ann").used_at is None
    first = clock.now()
    program.get("/api/v1/me")
    clock.move_to(first + timedelta(seconds=59))
    program.get("/api/v1/me")
    assert only_key_of(app, "ann").used_at == first
    clock.move_to(first + timedelta(seconds=60))
    program.get("/api/v1/me")
    assert only_key_of(app, "ann").used_at == clock.now()


def test_a_database_that_cannot_be_written_keeps_no_reader_out(
    app: App, add: Add, key: Key, program: TestClient, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    add("ann")
    own_key = key("ann")
    program.post("/login", data={"login": "ann", "password": PASSWORD}, follow_redirects=False)
    clock.move_to(clock.now() + timedelta(minutes=5))

    def refuse() -> None:
        raise DatabaseUnavailable("the disk is full", remedy="Free some space.")

    monkeypatch.setattr(app.store, "write", refuse)
    assert program.get("/api/v1/me").json()["came_by"] == "session"
    assert program.get("/api/v1/me", headers={"Api-Key": own_key}).json()["came_by"] == "api_key"


def test_only_digests_are_kept() -> None:
    made = new_key()
    assert looks_like_key(made.text)
    assert made.key_hash == digest(made.text)
    assert made.text.startswith(f"dt_{made.prefix}_")
    assert len({new_key().text for _ in range(50)}) == 50


def test_somebody_whose_password_was_set_by_another_must_choose_one_first(
    app: App, add: Add, enter: Enter, browser: Browser
) -> None:
    add("ann", must_change=True)
    client = browser()
    first = client.post("/login", data={"login": "ann", "password": PASSWORD, "after": "/me"}, follow_redirects=False)
    assert first.headers["location"] == "/me/password"
    for path in ("/me", "/bots", "/me/keys/new"):
        assert client.get(path, follow_redirects=False).headers["location"] == "/me/password"
    assert client.get("/api/v1/me").status_code == 403
    assert client.get("/me/password").status_code == 200


def test_cookies_by_tls_are_for_tls_and_this_host_alone(app: App, add: Add, web: FastAPI) -> None:
    add("ann")
    secure = WebSettings(url="https://duetime.example.org")
    passwords = web.state.desk.passwords
    web.state.desk = Desk.of(app, secure, passwords=passwords)
    with TestClient(web, base_url="https://duetime.example.org") as client:
        answer = client.post("/login", data={"login": "ann", "password": PASSWORD}, follow_redirects=False)
    cookies = answer.headers.get_list("set-cookie")
    assert [cookie.partition("=")[0] for cookie in cookies] == ["__Host-duetime_session", "__Host-duetime_device"]
    for cookie in cookies:
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags
        assert not any(flag.startswith("domain") for flag in flags)


def test_cookies_without_tls_are_as_strict_as_they_can_be(add: Add, browser: Browser) -> None:
    add("ann")
    answer = browser().post("/login", data={"login": "ann", "password": PASSWORD}, follow_redirects=False)
    for cookie in answer.headers.get_list("set-cookie"):
        flags = {part.strip().lower() for part in cookie.split(";")[1:]}
        assert {"httponly", "samesite=lax", "path=/"} <= flags
        assert "secure" not in flags
    assert Cookie.of("x", WebSettings()).name == "x"
