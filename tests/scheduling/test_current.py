"""The client of the app whose code is running."""

from threading import Thread

import pytest

from duetime.core.errors import NoCurrentApp
from duetime.scheduling.client import Client
from duetime.scheduling.current import current_client, using
from duetime.store.store import Store


def client() -> Client:
    """Return a client that never connects."""
    return Client(Store("sqlite:///never.db"))


def test_blocks_may_stand_in_each_other() -> None:
    outer, inner = client(), client()
    with using(outer):
        assert current_client() is outer
        with using(inner):
            assert current_client() is inner
        assert current_client() is outer
    with pytest.raises(NoCurrentApp, match="My action needs a current duetime app"):
        current_client("My action")


def test_it_ends_with_an_error_too() -> None:
    def fail() -> None:
        with using(client()):
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with pytest.raises(NoCurrentApp):
        current_client()


def test_another_thread_has_none_of_it() -> None:
    found: list[str] = []

    def look() -> None:
        try:
            current_client()
        except NoCurrentApp as error:
            found.append(str(error))

    with using(client()):
        thread = Thread(target=look)
        thread.start()
        thread.join()
    assert "Call it from a job or an action, or inside `with app.current():`." in found[0]
