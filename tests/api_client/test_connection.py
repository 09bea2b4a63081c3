"""Tries, keys and problems, with a server that misbehaves as it is told."""

from collections.abc import Callable

import httpx
import pytest

from duetime.api_client.connection import Connection
from duetime.api_client.errors import ApiProblem, ApiUnreachable

Answer = httpx.Response | Exception


class Misbehaving:
    """Answers what it is told, and remembers what it was asked and how long was waited."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[httpx.Request] = []
        self.waited: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def connection(self, tries: int = 3) -> Connection:
        transport = httpx.MockTransport(self)
        return Connection("http://duetime", "key", tries=tries, transport=transport, pause=self.waited.append)


def busy(**headers: str) -> httpx.Response:
    return httpx.Response(503, headers=headers, json={"type": "urn:duetime:DatabaseUnavailable", "detail": "Locked."})


def test_a_change_keeps_its_key_over_all_tries() -> None:
    server = Misbehaving(httpx.ReadTimeout("slow"), busy(), httpx.Response(201, json={"event_id": 1}))
    reply = server.connection().ask("POST", "/api/v1/events", json={})
    assert (reply.status, reply.body) == (201, {"event_id": 1})
    keys = {request.headers["Idempotency-Key"] for request in server.asked}
    assert (len(server.asked), len(keys), len(server.waited)) == (3, 1, 2)
    other = Misbehaving(httpx.Response(200, json={}))
    other.connection().ask("POST", "/api/v1/events", json={})
    assert other.asked[0].headers["Idempotency-Key"] not in keys


def test_reading_needs_no_key() -> None:
    server = Misbehaving(httpx.Response(200, json=[]))
    server.connection().ask("GET", "/api/v1/filters", params={"q": None, "limit": 3})
    assert "Idempotency-Key" not in server.asked[0].headers
    assert server.asked[0].url.query == b"limit=3"
    assert server.asked[0].headers["Api-Key"] == "key"


def test_it_waits_as_long_as_the_server_says() -> None:
    server = Misbehaving(busy(**{"Retry-After": "7"}), httpx.Response(200, json=[]))
    server.connection().ask("GET", "/")
    assert server.waited == [7.0]


@pytest.mark.parametrize("last", [busy, lambda: httpx.ConnectError("refused")])
def test_it_gives_up_after_its_tries(last: Callable[[], Answer]) -> None:
    server = Misbehaving(*(last() for _ in range(3)))
    with pytest.raises((ApiProblem, ApiUnreachable)) as gave_up:
        server.connection().ask("GET", "/api/v1/events")
    assert "Locked" in str(gave_up.value) or "refused" in str(gave_up.value)
    assert (len(server.asked), len(server.waited)) == (3, 2)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 412, 422])
def test_a_refusal_is_not_tried_again(status: int) -> None:
    server = Misbehaving(httpx.Response(status, json={"type": "urn:duetime:Invalid", "detail": "No."}))
    with pytest.raises(ApiProblem, match=f"{status} Invalid: No"):
        server.connection().ask("POST", "/")
    assert (len(server.asked), server.waited) == (1, [])


def test_a_request_that_is_being_worked_on_is_tried_again() -> None:
    working = httpx.Response(409, json={"type": "urn:duetime:KeyInUse", "detail": "Wait."})
    server = Misbehaving(working, httpx.Response(200, json={"done": True}))
    assert server.connection().ask("POST", "/").body == {"done": True}
    reused = Misbehaving(httpx.Response(409, json={"type": "urn:duetime:KeyReused", "detail": "No."}))
    with pytest.raises(ApiProblem, match="KeyReused"):
        reused.connection().ask("POST", "/")


def test_a_page_of_a_proxy_is_a_problem_too() -> None:
    server = Misbehaving(httpx.Response(404, text="<html>not here</html>"))
    with pytest.raises(ApiProblem, match="404: Not Found"):
        server.connection().ask("GET", "/")
