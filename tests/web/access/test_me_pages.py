"""What somebody sees and changes of themselves."""

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient
from tests.web.access.conftest import PASSWORD, Add, Enter, only_key_of

from duetime.app.app import App
from duetime.core.access import Feature, Grant, Grants, Role

NEW = "several words together"
EVENTS = Grant(Feature.EVENTS, Role.EDITOR, frozenset({"dev"}))


def test_the_page_shows_what_is_open_and_where_one_is_logged_in(add: Add, enter: Enter) -> None:
    add("ann", EVENTS, Grant(Feature.BOTS, Role.VIEWER, payloads=True))
    ann = enter("ann")
    text = " ".join(re.sub(r"<[^>]*>", " ", ann.client.get("/me").text).split())
    assert "events editor dev hidden" in text
    assert "bots viewer all shown" in text
    assert "testclient" in text
    assert "this one" in text


def test_a_password_is_chosen_and_every_other_session_ends(
    app: App, add: Add, enter: Enter, browser: Callable[[], TestClient]
) -> None:
    add("ann", must_change=True)
    ann, other = enter("ann"), enter("ann")
    old = ann.client.cookies["duetime_session"]
    answer = ann.post("/me/password", present=PASSWORD, chosen=NEW, again=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/me?done=password-changed")
    assert ann.client.cookies["duetime_session"] != old
    assert ann.client.get("/me").status_code == 200
    assert other.client.get("/me", follow_redirects=False).headers["location"].startswith("/login")
    client = browser()
    assert client.post("/login", data={"login": "ann", "password": PASSWORD}).status_code == 401
    assert client.post("/login", data={"login": "ann", "password": NEW}, follow_redirects=False).status_code == 303
    with app.store.read() as tx:
        entries = tx.audit.about("login:ann")
    assert "login.set_password" in [entry.verb for entry in entries]
    assert NEW not in repr(entries)


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        (("wrong password", NEW, NEW), 401, "The present password is wrong."),
        ((PASSWORD, NEW, NEW + "x"), 422, "not typed twice"),
        ((PASSWORD, "short", "short"), 422, "12 to 1000 characters"),
        ((PASSWORD, "my name is ann", "my name is ann"), 422, "name of its login"),
        ((PASSWORD, PASSWORD, PASSWORD), 422, "is the present one"),
        (("", "", ""), 422, "12 to 1000 characters"),
    ],
)
def test_a_password_that_is_not_taken(
    app: App, add: Add, enter: Enter, typed: tuple[str, str, str], status: int, said: str
) -> None:
    login = add("ann")
    ann = enter("ann")
    answer = ann.post("/me/password", present=typed[0], chosen=typed[1], again=typed[2])
    assert (answer.status_code, said in answer.text) == (status, True), answer.text
    assert ann.client.get("/me").status_code == 200
    with app.store.read() as tx:
        assert tx.logins.require(login.login_id).password_hash == login.password_hash


def test_a_stolen_session_cannot_be_used_to_guess_the_password(add: Add, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    answers = [ann.post("/me/password", present=f"guess {n}", chosen=NEW, again=NEW).status_code for n in range(18)]
    assert answers[-1] == 429
    assert set(answers[:-1]) == {401}


def test_a_key_is_made_shown_once_and_revoked(app: App, add: Add, enter: Enter) -> None:
    add("ann", EVENTS)
    ann = enter("ann")
    assert ann.client.get("/me/keys/new").status_code == 200
    made = ann.post("/me/keys", name="<b>report</b>", feature="*", role="admin", days="30", payloads="yes")
    assert made.status_code == 200
    assert made.headers["cache-control"] == "no-store"
    (text,) = re.findall(r"dt_[a-z0-9]{8}_[\w-]{43}", made.text)
    assert "<b>report" not in made.text
    key = only_key_of(app, "ann")
    assert key.grants == Grants((EVENTS,))  # no more than ann may, whatever was asked for
    assert ann.client.get("/api/v1/me", headers={"Api-Key": text}).status_code == 200
    assert text not in ann.client.get("/me").text
    asked = ann.client.get(f"/me/keys/{key.key_id}/revoke")
    assert "let in no more" in asked.text
    assert ann.client.get("/api/v1/me", headers={"Api-Key": text}).status_code == 200
    assert ann.post(f"/me/keys/{key.key_id}/revoke", reason="done").headers["location"] == "/me?done=key-revoked"
    assert ann.client.get("/api/v1/me", headers={"Api-Key": text}).status_code == 401


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "Say in a name what the key is for"),
        ({"name": "x", "feature": "system"}, "You may do nothing of this yourself"),
        ({"name": "x", "accounts": "prod"}, "what the key opens"),
        ({"name": "x", "days": "-1"}, "whole days"),
        ({"name": "x", "days": "99999"}, "within 3650 days"),
        ({"name": "x", "days": "0"}, "ends after now"),
        ({"name": "x", "days": "\u0663"}, "whole days"),
        ({"name": "x", "role": "owner"}, "role must be one of"),
        ({"name": "x", "feature": "clouds"}, "feature must be"),
    ],
)
def test_a_key_that_is_not_made(app: App, add: Add, enter: Enter, fields: dict[str, str], said: str) -> None:
    add("ann", EVENTS)
    answer = enter("ann").post("/me/keys", **fields)
    assert (answer.status_code, said in answer.text) == (422, True), answer.text
    with app.store.read() as tx:
        assert tx.api_keys.page().rows == ()


def test_a_key_of_somebody_else_does_not_exist(app: App, add: Add, enter: Enter, key: Callable[..., str]) -> None:
    add("ann")
    add("eve")
    key("ann")
    eve = enter("eve")
    assert eve.client.get("/me/keys/1/revoke").status_code == 404
    assert eve.post("/me/keys/1/revoke").status_code == 404
    assert only_key_of(app, "ann").revoked_at is None


def test_sessions_are_ended_one_by_one_and_all_others(app: App, add: Add, enter: Enter) -> None:
    add("ann")
    first, second, third = enter("ann"), enter("ann"), enter("ann")
    mine = {
        session["session_id"] for session in first.client.get("/api/v1/me/sessions").json() if not session["is_this"]
    }
    assert len(mine) == 2
    ended = mine.pop()
    assert first.post(f"/me/sessions/{ended}/end").headers["location"] == "/me?done=session-ended"
    assert first.post(f"/me/sessions/{ended}/end").status_code == 404
    alive = [person.client.get("/api/v1/me").status_code for person in (first, second, third)]
    assert sorted(alive) == [200, 200, 401]
    assert first.post("/me/sessions/end-others").status_code == 303
    alive = [person.client.get("/api/v1/me").status_code for person in (first, second, third)]
    assert alive == [200, 401, 401]


def test_an_api_key_chooses_no_password_and_makes_no_key(
    add: Add, key: Callable[..., str], browser: Callable[[], TestClient]
) -> None:
    add("ann")
    client = browser()
    client.headers["Api-Key"] = key("ann")
    assert client.post("/me/password", data={"present": PASSWORD, "chosen": NEW, "again": NEW}).status_code == 403
    assert client.post("/me/keys", data={"name": "x"}).status_code == 403


def test_forms_carry_the_token_of_the_session(add: Add, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    for path in ("/me", "/me/password", "/me/keys/new"):
        tokens = set(re.findall(r'name="csrf_token" value="([^"]*)"', ann.client.get(path).text))
        assert tokens == {ann.csrf_token}, path
