"""The line of a request: who asked, for what, and how it ended; and nothing that only they may know."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from opentelemetry.sdk.trace import TracerProvider
from starlette.testclient import TestClient
from tests.web.conftest import ADMIN, visitor

from duetime.app.logging import configure_logging
from duetime.app.tracing import OpenTelemetryTracer
from duetime.core import tracing
from duetime.core.access import Feature
from duetime.core.clock import SystemClock
from duetime.core.errors import DatabaseUnavailable
from duetime.web.access_log import AccessLog
from duetime.web.visitor import Visitor

TRACE = "0af7651916cd43dd8448eb211c80319c"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    stream = io.StringIO()
    configure_logging(form="json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def asking(web: FastAPI) -> Iterator[TestClient]:
    web.state.test_visitor = ADMIN
    with TestClient(AccessLog(web, clock=SystemClock()), raise_server_exceptions=False) as client:
        yield client


def written(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def line_of(lines: io.StringIO) -> dict[str, Any]:
    (line,) = [line for line in written(lines) if line["event"] == "web.request"]
    return line


def test_a_request_is_a_line_and_its_answer_carries_its_id(asking: TestClient, lines: io.StringIO) -> None:
    answer = asking.get("/api/v1/workers")
    line = line_of(lines)
    assert answer.headers["X-Request-Id"] == line["request_id"]
    assert len(line["request_id"]) == 16
    assert (line["method"], line["path"], line["status"]) == ("GET", "/api/v1/workers", 200)
    assert (line["login"], line["client"], line["level"]) == ("api:admin/test", "testclient", "info")
    assert 0 <= line["seconds"] < 60


@pytest.mark.parametrize("who", [None, visitor("A", feature=Feature.BOTS)])
def test_who_is_turned_away_is_logged_too(
    web: FastAPI, asking: TestClient, lines: io.StringIO, who: Visitor | None
) -> None:
    web.state.test_visitor = who
    asking.get("/api/v1/workers")
    assert (line_of(lines)["status"], line_of(lines)["login"]) in {(401, ""), (403, "")}


def test_the_id_that_a_request_came_with_is_kept(asking: TestClient, lines: io.StringIO) -> None:
    assert asking.get("/healthz/x", headers={"X-Request-Id": "proxy-1.a_B"}).headers["X-Request-Id"] == "proxy-1.a_B"
    assert line_of(lines)["request_id"] == "proxy-1.a_B"


@pytest.mark.parametrize("sent", ["", "a b", "x" * 65, 'forged" level="info', "é"])
def test_an_id_that_could_spoil_a_log_is_replaced(asking: TestClient, lines: io.StringIO, sent: str) -> None:
    answer = asking.get("/api/v1/workers", headers={b"X-Request-Id": sent.encode()})
    assert answer.headers["X-Request-Id"] == line_of(lines)["request_id"] != sent


def test_no_query_header_or_cookie_is_written(asking: TestClient, lines: io.StringIO) -> None:
    asking.get(
        "/api/v1/workers?token=swordfish", headers={"Api-Key": "swordfish", "Cookie": "duetime_session=swordfish"}
    )
    assert "swordfish" not in lines.getvalue()


def test_a_path_cannot_forge_a_line(asking: TestClient, lines: io.StringIO) -> None:
    asking.get("/api/v1/nothing%0A%22level%22")
    assert line_of(lines)["path"] == "/api/v1/nothing%0A%22level%22"
    assert line_of(lines)["status"] == 404


def test_what_monitoring_asks_is_quiet_unless_it_fails(
    asking: TestClient, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch, web: FastAPI
) -> None:
    assert asking.get("/healthz").status_code == 200
    assert not [line for line in written(lines) if line["event"] == "web.request"]

    def away() -> None:
        raise DatabaseUnavailable("nobody answers", remedy="Start it.")

    monkeypatch.setattr(web.state.ports.app.store, "read", away)
    assert asking.get("/readyz").status_code == 503
    assert line_of(lines)["status"] == 503


def test_a_fault_is_found_by_the_id_of_its_request(
    asking: TestClient, lines: io.StringIO, monkeypatch: pytest.MonkeyPatch, web: FastAPI
) -> None:
    def broken() -> None:
        message = "it broke"
        raise RuntimeError(message)

    monkeypatch.setattr(web.state.ports.app.store, "read", broken)
    answer = asking.get("/api/v1/workers")
    assert answer.status_code == 500
    fault = next(line for line in written(lines) if line["event"] == "web.fault")
    assert fault["request_id"] == answer.headers["X-Request-Id"]
    assert "RuntimeError" in fault["exception"]


def test_a_request_continues_the_trace_that_it_came_with(asking: TestClient, lines: io.StringIO) -> None:
    provider = TracerProvider(shutdown_on_exit=False)
    tracing.plug_in(OpenTelemetryTracer(provider))
    try:
        asking.get("/api/v1/workers", headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"})
    finally:
        tracing.plug_in(None)
        provider.shutdown()
    assert line_of(lines)["trace_id"] == TRACE
