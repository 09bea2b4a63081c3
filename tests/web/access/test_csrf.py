"""No other site can make somebody's browser change anything: on every route of the server."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from tests.web.access.conftest import Add, Enter, Key, Person

from duetime.app.app import App
from duetime.web.need import every_route, need_of
from duetime.web.web_settings import WebSettings

SAFE = {"GET", "HEAD", "OPTIONS"}


def unsafe_routes(web: FastAPI) -> Iterator[tuple[str, str]]:
    """Yield the method and a path of every route that could change something and is not open to everybody."""
    for route in every_route(web.routes):
        need = need_of(route)
        if isinstance(route, APIRoute) and need is not None and not need.is_open:
            path = route.path
            for convertor in route.param_convertors:
                path = path.replace(f"{{{convertor}:path}}", "1").replace(f"{{{convertor}}}", "1")
            for method in (route.methods or set()) - SAFE:
                yield method, path


def test_no_change_by_session_without_its_token(app: App, web: FastAPI, add: Add, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    before = _everything(app)
    tried = list(unsafe_routes(web))
    assert ("POST", "/logout") in tried
    assert ("DELETE", "/api/v1/api-keys/1") in tried
    for method, path in tried:
        for token in (None, b"", b"wrong", "\u00e4\u00f6".encode()):
            headers = {} if token is None else {b"X-CSRF-Token": token}
            answer = ann.client.request(method, path, headers=headers, follow_redirects=False)
            assert answer.status_code == 403, (method, path, token, answer.text)
    assert _everything(app) == before
    assert ann.client.get("/me").status_code == 200


def test_no_change_from_another_site_even_with_the_token(app: App, web: FastAPI, add: Add, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    before = _everything(app)
    for method, path in unsafe_routes(web):
        for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
            answer = ann.client.request(
                method, path, headers={"X-CSRF-Token": ann.csrf_token, **headers}, follow_redirects=False
            )
            assert answer.status_code == 403, (method, path, headers)
    assert _everything(app) == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://testserver.evil.example"},
        {"Origin": "https://testserver"},
        {"Origin": "http://testserver:81"},
        {"Origin": "http://[broken"},
        {"Origin": "http://testserver", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_what_only_looks_like_this_site_is_another_one(add: Add, enter: Enter, headers: dict[str, str]) -> None:
    add("ann")
    ann = enter("ann")
    ann.client.headers.update(headers)
    assert ann.post("/me/sessions/end-others").status_code == 403


@pytest.mark.parametrize(
    "headers", [{}, {"Origin": "http://testserver"}, {"Sec-Fetch-Site": "same-origin"}, {"Sec-Fetch-Site": "none"}]
)
def test_a_form_of_our_own_is_taken(add: Add, enter: Enter, headers: dict[str, str]) -> None:
    add("ann")
    ann = enter("ann")
    ann.client.headers.update(headers)
    assert ann.post("/me/sessions/end-others").status_code == 303


def test_the_token_of_another_session_is_not_taken(add: Add, enter: Enter) -> None:
    add("ann")
    first, second = enter("ann"), enter("ann")
    assert first.csrf_token != second.csrf_token
    mixed = Person(first.client, second.csrf_token)
    assert mixed.post("/me/sessions/end-others").status_code == 403
    assert first.post("/me/sessions/end-others").status_code == 303


def test_a_token_in_the_address_or_in_json_counts_for_nothing(add: Add, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    path = f"/me/sessions/end-others?csrf_token={ann.csrf_token}"
    assert ann.client.post(path).status_code == 403
    assert ann.client.post("/me/sessions/end-others", json={"csrf_token": ann.csrf_token}).status_code == 403


def test_a_token_in_a_form_with_parts_is_taken(add: Add, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    answer = ann.client.post(
        "/me/sessions/end-others", files={"csrf_token": (None, ann.csrf_token)}, follow_redirects=False
    )
    assert answer.status_code == 303
    as_file = ann.client.post("/me/sessions/end-others", files={"csrf_token": ("name", ann.csrf_token)})
    assert as_file.status_code == 400


def test_logging_in_cannot_be_forced_from_another_site(app: App, add: Add, web: FastAPI, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    for headers in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        answer = ann.client.post("/login", data={"login": "ann", "password": "x"}, headers=headers)
        assert answer.status_code == 403
        assert "set-cookie" not in answer.headers


def test_an_api_key_needs_no_token(add: Add, key: Key, web: FastAPI, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    own = {"Api-Key": key("ann"), "Accept": "application/json"}
    ann.client.cookies.clear()
    answer = ann.client.put("/api/v1/access-groups/some", json={"grants": []}, headers=own)
    assert answer.status_code == 200


def test_a_wrong_api_key_is_not_made_good_by_a_cookie(add: Add, enter: Enter) -> None:
    add("ann")
    ann = enter("ann")
    assert ann.client.get("/api/v1/me").status_code == 200
    assert ann.client.get("/api/v1/me", headers={"Api-Key": "dt_abcdefgh_" + "x" * 43}).status_code == 401
    assert ann.client.get("/api/v1/me", headers={"Api-Key": ""}).status_code == 401


def test_nothing_changes_by_get(app: App, web: FastAPI, add: Add, enter: Enter) -> None:
    """Walks every page and list: what is asked for by GET leaves all that people decide as it is."""
    add("ann")
    ann = enter("ann")
    before = _everything(app)
    for route in every_route(web.routes):
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()) and "{" not in route.path:
            ann.client.get(route.path, follow_redirects=False)
    assert _everything(app) == before


def _everything(app: App) -> object:
    """Return what changes could show in: the audit trail has one entry for each."""
    with app.store.read() as tx:
        login = tx.logins.get("ann")
        sessions = tx.web_sessions.of_login(login.login_id, idle=WebSettings().session_idle)
        return (
            tx.logins.page().rows,
            tx.access_groups.all(),
            [session.token_hash for session in sessions],
            tx.api_keys.page().rows,
            len(tx.audit.about("login:ann", most=1000)),
        )
