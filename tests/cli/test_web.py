"""`duetime web`, and the web of `duetime up`: listens, answers, logs, refuses what is unsafe, and stops when asked."""

import json
import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.cli.conftest import Cli, eventually
from tests.cli.processes import DUETIME, duetime, started
from tests.cli.test_worker import children_of

pytestmark = pytest.mark.usefixtures("folder")


@dataclass
class Running:
    """A command that serves, and what it has said on standard error."""

    process: "subprocess.Popen[str]"
    said: list[str]

    def address(self) -> str:
        found: list[str] = []

        def is_said() -> bool:
            assert self.process.poll() is None, "".join(self.said)
            found[:] = re.findall(r"^The pages are at (\S+)$", "".join(self.said), re.MULTILINE)
            return bool(found)

        eventually(is_said, seconds=60)
        return found[-1]


@contextmanager
def serving(*arguments: str) -> Iterator[Running]:
    with started(*arguments) as process:
        said: list[str] = []
        assert process.stderr is not None
        reader = threading.Thread(target=lambda: said.extend(iter(process.stderr.readline, "")), daemon=True)  # type: ignore[union-attr]
        reader.start()
        yield Running(process, said)
        reader.join(20)


def get(address: str, path: str, **headers: str) -> tuple[int, bytes]:
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request("GET", path, headers=headers)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@pytest.fixture
def free_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUETIME_WEB_PORT", "0")


@pytest.mark.acceptance
@pytest.mark.slow
@pytest.mark.usefixtures("free_port", "database")
def test_the_web_answers_logs_and_stops_and_prints_the_first_password_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DUETIME_LOG_FORMAT", "json")
    with serving("web", "--json") as web:
        address = web.address()
        assert re.fullmatch(r"http://127\.0\.0\.1:[1-9]\d+", address)
        assert get(address, "/api/v1/workers?secret=1")[0] == 401
        assert get(address, "/no%0Asuch-page%1B[31m")[0] == 404
        web.process.send_signal(signal.SIGTERM)
        assert web.process.wait(30) == 0
        assert web.process.stdout is not None
        assert json.load(web.process.stdout) == {"exit_code": 0, "address": address}
    lines = [json.loads(line) for line in web.said if line.startswith("{")]
    requests = [line for line in lines if line["event"] == "web.request"]
    assert [(line["method"], line["path"], line["status"]) for line in requests] == [
        ("GET", "/api/v1/workers", 401),
        ("GET", "/no%0Asuch-page%1B[31m", 404),
    ]
    assert all(line["client"] == "127.0.0.1" and line["seconds"] >= 0 for line in requests)
    assert lines[-1]["event"] == "web.stopped"
    (shown,) = re.findall(r"Log in as admin with the password (\S+)$", "".join(web.said), re.MULTILINE)
    assert not [line for line in web.said if line.startswith("{") and shown in line]

    with serving("web") as again:
        again.address()
        again.process.send_signal(signal.SIGINT)
        assert again.process.wait(30) == 0
    assert "password" not in "".join(again.said)


@pytest.mark.usefixtures("database")
def test_a_port_that_another_program_has_is_a_clear_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setenv("DUETIME_WEB_PORT", str(port))
        answer = run_web(cli)
    assert answer[0] == 5
    assert f"cannot listen on 127.0.0.1, port {port}: another program listens there already. Set" in answer[1]
    assert "0 takes one that is free" in answer[1]


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"WEB_HOST": "0.0.0.0"}, "web_host: '0.0.0.0' can be reached from other machines"),
        ({"WEB_HOST": "::"}, "web_host: '::' can be reached from other machines"),
        ({"WEB_HOST": "192.0.2.1", "WEB_ALLOW_PLAIN_PUBLIC": "true"}, "192.0.2.1 is no address of this machine"),
        ({"WEB_HOST": "no.such.host.invalid", "WEB_ALLOW_PLAIN_PUBLIC": "true"}, "no.such.host.invalid is no address"),
        ({"WEB_TLS_CERTIFICATE": "no.pem"}, "web_tls_certificate: there is no file"),
        ({"WEB_TLS_CERTIFICATE": "duetime.db"}, "and its key cannot be used"),
        (
            {"OIDC_ISSUER": "https://a.example", "OIDC_CLIENT_ID": "x", "OIDC_CLIENT_SECRET_FILE": "no.txt"},
            "oidc_client_secret_file: ",
        ),
    ],
)
def test_what_is_unsafe_or_cannot_be_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    monkeypatch.setenv("DUETIME_WEB_PORT", "0")
    for name, value in variables.items():
        monkeypatch.setenv(f"DUETIME_{name}", value)
    code, message = run_web(cli)
    assert code == 2
    assert said in message


def run_web(cli: Cli) -> tuple[int, str]:
    """Run `duetime web` in this process, where it must fail; return its code and message."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        answer = cli("web", "--json")
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return answer.code, answer.json["error"]["message"]


def test_libraries_that_are_missing_are_named_with_the_remedy(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("duetime.cli.web.missing_libraries", lambda: ["uvicorn"])
    assert run_web(cli) == (5, "The web needs libraries that are not installed. Run pip install 'duetime[web]'.")


@pytest.mark.acceptance
@pytest.mark.slow
@pytest.mark.usefixtures("free_port")
def test_up_runs_a_worker_and_the_web_and_replaces_each() -> None:
    with serving("up", "--json") as up:
        first = up.address()
        eventually(lambda: duetime("doctor", check=False)["workers"], seconds=60)
        web = next(pid for pid in children_of(up.process.pid) if b"\0web\0" in cmdline(pid))
        os.kill(web, signal.SIGKILL)
        eventually(lambda: "".join(up.said).count("The pages are at") == 2, seconds=60)
        assert up.address() != first or len(children_of(up.process.pid)) == 2
        assert get(up.address(), "/api/v1/workers")[0] == 401
        os.killpg(up.process.pid, signal.SIGINT)
        assert up.process.wait(60) == 0
        assert up.process.stdout is not None
        assert json.load(up.process.stdout) == {"exit_code": 0, "workers_started": 1, "webs_started": 2}
    said = "".join(up.said)
    assert "The web server was ended by SIGKILL; another one starts." in said
    assert said.count("Log in as admin") == 1
    assert "worker.stopped" in said


def cmdline(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.acceptance
@pytest.mark.slow
def test_up_ends_when_the_web_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        monkeypatch.setenv("DUETIME_WEB_PORT", str(taken.getsockname()[1]))
        done = subprocess.run([DUETIME, "up", "--json"], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 5
    assert "another program listens there already" in done.stderr
    assert json.loads(done.stdout)["webs_started"] == 1
