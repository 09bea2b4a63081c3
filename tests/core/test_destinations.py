"""Destinations: found by name, and nothing secret of them is ever shown."""

from dataclasses import asdict

import pytest

from duetime.core.destinations import (
    Destinations,
    NoticeDestination,
    Secret,
    UnknownDestination,
    WebhookDestination,
)
from duetime.core.errors import Invalid
from duetime.core.sanitising import history_text

TOKEN = "T00AAAA/B11BBBB/very-secret-token"
KEY = "a-signing-key-of-24-chars"
OPS = NoticeDestination("ops", (Secret(f"slack://{TOKEN}"), Secret("mailto://me:p%40ssword@mail.example.org")))
HOOK = WebhookDestination("tickets", Secret("https://hooks.example.org/in/0a1b2c3d4e?key=zzzzz9"), Secret(KEY))
BOTH = Destinations((OPS, HOOK))


def test_a_secret_is_shown_by_nothing() -> None:
    for shown in (
        repr(Secret(KEY)),
        str(Secret(KEY)),
        f"{Secret(KEY)}",
        repr(BOTH),
        str(asdict(BOTH)),
        OPS.shown,
        HOOK.shown,
    ):
        assert KEY not in shown
        assert "secret-token" not in shown
        assert "0a1b2c3d4e" not in shown
    assert KEY not in (history_text({"x": Secret(KEY)}) or "")
    assert Secret(KEY).reveal() == KEY
    assert Secret(KEY) == Secret(KEY) != Secret("other")
    assert hash(Secret(KEY)) == hash(Secret(KEY))


def test_what_is_shown_says_where_they_go() -> None:
    assert (OPS.kind, OPS.shown) == ("notices", "slack, mailto")
    assert (HOOK.kind, HOOK.shown) == ("webhook", "https://hooks.example.org")


def test_they_are_found_by_name_and_kind() -> None:
    assert BOTH.notice("ops") is OPS
    assert BOTH.webhook("tickets") is HOOK
    with pytest.raises(Invalid, match=r"duetime\.webhook write to it"):
        BOTH.notice("tickets")
    with pytest.raises(Invalid, match=r"duetime\.message write to it"):
        BOTH.webhook("ops")


def test_an_unknown_one_is_refused_with_the_nearest() -> None:
    with pytest.raises(UnknownDestination, match="Did you mean tickets"):
        BOTH.get("ticket")
    with pytest.raises(UnknownDestination, match="Did you mean ops or tickets"):
        BOTH.get("zzz")


@pytest.mark.parametrize(
    "text",
    [
        f"no answer from slack://{TOKEN}",
        "POST /in/0a1b2c3d4e?key=zzzzz9",
        KEY,
        "very-secret-token",
        "p@ssword p%40ssword",
    ],
)
def test_texts_are_redacted_by_what_the_destinations_hold(text: str) -> None:
    safe = BOTH.redact(text)
    for secret in ("very-secret-token", "T00AAAA", "0a1b2c3d4e", "zzzzz9", KEY, "ssword"):
        assert secret not in safe
    assert "[redacted]" in safe


def test_a_webhook_s_host_may_be_named() -> None:
    assert BOTH.redact("hooks.example.org did not answer") == "hooks.example.org did not answer"
