"""A TCP connection to PostgreSQL that breaks at the worst moment: around COMMIT."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from enum import Enum, auto
from pathlib import Path

COMMIT = b"COMMIT\x00"


class Cut(Enum):
    """When the connection breaks."""

    BEFORE_COMMIT = auto()
    """The server never hears of it, and rolls back."""
    BEFORE_THE_ANSWER = auto()
    """The server commits, and nobody hears of it."""


class Proxy:
    """Passes bytes on between clients and the server's socket until it is told to cut.

    Attributes:
        port: where it listens, on loopback.
        cut: how to break the next commit; once.
    """

    def __init__(self, server: Path) -> None:
        self.cut: Cut | None = None
        self._server = server
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(str(self._server))
                broken = threading.Event()
                for target, source, sink in ((self._up, client, server), (self._down, server, client)):
                    threading.Thread(target=target, args=(source, sink, broken), daemon=True).start()

    def _up(self, client: socket.socket, server: socket.socket, broken: threading.Event) -> None:
        """Pass on what the client says."""
        with suppress(OSError):  # the other side may end both while we pass on
            self._pass_on(client, server, broken)
        _end(client, server)

    def _pass_on(self, client: socket.socket, server: socket.socket, broken: threading.Event) -> None:
        for sent in _received(client):
            if self.cut is not None and COMMIT in sent:
                cut, self.cut = self.cut, None
                if cut is Cut.BEFORE_COMMIT:
                    break
                broken.set()
            server.sendall(sent)

    def _down(self, server: socket.socket, client: socket.socket, broken: threading.Event) -> None:
        """Pass on what the server answers."""
        with suppress(OSError):
            for sent in _received(server):
                if broken.is_set():
                    break
                client.sendall(sent)
        _end(client, server)


def _received(source: socket.socket) -> Iterator[bytes]:
    with suppress(OSError):
        while sent := source.recv(65536):
            yield sent


def _end(*sockets: socket.socket) -> None:
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()


@contextmanager
def proxied(server: Path) -> Iterator[Proxy]:
    """Run a proxy before a server's socket."""
    with closing(Proxy(server)) as proxy:
        yield proxy
