"""An AWS that answers exactly what it is told: what the simulated one cannot be brought to say."""

import socket
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl

import pytest

from duetime.core.resources import Account

REGION = "us-east-1"


@dataclass
class Request:
    operation: str
    parameters: dict[str, str]
    credential: str


@dataclass
class ScriptedAws:
    """What is to be answered, first come first served, and what was asked."""

    answers: deque[Any] = field(default_factory=deque)
    requests: list[Request] = field(default_factory=list)
    released: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    port: int = 0

    @property
    def endpoint_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def account(self, **settings: Any) -> Account:
        dummy = {"endpoint_url": self.endpoint_url, "dummy_credentials": True}
        return Account("10", provider="aws", regions=(REGION,), settings=settings or dummy)

    def refuse(self, status: int, code: str, message: str = "no") -> None:
        """Answer with an error of EC2's form."""
        body = f"<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors></Response>"
        self.answers.append((status, body))

    def refuse_role(self) -> None:
        """Answer with an error of STS's form."""
        self.answers.append((403, "<E><Error><Code>AccessDenied</Code><Message>no role</Message></Error></E>"))

    def give_role(self, key: str) -> None:
        """Answer an AssumeRole with credentials that last."""
        self.answer(
            f"<R><AssumeRoleResult><Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>x</SecretAccessKey>"
            "<SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>"
            "</AssumeRoleResult></R>"
        )

    def answer(self, body: str = "<R/>") -> None:
        self.answers.append((200, body))

    def describe(self, *instances: tuple[str, str]) -> None:
        """Answer a DescribeInstances with ids and states."""
        items = "".join(
            f"<item><instanceId>{one}</instanceId><instanceState><name>{state}</name></instanceState></item>"
            for one, state in instances
        )
        inner = f"<item><instancesSet>{items}</instancesSet></item>" if items else ""
        self.answer(f"<R><reservationSet>{inner}</reservationSet></R>")

    def cut(self) -> None:
        """Read the request and close the connection."""
        self.answers.append("cut")

    def hang(self) -> None:
        """Read the request and say nothing until the test is over."""
        self.answers.append("hang")

    def die(self) -> None:
        """Read the request, close the connection and take no other."""
        self.answers.append("die")

    @property
    def asked(self) -> list[str]:
        return [request.operation for request in self.requests]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    script: ScriptedAws
    server: ThreadingHTTPServer

    def setup(self) -> None:
        super().setup()
        self._count(1)

    def finish(self) -> None:
        super().finish()
        self._count(-1)

    def _count(self, change: int) -> None:
        with self.script.changed:
            self.script.connections += change
            self.script.changed.notify_all()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        parameters = dict(parse_qsl(body))
        credential = self.headers.get("Authorization", "").partition("Credential=")[2].partition("/")[0]
        self.script.requests.append(Request(parameters.pop("Action"), parameters, credential))
        match self.script.answers.popleft():
            case (status, text):
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())
            case "cut":
                self.close_connection = True
            case "hang":
                self.close_connection = True
                self.script.released.wait(30)
            case "die":
                self.close_connection = True
                self.server.socket.shutdown(socket.SHUT_RDWR)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def scripted() -> Iterator[ScriptedAws]:
    script = ScriptedAws()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"script": script}))
    script.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield script
    script.released.set()
    server.shutdown()
    thread.join()
    server.server_close()
