"""Webhooks: signed, repeatable, and judged by what the server answers."""

import hashlib
import hmac
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from tests.builtin.loopback_servers import Answer, Web, serving, status

from duetime.builtin.http_post import Reply
from duetime.builtin.webhook import outcome_of
from duetime.core.destinations import Destinations, Secret, WebhookDestination
from duetime.core.events import Run
from duetime.core.outcomes import Failed, Snoozed, Succeeded
from duetime.testing.lab import Lab

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
SECRET = "a-signing-key-of-24-chars"
PATH = "/in/0a1b2c3d4e5f"
TARGET = WebhookDestination("hook", Secret("https://example.org/in"))


def posted(*answers: Answer, hours: float = 2, allow_private: bool = True, **args: Any) -> tuple[Web, list[Run]]:
    """Run one event for one machine against a server with these answers."""
    with serving(*answers) as web:
        target = WebhookDestination("hook", Secret(f"{web.url}{PATH}"), Secret(SECRET), allow_private=allow_private)
        with Lab(now=NOW, destinations=Destinations((target,))) as lab:
            lab.cloud.add(resource_type="instance", name='we"b', account="1", region="eu-west-1", state="running")
            lab.harvest()
            (machine,) = lab.cloud.resources()
            lab.client.schedule(
                "duetime.webhook", lab.now, resource_id=machine.resource_id, args={"to": "hook", **args}
            )
            lab.settle()
            lab.advance(hours=hours)
            return web, lab.runs(event_type="duetime.webhook")


def test_it_says_everything_that_templates_see_and_is_signed() -> None:
    web, (run,) = posted()
    (request,) = web.requests
    document = json.loads(request.body)
    assert document["resource"]["name"] == 'we"b'
    assert document["event"]["due_at"] == "2026-03-02 12:00 UTC"
    stamp = request.headers["x-duetime-timestamp"]
    assert stamp == str(int(NOW.timestamp()))
    expected = hmac.new(SECRET.encode(), stamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    assert request.headers["x-duetime-signature"] == f"sha256={expected}"
    assert request.headers["content-type"] == "application/json"
    assert run.status == "succeeded"
    assert json.loads(str(run.result)) == {"answer": "thanks", "status": 200, "to": "hook"}


@pytest.mark.parametrize(
    "body",
    [
        '{"name": {{ resource.name | tojson }}, "more": [1]}',
        {"name": "{{ resource.name }}", "more": [1]},
    ],
)
def test_a_body_is_a_template_or_an_object_of_templates(body: Any) -> None:
    web, _runs = posted(body=body)
    assert json.loads(web.requests[0].body) == {"name": 'we"b', "more": [1]}


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"name": "{{ resource.name }}"}', "tojson"),
        ({"a": ["{{ resource.nope }}"]}, "the body cannot be rendered"),
        ("{{ nope }}", "the body cannot be rendered"),
    ],
)
def test_a_body_that_fails_is_not_sent_and_not_tried_again(body: Any, said: str) -> None:
    web, (run,) = posted(body=body)
    assert not web.requests
    assert run.status == "failed"
    assert said in str(run.error)


def test_a_server_with_troubles_is_asked_again_with_the_same_key() -> None:
    web, runs = posted(status(500), status(200))
    assert [run.status for run in runs] == ["failed", "succeeded"]
    first, second = web.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] != ""
    assert "answered 500" in str(runs[0].error)


def test_troubles_without_end_are_given_up() -> None:
    web, runs = posted(status(503))
    assert len(web.requests) == len(runs) == 5


@pytest.mark.parametrize("code", [400, 404, 410, 301, 302, 307])
def test_a_refusal_or_a_redirect_is_not_tried_again(code: int) -> None:
    web, runs = posted(status(code, Location="/elsewhere"))
    assert (len(web.requests), [run.status for run in runs]) == (1, ["failed"])
    assert f"answered {code}" in str(runs[0].error)


def test_a_busy_server_is_given_the_time_it_asks_for() -> None:
    busy = status(429, Retry_After="600")
    web, runs = posted(busy, status(200), hours=0.15)
    assert len(web.requests) == 1
    web, runs = posted(busy, status(200), hours=0.2)
    assert len(web.requests) == 2
    assert runs[-1].status == "succeeded"


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("7", 7),
        ("Mon, 02 Mar 2026 12:05:00 GMT", 300),
        ("0", 1),
        ("-5", 60),
        ("soon", 60),
        ("", 60),
        ("9" * 30, 60),
        ("99999", 3600),
    ],
)
def test_retry_after_is_read_and_bounded(asked: str, seconds: int) -> None:
    outcome = outcome_of(TARGET, Reply(429, {"retry-after": asked}, b""), now=NOW)
    assert isinstance(outcome, Snoozed)
    assert (outcome.until - NOW).total_seconds() == seconds


def test_answers_are_cut_and_redacted() -> None:
    target = WebhookDestination("hook", Secret(f"https://example.org{PATH}"), Secret(SECRET))
    outcome = outcome_of(target, Reply(200, {}, f"{SECRET} {PATH} ".encode() + b"\xff" * 10_000), now=NOW)
    assert isinstance(outcome, Succeeded)
    assert len(outcome.data["answer"]) == 500
    assert SECRET not in str(outcome)
    assert "0a1b2c3d4e5f" not in str(outcome)
    assert outcome_of(target, Reply(418, {}, b""), now=NOW) == Failed(
        "hook answered 418", {"to": "hook", "status": 418, "answer": ""}, retry=False
    )


def test_this_machine_is_refused_unless_that_is_said() -> None:
    web, (run,) = posted(allow_private=False)
    assert not web.requests
    assert run.status == "failed"
    assert "allow_private = true" in str(run.error)


def test_history_holds_no_secret() -> None:
    answers: list[Callable[..., Any]] = [status(500, f"{SECRET} at {PATH}".encode()), status(200, SECRET.encode())]
    _web, runs = posted(*answers)
    assert len(runs) == 2
    assert SECRET not in repr(runs)
    assert "0a1b2c3d4e5f" not in repr(runs)
