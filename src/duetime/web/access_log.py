"""A line in the log for every request, and an id by which all lines of one request are found."""

import re
import secrets

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from duetime.app.logging import said_of_each_line
from duetime.core.clock import Clock
from duetime.core.tracing import SpanKind, span
from duetime.engine.log import get_logger

_log = get_logger(__name__)
_QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
_FILES = "/static/"
"""What browsers and monitoring ask for all the time; their lines are for `log_level = "debug"`."""
_GONE = 499
"""The status that is logged when nobody was answered: the request was given up."""
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


class AccessLog:
    """ASGI middleware that logs what was asked for, by whom, and how it ended; never what a query or a body said.

    Each answer carries its request's id in `X-Request-Id`: the one that the request came with, or a new one. Every
    line that is written on the way says it too. A request that comes with a `traceparent` continues that trace.
    """

    def __init__(self, app: ASGIApp, *, clock: Clock) -> None:
        self._app = app
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        facts = {"http.request.method": str(scope["method"])}
        with (
            said_of_each_line(request_id=request_id),
            span("duetime.request", facts, kind=SpanKind.SERVER, parent=headers.get("traceparent")) as step,
        ):
            status = await self._answered(scope, receive, send, request_id=request_id)
            step.note({"http.response.status_code": status, "http.route": _route(scope)})
            if status >= 500:
                step.fail(str(status))

    async def _answered(self, scope: Scope, receive: Receive, send: Send, *, request_id: str) -> int:
        """Have a request answered, write its line, and return the status."""
        status = _GONE
        began = self._clock.monotonic()
        scope.setdefault("state", {})  # where the gate of a route leaves the visitor

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)["X-Request-Id"] = request_id
            await send(message)

        try:
            await self._app(scope, receive, noting)
        finally:
            path = _path(scope)
            is_quiet = status < 500 and (path in _QUIET or path.startswith(_FILES))
            write = _log.debug if is_quiet else _log.info
            write(
                "web.request",
                method=scope["method"],
                path=path,
                status=status,
                seconds=round(self._clock.monotonic() - began, 4),
                client=(scope.get("client") or ("",))[0],
                login=_login(scope),
            )
        return status


def _request_id(headers: Headers) -> str:
    """Return the id that a request came with, if it is one that can stand in a log, or a new one."""
    sent = headers.get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)


def _login(scope: Scope) -> str:
    """Return who asked, as the audit trail names them; empty for nobody."""
    visitor = scope.get("state", {}).get("visitor")
    return "" if visitor is None else str(visitor.actor)


def _route(scope: Scope) -> str:
    """Return the path of the route, in which ids are names; empty when none fitted."""
    return str(getattr(scope.get("route"), "path", ""))


def _path(scope: Scope) -> str:
    """Return the path as it was sent, in which everything but plain characters is encoded: no line can be forged."""
    raw: bytes = scope.get("raw_path") or b""
    return raw.partition(b"?")[0].decode("ascii", "backslashreplace")
