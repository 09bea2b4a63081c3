"""The client that trackers and wrappers use when none is given: that of the app whose code is running."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from duetime.core.errors import NoCurrentApp

if TYPE_CHECKING:
    from duetime.scheduling.client import Client

_current: ContextVar["Client | None"] = ContextVar("duetime_client", default=None)


def current_client(what: str = "This") -> "Client":
    """Return the client of the current app.

    Args:
        what: who asks, for the error.

    Raises:
        NoCurrentApp: this thread runs outside any app.
    """
    client = _current.get()
    if client is None:
        raise NoCurrentApp(what)
    return client


@contextmanager
def using(client: "Client") -> Iterator[None]:
    """Make `client` the current one inside the block."""
    token = _current.set(client)
    try:
        yield
    finally:
        _current.reset(token)
