import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from tests.web.conftest import ADMIN, As, visitor
from tests.web.pages.markup import Markup
from tests.web.pages.world import HERE, World

from duetime.core.access import EVERYTHING, Feature, Grant, Role
from duetime.core.logins import LoginStatus
from duetime.web.access.passwords import Passwords

VIEWER = visitor(feature=Feature.ACCESS)


@pytest.fixture
def passwords(web: FastAPI) -> Passwords:
    """Passwords that cost hardly any time."""
    cheap = Passwords(PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    object.__setattr__(web.state.desk, "passwords", cheap)
    return cheap


def test_who_may_log_in_and_what_is_open_to_them(world: World, as_: As) -> None:
    page = Markup(as_(VIEWER).get("/access").text)
    assert "bob Bob active operators password, to be changed never" in page.text
    assert "operators Those who are on call editor of events in 10, with payloads 1" in page.text
    assert "/access/new-login" not in page.links
    login = Markup(as_(VIEWER).get("/access/logins/bob").text)
    assert "events editor 10 shown" in login.text
    assert "nightly report" in login.text
    assert not [form for form in login.forms if form.method == "post" and form.action != "/logout"]


def test_viewers_change_nothing(world: World, as_: As) -> None:
    client = as_(VIEWER)
    for path in (
        "new-login",
        "new-group",
        "logins/bob",
        "logins/bob/disable",
        "groups/operators",
        "groups/operators/delete",
    ):
        assert client.post(f"/access/{path}").status_code == 403, path
    assert client.post("/access/keys/1/revoke").status_code == 403
    assert client.post("/access/groups/operators/members", data={"login": "ann"}).status_code == 403


def test_a_new_login_gets_a_password_that_is_shown_once(world: World, as_: As, passwords: Passwords) -> None:
    client = as_(ADMIN)
    form = {"login": "Carol", "name": "Carol C.", "group": ["operators", "chiefs"], "user_resource_id": "divvyuser:7"}
    answer = client.post("/access/new-login", data=form)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    with world.app.store.read() as tx:
        login = tx.logins.get("carol")
        assert [group.name for group in tx.access_groups.of(login.login_id)] == ["chiefs", "operators"]
    shown = Markup(answer.text).text.partition("The password to log in with once is ")[2].split()[0].rstrip(".")
    assert passwords.fits(shown, login.password_hash)
    assert login.must_change
    assert shown not in client.get("/access/logins/carol").text
    again = client.post("/access/new-login", data=form)
    assert again.status_code == 409
    assert 'value="Carol C."' in again.text
    assert client.post("/access/new-login", data={"login": "no spaces"}).status_code == 422
    assert client.post("/access/new-login", data={"login": "dora", "group": "nobody"}).status_code == 404


def test_a_login_is_changed_disabled_reset_and_let_in_again(world: World, as_: As, passwords: Passwords) -> None:
    client = as_(ADMIN)
    done = client.post("/access/logins/bob", data={"name": "Bobby"}, follow_redirects=False)
    assert done.headers["location"] == "/access/logins/bob?done=login-saved"
    assert client.post("/access/logins/bob", data={"user_resource_id": "a b"}).status_code == 422
    assert client.post("/access/logins/bob/disable", data={"reason": "left"}, follow_redirects=False).status_code == 303
    with world.app.store.read() as tx:
        assert tx.logins.get("bob").status is LoginStatus.DISABLED
    assert "/access/logins/bob/enable" in Markup(client.get("/access/logins/bob").text).links
    client.post("/access/logins/bob/enable")
    reset = Markup(client.post("/access/logins/bob/reset").text).text
    assert "The password to log in with once is" in reset
    assert "It has no API key that works." in reset
    assert client.post("/access/logins/bob/sign-out", follow_redirects=False).status_code == 303


def test_the_last_administrator_cannot_be_locked_out(world: World, as_: As) -> None:
    client = as_(ADMIN)
    for path in ("logins/ann/disable", "groups/chiefs/delete", "groups/chiefs/members/ann/remove"):
        answer = client.post(f"/access/{path}")
        assert answer.status_code == 409, path
        assert "Nobody would be left who administers access" in Markup(answer.text).text
    changed = client.post("/access/groups/chiefs", data=_form(world, "chiefs", ("events", "viewer", "", "")))
    assert changed.status_code == 409
    with world.app.store.read() as tx:
        assert tx.access_groups.get("chiefs").grants == EVERYTHING


def test_a_key_is_taken_back(world: World, as_: As) -> None:
    with world.app.store.read() as tx:
        (key,) = tx.api_keys.page(login_id=tx.logins.get("bob").login_id).rows
    answer = as_(ADMIN).post(f"/access/keys/{key.key_id}/revoke", follow_redirects=False)
    assert answer.headers["location"] == "/access/logins/bob?done=key-revoked"
    with world.app.store.read() as tx:
        assert tx.api_keys.get(key.key_id).revoked_at is not None


def test_groups_are_made_and_changed_row_by_row(world: World, as_: As) -> None:
    client = as_(ADMIN)
    rows = (("events", "editor", "10, 20", "yes"), ("", "viewer", "", ""), ("*", "viewer", "", ""))
    made = client.post("/access/new-group", data={**_rows(*rows), "new_name": "night shift"}, follow_redirects=False)
    assert made.headers["location"] == "/access/groups/night%20shift?done=group-saved"
    with world.app.store.read() as tx:
        grants = tx.access_groups.get("night shift").grants.grants
    assert grants == (
        Grant(Feature.EVENTS, Role.EDITOR, frozenset({"10", "20"}), payloads=True),
        Grant(None, Role.VIEWER),
    )
    taken = client.post("/access/new-group", data={**_rows(*rows), "new_name": "night shift"})
    assert taken.status_code == 409
    wrong = client.post("/access/new-group", data={**_rows(("events", "king", "10", "")), "new_name": "kings"})
    assert wrong.status_code == 422
    assert "Grant 1: role must be one of viewer, editor, admin" in Markup(wrong.text).text
    assert 'value="kings"' in wrong.text
    cut = client.post("/access/new-group", data={"feature": ["*", "*"], "role": ["viewer"], "new_name": "cut"})
    assert cut.status_code == 422


def test_nobody_writes_over_another_change_of_a_group(world: World, as_: As) -> None:
    client = as_(ADMIN)
    form = _form(world, "operators", ("bots", "viewer", HERE, ""))
    late = client.post("/access/groups/operators", data={**form, "seen": "2020-01-01T00:00:00+00:00"})
    assert late.status_code == 409
    assert "Somebody has changed this group" in Markup(late.text).text
    done = client.post("/access/groups/operators", data=form, follow_redirects=False)
    assert done.status_code == 303
    with world.app.store.read() as tx:
        assert tx.access_groups.get("operators").grants.grants == (Grant(Feature.BOTS, Role.VIEWER, frozenset({HERE})),)


def test_members_come_and_go(world: World, as_: As) -> None:
    client = as_(ADMIN)
    assert (
        client.post("/access/groups/operators/members", data={"login": "ann"}, follow_redirects=False).status_code
        == 303
    )
    nobody = client.post("/access/groups/operators/members", data={"login": "nobody"})
    assert nobody.status_code == 404
    assert "There is no login" in Markup(nobody.text).text
    asked = Markup(client.get("/access/groups/operators/members/bob/remove").text).text
    assert "Take bob out of operators?" in asked
    client.post("/access/groups/operators/members/bob/remove", data={"reason": "moved"})
    with world.app.store.read() as tx:
        assert [login.login for login in tx.access_groups.members("operators")] == ["ann"]
    gone = client.post("/access/groups/operators/delete", follow_redirects=False)
    assert gone.headers["location"] == "/access?done=group-removed"


def _rows(*rows: tuple[str, str, str, str]) -> dict[str, list[str]]:
    names = ("feature", "role", "accounts", "payloads")
    return {name: [row[index] for row in rows] for index, name in enumerate(names)}


def _form(world: World, group: str, *rows: tuple[str, str, str, str]) -> dict[str, object]:
    with world.app.store.read() as tx:
        return {**_rows(*rows), "seen": tx.access_groups.get(group).changed_at.isoformat()}
