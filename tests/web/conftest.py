"""A web server on a database of its own, and visitors of every kind."""

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from fastapi import FastAPI, Request
from starlette.testclient import TestClient

from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.core.access import EVERYTHING, Feature, Grant, Grants, Role
from duetime.providers.fake import FakeCloud
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.web.server import create_web
from duetime.web.visitor import CameBy, Visitor
from duetime.web.web_settings import WebSettings

As = Callable[..., TestClient]

ADMIN = Visitor(login="admin", login_id=1, grants=EVERYTHING, came_by=CameBy.API_KEY, key_prefix="test")
NOBODY = Visitor(login="nobody", login_id=2, came_by=CameBy.API_KEY, key_prefix="none")

_warm: list[FastAPI] = []


def visitor(
    *accounts: str, role: Role = Role.VIEWER, feature: Feature | None = None, payloads: bool = False
) -> Visitor:
    """Return a visitor with one grant; without accounts it holds in all of them."""
    grant = Grant(feature, role, frozenset(accounts) or None, payloads=payloads)
    return Visitor(login="somebody", login_id=3, grants=Grants((grant,)), came_by=CameBy.API_KEY, key_prefix="some")


@pytest.fixture
def app(sqlite_store: Store, clock: ManualClock) -> Iterator[App]:
    with closing(App(sqlite_store, clock=clock, providers={"fake": FakeCloud()}, installed_plugins=False)) as made:
        publish(made, plugins=False)
        yield made


@pytest.fixture
def web(app: App) -> FastAPI:
    """The server, for visitors whom a test names; nobody has to prove anything."""
    return warm(new_server(app))


def new_server(app: App) -> FastAPI:
    """Return a server of one test's own, for visitors whom the test names."""

    async def require_no_token(_request: Request, _visitor: Visitor) -> None:
        """Visitors by an API key need none."""

    return create_web(app, settings=WebSettings(), authenticate=_named_by_test, require_token=require_no_token)


def warm(made: FastAPI) -> FastAPI:
    """Return a server whose routes are ready, with the state of one that was just made.

    FastAPI makes ready all its routes at the first request, which takes longer than most tests. Servers differ by their
    state alone, so one serves all tests of a process; a test that adds routes or middleware makes a server of its own.
    """
    if not _warm:
        _warm.append(made)
    _warm[0].state = made.state
    return _warm[0]


def _named_by_test(request: Request) -> Visitor | None:
    found: Visitor | None = request.app.state.test_visitor
    return found


@pytest.fixture
def as_(web: FastAPI) -> Iterator[As]:
    """Make a client that acts as a visitor: `as_(ADMIN).get("/api/v1/events")`; None = nobody is let in."""
    clients: list[TestClient] = []

    def make(who: Visitor | None = ADMIN) -> TestClient:
        web.state.test_visitor = who
        client = TestClient(web, raise_server_exceptions=False)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()
