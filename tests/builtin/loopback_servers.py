"""Real servers on this machine: one that takes HTTP requests and answers as told, and one that takes mail."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Request:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[BaseHTTPRequestHandler], None]


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """Return an answer with a status; underscores in the names of headers stand for hyphens."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


@dataclass
class Web:
    """A server that gives the answers in turn, and the last one for ever.

    Attributes:
        stop: set when the test is over; answers that take for ever wait for it.
    """

    port: int
    answers: list[Answer]
    stop: threading.Event
    requests: list[Request] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def serving(*answers: Answer) -> Iterator[Web]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            web.requests.append(Request(self.path, headers, self.rfile.read(length)))
            answer = web.answers.pop(0) if len(web.answers) > 1 else web.answers[0]
            try:
                answer(self)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web = Web(server.server_address[1], list(answers) or [status(200, b"thanks")], threading.Event())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        web.stop.set()
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Post:
    """A mail server that keeps what it is given.

    Attributes:
        refuses: how many of the next mails are refused.
    """

    port: int = 0
    mails: list[Message] = field(default_factory=list)
    refuses: int = 0

    @property
    def url(self) -> str:
        return (
            f"mailto://robot:{PASSWORD}@127.0.0.1:{self.port}?from=robot@example.org&to=ops@example.org&mode=insecure"
        )

    def subjects(self) -> list[str]:
        return [str(make_header(decode_header(mail["Subject"]))) for mail in self.mails]

    def texts(self) -> list[str]:
        found = []
        for mail in self.mails:
            part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
            payload = part.get_payload(decode=True)
            assert isinstance(payload, bytes)
            found.append(payload.decode().replace("\r\n", "\n").strip())
        return found


PASSWORD = "correct-horse-battery"


@contextmanager
def taking_mail() -> Iterator[Post]:
    post = Post()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 sink")
            for line in self.rfile:
                verb = line.split()[0].upper() if line.split() else b""
                if verb == b"EHLO":
                    self._say("250-sink\r\n250 AUTH PLAIN LOGIN")
                elif verb == b"AUTH":
                    self._say("235 welcome")
                elif verb == b"MAIL" and post.refuses:
                    post.refuses -= 1
                    self._say(f"451 {PASSWORD} is not wanted now")
                elif verb == b"DATA":
                    self._say("354 go on")
                    lines = []
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        lines.append(part.removeprefix(b"."))
                    post.mails.append(message_from_bytes(b"".join(lines)))
                    self._say("250 kept")
                elif verb == b"QUIT":
                    self._say("221 bye")
                    return
                else:
                    self._say("250 ok")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Handler) as server:
        post.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield post
        finally:
            server.shutdown()
            thread.join()
