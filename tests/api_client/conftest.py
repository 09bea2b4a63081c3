"""A real server on loopback, and a client with a key of an administrator."""

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn
from fastapi import Request

from duetime.api_client import ApiClient
from duetime.app.app import App
from duetime.app.publishing import publish
from duetime.core.access import EVERYTHING
from duetime.providers.fake import FakeCloud
from duetime.store.store import Store
from duetime.testing.clock import ManualClock
from duetime.web.listening import listen
from duetime.web.server import create_web
from duetime.web.visitor import CameBy, Visitor
from duetime.web.web_settings import WebSettings

KEY = "the-key-of-a-test"
_ADMIN = Visitor(login="admin", login_id=1, grants=EVERYTHING, came_by=CameBy.API_KEY, key_prefix="test")


@pytest.fixture
def app(sqlite_store: Store, clock: ManualClock) -> Iterator[App]:
    with closing(App(sqlite_store, clock=clock, providers={"fake": FakeCloud()}, installed_plugins=False)) as made:
        publish(made, plugins=False)
        yield made


@pytest.fixture
def url(app: App) -> Iterator[str]:
    """Serve the API by uvicorn in a thread; only requests with the key are let in."""

    async def require_no_token(_request: Request, _visitor: Visitor) -> None:
        """Visitors by an API key need none."""

    def authenticate(request: Request) -> Visitor | None:
        return _ADMIN if request.headers.get("Api-Key") == KEY else None

    settings = WebSettings(port=0)
    web = create_web(app, settings=settings, authenticate=authenticate, require_token=require_no_token)
    server = uvicorn.Server(uvicorn.Config(web, log_config=None, ws="none", lifespan="off"))
    socket = listen(settings)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [socket]}, daemon=True)
    thread.start()
    host, port = socket.getsockname()[:2]
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join(timeout=10)
    socket.close()


@pytest.fixture
def client(url: str) -> Iterator[ApiClient]:
    with ApiClient(url, KEY) as made:
        yield made
