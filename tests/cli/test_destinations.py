"""`duetime destinations`: shown without secrets, and tried."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.builtin.loopback_servers import PASSWORD, serving, status, taking_mail

SECRET = "s3cr3t-s3cr3t-s3cr3t"

pytestmark = pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")


@pytest.fixture
def named(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    def name(**destinations: Any) -> None:
        monkeypatch.setenv("DUETIME_DESTINATIONS", json.dumps(destinations))

    return name


def test_lists_show_no_secret(cli: Any, named: Callable[..., None]) -> None:
    assert "There is no destination" in cli("destinations", "list").out
    named(
        ops={"notices": f"slack://{SECRET}"},
        hook={"webhook": f"https://example.org/{SECRET}", "secret": SECRET},
    )
    answer = cli("destinations", "list")
    assert "https://example.org" in answer.out
    assert SECRET not in answer.out
    assert cli("destinations", "list", "--json").json == [
        {"name": "ops", "kind": "notices", "where": "slack"},
        {"name": "hook", "kind": "webhook", "where": "https://example.org"},
    ]


def test_a_notice_is_tried(cli: Any, named: Callable[..., None]) -> None:
    with taking_mail() as post:
        named(ops={"notices": post.url})
        answer = cli("destinations", "test", "ops")
        assert (answer.code, answer.out) == (0, "Sent to 1 address of ops.\n")
        assert post.subjects() == ["A test message of duetime"]
        post.refuses = 1
        answer = cli("destinations", "test", "ops")
        assert answer.code == 5
        assert "'ops' did not take the notice" in answer.err
        assert PASSWORD not in answer.err


def test_a_webhook_is_tried(cli: Any, named: Callable[..., None]) -> None:
    with serving(status(204), status(404, SECRET.encode())) as web:
        named(hook={"webhook": f"{web.url}/{SECRET}", "secret": SECRET, "allow_private": True})
        assert "which answered 204" in cli("destinations", "test", "hook").out
        assert web.requests[0].headers["x-duetime-signature"]
        answer = cli("destinations", "test", "hook")
        assert answer.code == 5
        assert "answered 404" in answer.err
        assert SECRET not in answer.err


def test_an_unknown_one_is_refused_with_the_nearest(cli: Any, named: Callable[..., None]) -> None:
    named(ops={"notices": f"slack://{SECRET}"})
    answer = cli("destinations", "test", "opps")
    assert answer.code == 3
    assert "Did you mean ops?" in answer.err


def test_events_that_name_unknown_ones_are_refused(cli: Any, named: Callable[..., None]) -> None:
    named(ops={"notices": f"slack://{SECRET}"})
    assert cli("db", "upgrade").code == 0
    args = json.dumps({"to": ["opps"], "subject": "s", "body": "b"})
    answer = cli("events", "schedule", "duetime.message", "--args", args, "--in", "1h")
    assert answer.code == 3
    assert "Did you mean ops?" in answer.err
