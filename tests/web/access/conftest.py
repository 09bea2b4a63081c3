"""A server with its real door, people who log in to it, and a hasher that takes no time."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from httpx2 import Response
from starlette.testclient import TestClient
from tests.web.conftest import warm

from duetime.app.app import App
from duetime.core.access import EVERYTHING, Grant, Grants
from duetime.core.logins import ApiKey, Login
from duetime.web.access.desk import Desk
from duetime.web.access.door import Door
from duetime.web.access.key_steering import create_key
from duetime.web.access.passwords import Passwords
from duetime.web.access.tokens import digest
from duetime.web.server import create_web
from duetime.web.web_settings import WebSettings

PASSWORD = "correct horse battery"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class Person(NamedTuple):
    """Somebody with a browser that is logged in."""

    client: TestClient
    csrf_token: str

    def post(self, path: str, **fields: str) -> Response:
        return self.client.post(path, data={"csrf_token": self.csrf_token, **fields}, follow_redirects=False)


Add = Callable[..., Login]
Enter = Callable[..., Person]
Key = Callable[..., str]


@pytest.fixture
def settings() -> WebSettings:
    return WebSettings()


@pytest.fixture
def passwords() -> Passwords:
    return Passwords(QUICK)


@pytest.fixture
def web(app: App, settings: WebSettings, passwords: Passwords) -> FastAPI:
    """The server, whose visitors must prove themselves."""
    door = Door(app, settings)
    made = create_web(app, settings=settings, authenticate=door.authenticate, require_token=door.require_token)
    made.state.desk = Desk.of(app, settings, passwords=passwords)
    return warm(made)


@pytest.fixture
def browser(web: FastAPI) -> Iterator[Callable[[], TestClient]]:
    """Make a browser that is not logged in."""
    clients: list[TestClient] = []

    def make() -> TestClient:
        client = TestClient(web, raise_server_exceptions=False, headers={"Accept": "text/html"})
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def add(app: App, passwords: Passwords) -> Add:
    """Add a login with the password of all tests: `add("ann", Grant(...))`; without grants, an administrator."""

    def make(login: str, *grants: Grant, must_change: bool = False, group: str | None = None) -> Login:
        with app.store.write() as tx:
            added = tx.logins.add(login, password_hash=passwords.hash(PASSWORD), must_change=must_change)
            name = group or f"group of {login}"
            tx.access_groups.save(name, grants=Grants(grants) if grants else EVERYTHING)
            tx.access_groups.add_member(name, added.login_id)
        return added

    return make


@pytest.fixture
def enter(app: App, browser: Callable[[], TestClient]) -> Enter:
    """Log in as somebody."""

    def make(login: str, *, client: TestClient | None = None) -> Person:
        own = client or browser()
        answer = own.post("/login", data={"login": login, "password": PASSWORD}, follow_redirects=False)
        assert answer.status_code == 303, answer.text
        with app.store.read() as tx:
            session = tx.web_sessions.find(digest(own.cookies["duetime_session"]))
        assert session is not None
        return Person(own, session.csrf_token)

    return make


@pytest.fixture
def key(app: App) -> Key:
    """Make an API key of a login: `key("ann", Grant(...), expires_at=...)`; without grants, of all that it may."""

    def make(login: str, *grants: Grant, expires_at: object = None) -> str:
        with app.store.write() as tx:
            owner = tx.logins.get(login)
            wanted = Grants(grants) if grants else tx.access_groups.grants_of(owner.login_id)
            made = create_key(
                tx,
                actor="test",
                login=owner,
                name="test",
                grants=wanted,
                expires_at=expires_at,  # type: ignore[arg-type]
            )
        return made.text

    return make


def only_key_of(app: App, login: str) -> ApiKey:
    with app.store.read() as tx:
        (found,) = tx.api_keys.page(login_id=tx.logins.get(login).login_id).rows
        return found
