"""In and out by password."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.web.access.conftest import PASSWORD, Add, Enter

from duetime.app.app import App
from duetime.core.logins import LoginStatus
from duetime.testing.clock import ManualClock
from duetime.web.access.tokens import digest

Browser = Callable[[], TestClient]


def test_somebody_logs_in_and_out(app: App, add: Add, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    page = ann.client.get("/me")
    assert page.status_code == 200
    assert "Log out" in page.text
    out = ann.post("/logout")
    assert (out.status_code, out.headers["location"]) == (303, "/login?done=signed-out")
    assert ann.client.get("/me", follow_redirects=False).headers["location"] == "/login?next=%2Fme"
    with app.store.read() as tx:
        verbs = [entry.verb for entry in tx.audit.about("login:ann")]
    assert verbs == ["session.end", "session.open"]


@pytest.mark.parametrize(
    ("login", "password"), [("ann", "wrong password"), ("nobody", PASSWORD), ("", ""), ("ann", "")]
)
def test_what_is_wrong_lets_nobody_in_and_is_not_told_apart(
    add: Add, browser: Browser, login: str, password: str
) -> None:
    add("ann")
    client = browser()
    answer = client.post("/login", data={"login": login, "password": password})
    assert answer.status_code == 401
    assert "The login or the password is wrong, or the login is disabled." in answer.text
    assert "set-cookie" not in answer.headers


def test_a_disabled_login_hears_what_a_wrong_password_does(app: App, add: Add, browser: Browser) -> None:
    ann = add("ann")
    with app.store.write() as tx:
        tx.logins.change(ann.login_id, status=LoginStatus.DISABLED)
    answer = browser().post("/login", data={"login": "ann", "password": PASSWORD})
    assert answer.status_code == 401
    assert "The login or the password is wrong" in answer.text


def test_nobody_gets_in_by_the_token_that_a_browser_brought(app: App, add: Add, browser: Browser, enter: Enter) -> None:
    add("ann")
    client = browser()
    client.cookies.set("duetime_session", "planted-by-somebody-else", domain="testserver.local", path="/")
    enter("ann", client=client)
    token = client.cookies["duetime_session"]
    assert token != "planted-by-somebody-else"
    other = browser()
    other.cookies.set("duetime_session", "planted-by-somebody-else")
    assert other.get("/me", follow_redirects=False).status_code == 303


def test_logging_in_again_gives_a_new_token_and_ends_the_old_session(add: Add, browser: Browser, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    old = ann.client.cookies["duetime_session"]
    enter("ann", client=ann.client)
    assert ann.client.cookies["duetime_session"] != old
    thief = browser()
    thief.cookies.set("duetime_session", old)
    assert thief.get("/me", follow_redirects=False).status_code == 303


def test_the_database_keeps_no_token(app: App, add: Add, enter: Enter) -> None:
    add("ann")
    token = enter("ann").client.cookies["duetime_session"]
    with app.store.read() as tx:
        session = tx.web_sessions.find(digest(token))
    assert session is not None
    assert token not in repr(session)
    assert session.csrf_token not in repr(session)


def test_a_session_ends_when_it_is_not_used(app: App, add: Add, enter: Enter, clock: ManualClock) -> None:
    add("ann")
    ann = enter("ann")
    for _ in range(3):
        clock.move_to(clock.now() + timedelta(hours=7))
        assert ann.client.get("/me").status_code == 200
    clock.move_to(clock.now() + timedelta(hours=8))
    assert ann.client.get("/me", follow_redirects=False).status_code == 303


def test_a_session_ends_in_the_end_however_much_it_is_used(add: Add, enter: Enter, clock: ManualClock) -> None:
    add("ann")
    ann = enter("ann")
    for _ in range(7 * 4 - 1):
        clock.move_to(clock.now() + timedelta(hours=6))
        assert ann.client.get("/me").status_code == 200
    clock.move_to(clock.now() + timedelta(hours=6))
    assert ann.client.get("/me", follow_redirects=False).status_code == 303


def test_disabling_a_login_shuts_its_sessions_out_at_once(app: App, add: Add, enter: Enter) -> None:
    login = add("ann")
    ann = enter("ann")
    with app.store.write() as tx:
        tx.logins.change(login.login_id, status=LoginStatus.DISABLED)
    assert ann.client.get("/me", follow_redirects=False).status_code == 303


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.example", "//evil.example", "/\\evil.example", "\\/evil.example", "javascript:alert(1)", "evil",
     "/\t/evil.example", "/\r\nSet-Cookie: a=b", "///evil.example", "/ok\x00", "", "/\u2028x", "/a\\..\\b"],
)  # fmt: skip
def test_after_logging_in_nobody_is_led_elsewhere(add: Add, browser: Browser, elsewhere: str) -> None:
    add("ann")
    client = browser()
    answer = client.post(
        "/login", data={"login": "ann", "password": PASSWORD, "after": elsewhere}, follow_redirects=False
    )
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    page = client.get("/login", params={"next": elsewhere})
    assert '<input type="hidden" name="after" value="/">' in page.text
    assert len(answer.headers.get_list("set-cookie")) == 2


def test_after_logging_in_one_is_where_one_wanted_to_be(add: Add, browser: Browser) -> None:
    add("ann")
    where = "/events/17?tab=runs&q=a%20b"
    client = browser()
    answer = client.post("/login", data={"login": "ann", "password": PASSWORD, "after": where}, follow_redirects=False)
    assert answer.headers["location"] == where


def test_what_is_typed_is_shown_escaped(browser: Browser) -> None:
    text = '"><script>alert(1)</script>'
    answer = browser().post("/login", data={"login": text, "password": "x", "after": "/" + text})
    assert answer.status_code == 401
    assert "<script>alert" not in answer.text


def test_huge_input_is_refused(browser: Browser) -> None:
    answer = browser().post("/login", data={"login": "ann", "password": "x" * 5000})
    assert answer.status_code == 422


def test_names_of_machines_and_browsers_are_kept_as_they_are_bounded(
    app: App, web: FastAPI, add: Add, browser: Browser, enter: Enter
) -> None:
    login = add("ann")
    client = browser()
    client.headers["User-Agent"] = "Mozilla <b>" + "x" * 1000
    client.headers["X-Forwarded-For"] = "203.0.113.9"
    enter("ann", client=client)
    with app.store.read() as tx:
        (session,) = tx.web_sessions.of_login(login.login_id, idle=timedelta(hours=1))
    assert session.address == "testclient"  # not what the header says
    assert len(session.agent) == 300
    assert "Mozilla &lt;b&gt;" in client.get("/me").text


def test_a_password_that_is_kept_with_old_parameters_is_kept_anew(
    app: App, add: Add, enter: Enter, web: FastAPI
) -> None:
    from argon2 import PasswordHasher

    from duetime.web.access.desk import Desk
    from duetime.web.access.passwords import Passwords

    login = add("ann")
    newer = Passwords(PasswordHasher(time_cost=2, memory_cost=16, parallelism=1))
    web.state.desk = Desk.of(app, web.state.desk.settings, passwords=newer)
    enter("ann")
    with app.store.read() as tx:
        kept = tx.logins.require(login.login_id).password_hash
    assert kept is not None
    assert kept != login.password_hash
    assert not newer.is_outdated(kept)
    enter("ann")
