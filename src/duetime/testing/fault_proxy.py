"""A proxy in front of a simulated AWS that lets things go wrong as they do in a real one."""

import re
import threading
from collections import deque
from collections.abc import Mapping
from datetime import datetime
from functools import partial
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self, TypeVar
from urllib.parse import parse_qsl, urlsplit

from duetime.core.clock import Clock, SystemClock
from duetime.core.errors import InvalidSetting
from duetime.testing.aws_answer import Answer
from duetime.testing.aws_request import AwsRequest, read_request
from duetime.testing.cloud_faults import Fault

_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_MOST_CALLS = 100_000
_TIMEOUT_SECONDS = 60.0
_PER_HOP = frozenset({"connection", "content-length", "expect", "host", "keep-alive", "transfer-encoding"})
_ACCESS_KEY = re.compile(rb"<AccessKeyId>([^<]+)</AccessKeyId>")

AnyFault = TypeVar("AnyFault", bound=Fault)


class SeenCall(NamedTuple):
    """A request that came, and what was answered.

    Attributes:
        status: the answer's; 0 = none.
        fault: the class of the first fault that struck it, or nothing.
    """

    service: str
    operation: str
    account: str
    region: str
    status: int
    fault: str


class _Added(NamedTuple):
    fault: Fault
    at: datetime


class FaultProxy:
    """Forwards to an endpoint on this machine, and lets the faults that were added strike.

    The latest fault is the outermost: it sees a request first, and what it forwards meets the others.

        with FaultProxy(simulated.endpoint_url) as proxy:
            proxy.add(Throttle(operation="StopInstances", times=2, retry_after=3))

    Attributes:
        endpoint_url: where it answers.
    """

    def __init__(self, upstream: str, *, clock: Clock | None = None) -> None:
        """Open nothing yet.

        Args:
            upstream: the endpoint behind, on loopback and without TLS.
            clock: what says how old a fault is.

        Raises:
            InvalidSetting: the endpoint is not on this machine.
        """
        parts = urlsplit(upstream)
        if parts.scheme != "http" or parts.hostname not in _LOOPBACK or parts.port is None:
            raise InvalidSetting("upstream", f"it must be http://127.0.0.1:PORT, not {upstream!r}")
        self.endpoint_url = ""
        self._upstream = (str(parts.hostname), parts.port)
        self._clock = clock or SystemClock()
        self._lock = threading.Lock()
        self._faults: tuple[_Added, ...] = ()
        self._calls: deque[SeenCall] = deque(maxlen=_MOST_CALLS)
        self._accounts: dict[str, str] = {}
        self._connections: set[HTTPConnection] = set()

    def __enter__(self) -> Self:
        handler = type("Handler", (_Handler,), {"proxy": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.endpoint_url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, name="fault-proxy", daemon=True
        )
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def add(self, fault: AnyFault) -> AnyFault:
        """Let a fault strike from now on; return it."""
        with self._lock:
            self._faults = (_Added(fault, self._clock.now()), *self._faults)
        return fault

    def clear(self) -> None:
        """Take every fault away and forget the calls."""
        with self._lock:
            self._faults = ()
            self._calls.clear()

    def calls(self, operation: str | None = None) -> list[SeenCall]:
        """Return the requests that came, the last hundred thousand, oldest first; of one operation or of all."""
        with self._lock:
            return [call for call in self._calls if operation in (None, call.operation)]

    # What the handlers ask.

    def answer(self, request: AwsRequest, connection: HTTPConnection) -> Answer:
        """Return the answer to a request: a fault's, or that of the endpoint behind."""
        with self._lock:
            faults = self._faults
        struck: list[str] = []
        answer = self._through(request, faults=faults, connection=connection, struck=struck)
        call = SeenCall(
            request.service,
            request.operation,
            request.account,
            request.region,
            0 if answer.cut else answer.status,
            struck[0] if struck else "",
        )
        with self._lock:
            self._calls.append(call)
        return answer

    def read(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> AwsRequest:
        """Read a request from the wire."""
        return read_request(method, path, headers, body, accounts=self._accounts)

    def connect(self) -> HTTPConnection:
        """Return a connection to the endpoint behind; it opens when first used."""
        return HTTPConnection(*self._upstream, timeout=_TIMEOUT_SECONDS)

    def _through(
        self, request: AwsRequest, *, faults: tuple[_Added, ...], connection: HTTPConnection, struck: list[str]
    ) -> Answer:
        for number, (fault, at) in enumerate(faults):
            age = self._clock.now() - at
            if fault.concerns(request, age=age) and fault.strikes():
                struck.append(type(fault).__name__)
                behind = partial(self._through, faults=faults[number + 1 :], connection=connection, struck=struck)
                return fault.handle(request, behind, age=age)
        return self._forward(request, connection)

    def _forward(self, request: AwsRequest, connection: HTTPConnection) -> Answer:
        headers = {name: value for name, value in request.headers.items() if name not in _PER_HOP}
        headers["host"] = request.headers.get("host", "127.0.0.1")
        for attempt in (1, 2):
            try:
                connection.request(request.method, request.path, body=request.body, headers=headers)
                response = connection.getresponse()
                body = response.read()
            except (HTTPException, OSError):
                # A connection that was idle may be closed behind our back; a second failure is the endpoint's own.
                connection.close()
                if attempt == 2:
                    return Answer(0, cut=True)
                continue
            kept = {name: value for name, value in response.getheaders() if name.lower() not in _PER_HOP}
            self._learn(request, body)
            return Answer(response.status, kept, body)
        raise AssertionError  # pragma: no cover - the loop returns

    def _learn(self, request: AwsRequest, body: bytes) -> None:
        """Remember whose the access keys are that AssumeRole gives out: other requests show the key alone."""
        if request.operation == "AssumeRole" and (found := _ACCESS_KEY.search(body)):
            role = dict(parse_qsl(request.body.decode())).get("RoleArn", "")
            self._accounts[found.group(1).decode()] = role.split(":")[4] if role.count(":") >= 5 else ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away."""


class _Handler(BaseHTTPRequestHandler):
    """Serves one connection of a client with one connection of its own to what lies behind."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    proxy: ClassVar[FaultProxy]

    def setup(self) -> None:
        super().setup()
        self._behind = self.proxy.connect()

    def finish(self) -> None:
        self._behind.close()
        super().finish()

    def _serve(self) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self._body(headers)
        answer = self.proxy.answer(self.proxy.read(self.command, self.path, headers, body), self._behind)
        if answer.cut:
            self.close_connection = True
            return
        # Not `send_response`: the date and server that are said are those of what lies behind.
        self.send_response_only(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)
        self.wfile.flush()

    def _body(self, headers: Mapping[str, str]) -> bytes:
        if headers.get("transfer-encoding", "").lower() != "chunked":
            return self.rfile.read(int(headers.get("content-length") or 0))
        parts = []
        while size := int(self.rfile.readline().partition(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(parts)

    do_DELETE = do_GET = do_HEAD = do_PATCH = do_POST = do_PUT = _serve  # noqa: N815 - http.server's names

    def log_message(self, *_: Any) -> None:
        """Say nothing."""
