"""The web server as a part of a process: listens, answers, and stops when it is asked to."""

import contextlib
from collections.abc import Iterator

import uvicorn

from duetime.app.app import App
from duetime.engine.log import get_logger
from duetime.web.access.door import Door
from duetime.web.access.listening import require_safe_listening
from duetime.web.access_log import AccessLog
from duetime.web.listening import address_of, listen
from duetime.web.server import create_web
from duetime.web.web_settings import WebSettings

_log = get_logger(__name__)
_KEEP_ALIVE_SECONDS = 15


class Serving:
    """Serves the pages and the API of an app from the moment that it is made: until `run`, requests wait.

    Attributes:
        address: how people reach it.
    """

    def __init__(self, app: App, settings: WebSettings) -> None:
        """Listen.

        Raises:
            InvalidSetting: a setting of the web does not fit this machine, or would let passwords travel unprotected.
            CannotListen: another program has the port.
        """
        require_safe_listening(settings)
        door = Door(app, settings)
        web = create_web(app, settings=settings, authenticate=door.authenticate, require_token=door.require_token)
        self._app = app
        self._server = _Server(
            uvicorn.Config(
                AccessLog(web, clock=app.clock),
                access_log=False,  # ours says it with facts
                date_header=True,
                forwarded_allow_ips=list(settings.trusted_proxies),
                lifespan="on",
                log_config=None,
                proxy_headers=bool(settings.trusted_proxies),
                server_header=False,
                ssl_certfile=settings.tls_certificate,
                ssl_keyfile=settings.tls_key,
                timeout_graceful_shutdown=round(settings.drain_seconds),
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
                workers=1,
                ws="none",
            )
        )
        self._socket = listen(settings)
        self.address = address_of(self._socket, settings)

    def run(self) -> None:
        """Answer requests until asked to stop; then those that are being answered may end."""
        plugins = self._app.plugin_service()
        plugins.start()
        _log.info("web.started", address=self.address)
        try:
            self._server.run(sockets=[self._socket])
        finally:
            self.close()
            plugins.stop()
            plugins.join()
            _log.info("web.stopped", address=self.address)

    def stop(self) -> None:
        """Ask it to stop; returns at once, and may be called before `run` and from any thread."""
        self._server.should_exit = True

    def close(self) -> None:
        """Listen no longer; for a server that never ran."""
        self._socket.close()


class _Server(uvicorn.Server):
    """Leaves signals to the process: it has more to stop than this server."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
