"""Whatever is sent, nothing is a fault of the server: huge, negative, empty, not a number, no text."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from tests.web.api.scene import LOG, STOP, Scene, resource_id
from tests.web.conftest import As

NUL, HALF = "a\x00b", "\ud800"
ODD = ["", "\x00", "-1", "1e309", "NaN", "9" * 30, "9" * 5000, "ä€😀", "'; DROP TABLE runs; --", "24h", "1e9d"]
ODD += ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59.999999-14:00", "2026-01-31T19:00:00", "a" * 400]
ODD += [
    "eyJhIjoxfQ",
    "MTIz" * 90,
    "dHJ1ZQ",
    "WyIyMDI2LTAxLTMxVDE5OjAwOjAwWiIsMSwiMDAwMS0wMS0wMVQwMDowMDowMCsxNDowMCIsMV0",
]
LISTS = {
    "events": ["type", "status", "account", "bot", "resource", "q", "due_after", "due_before", "limit", "cursor"],
    "runs": ["type", "status", "account", "bot", "resource", "event", "q", "since", "until", "limit", "cursor"],
    "runs/export": ["type", "status", "account", "bot", "resource", "event", "q", "since", "until", "format"],
    "statistics/runs": ["bucket", "by", "since", "until", "type", "status", "account", "bot"],
    "upcoming": ["days", "type", "account", "bot", "resource", "q", "limit", "cursor"],
    "overview": ["now"],
}


@pytest.mark.parametrize("path", LISTS)
def test_parameters(scene: Scene, as_: As, path: str) -> None:
    scene.run("A")
    scene.event("A")
    client = as_()
    for name in LISTS[path]:
        for value in ODD:
            answer = client.get(f"/api/v1/{path}", params={name: value})
            assert answer.status_code in (200, 404, 422), f"{name}={value!r}: {answer.text}"
            assert answer.status_code == 200 or answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["events/{}", "events/{}/times", "events/{}/explanation", "events/{}/changes"])
def test_event_numbers(as_: As, path: str) -> None:
    for number in ("0", "-1", "1", str(2**63 - 1), str(2**63), "9" * 400, "1.5", "NaN", "%00", "1%00", "ä"):
        answer = as_().get(f"/api/v1/{path.format(number)}")
        assert answer.status_code in (404, 422), f"{number}: {answer.text}"


def test_names_of_runs(as_: As) -> None:
    client = as_()
    for event in ("1", "0", str(2**63), "x"):
        for due_at in ("2026-01-31T19:00:00Z", "%00", "9" * 50, "0001-01-01T00:00:00%2B14:00"):
            for attempt in ("1", "0", str(2**31), "-1"):
                answer = client.get(f"/api/v1/runs/{event}/{due_at}/{attempt}")
                assert answer.status_code in (404, 422), answer.text


def bodies() -> Iterator[Any]:
    good: dict[str, Any] = {"event_type": LOG, "args": {"message": "hello"}, "in": "1h"}
    odd: list[Any] = [
        None,
        True,
        -1,
        10**40,
        1.5,
        "",
        NUL,
        HALF,
        "x" * 3000,
        [],
        {},
        [[]],
        {"": None},
        {NUL: NUL},
        {HALF: 1},
    ]
    for name in (*good, "at", "schedule", "resource_id", "description", "expires_after", "catch_up", "allow_unknown"):
        for value in odd:
            yield {**good, name: value}
    for schedule in odd_schedules():
        yield {"event_type": LOG, "args": {"message": "hello"}, "schedule": schedule}
    yield {**good, HALF: 1}
    yield {"event_type": STOP, "resource_id": resource_id("ä\u2028"), "in": "1h"}
    yield from odd


def odd_schedules() -> Iterator[Any]:
    named = {"once": "when", "periodic": "hours anchor", "hourly": "minute_of_hour", "daily": "time_of_day timezone"}
    named |= {"weekly": "day_of_week", "monthly": "day_of_month", "cron": "expression", NUL: "a", HALF: "a"}
    values: list[Any] = [1e308, -1, 10**40, NUL, HALF, {}, [[]], "ä" * 5000, float("nan")]
    for kind, names in named.items():
        yield {"_type": kind}
        for name in names.split():
            yield from ({"_type": kind, "version": 1, name: value} for value in values)


def test_bodies(as_: As) -> None:
    client = as_()
    for body in bodies():
        answer = client.post("/api/v1/events", content=json.dumps(body), headers={"Content-Type": "application/json"})
        assert answer.status_code in (201, 404, 422), f"{body!r:.200}: {answer.text}"
        answer.json()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000, b"9" * 10_000, b'"\\ud800"', b"NaN", b"\x00"]
)
def test_bodies_that_are_none(as_: As, content: bytes) -> None:
    for path in ("events", "events/bulk", "events/1/cancel", "runs/1/2026-01-31T19:00:00Z/1/undo"):
        answer = as_().post(f"/api/v1/{path}", content=content, headers={"Content-Type": "application/json"})
        assert answer.status_code in (400, 404, 422), answer.text


def test_headers(scene: Scene, as_: As) -> None:
    event = scene.event("A")
    path = f"/api/v1/events/{event.event_id}"
    odd: list[bytes] = [b"", b"*", b'"', b"\xff", b'"a","b', b"W/", b"," * 1000, "ä".encode(), b"x" * 3000]
    for value in odd:
        assert as_().get(path, headers={b"If-None-Match": value}).status_code in (200, 304, 422)
        assert as_().post(f"{path}/pause", headers={b"If-Match": value}).status_code in (200, 409, 412, 422)
        assert as_().post(f"{path}/resume", headers={b"Idempotency-Key": value}).status_code in (200, 409, 422)
