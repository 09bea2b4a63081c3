from typing import Any

import pytest

from duetime.core.errors import InvalidSetting
from duetime.core.resources import Account
from duetime.providers.aws.access import Access, is_loopback

LOOPBACK = "http://127.0.0.1:4566"


def access(*, loopback_only: bool = False, **settings: Any) -> Access:
    return Access.of(Account("10", provider="aws", settings=settings), loopback_only=loopback_only)


def test_an_account_needs_no_setting() -> None:
    assert access() == Access()


def test_settings_are_read() -> None:
    assert access(profile="ops", role_arn="arn", external_id="x", endpoint_url=None) == Access(
        profile="ops", role_arn="arn", external_id="x"
    )


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"profil": "ops"}, "Did you mean profile"),
        ({"profile": 7}, "profile: it must be text"),
        ({"dummy_credentials": "yes"}, "dummy_credentials: it must be true or false"),
        ({"external_id": "x"}, "add role_arn"),
        ({"secret_access_key": "x"}, "secrets are not kept"),
        ({"access_key_id": "x"}, "secrets are not kept"),
        ({"session_token": "x"}, "secrets are not kept"),
        ({"dummy_credentials": True}, "only an endpoint on loopback"),
        ({"dummy_credentials": True, "endpoint_url": "https://ec2.example"}, "only an endpoint on loopback"),
        ({"dummy_credentials": True, "endpoint_url": LOOPBACK, "profile": "ops"}, "profile"),
    ],
)
def test_settings_that_do_not_fit_are_refused(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidSetting, match=named):
        access(**settings)


def test_a_refused_secret_is_not_repeated() -> None:
    with pytest.raises(InvalidSetting) as caught:
        access(secret_access_key="wJalrXUtnFEMI")
    assert "wJalr" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1", LOOPBACK, "https://127.1.2.3:1/x?y", "http://[::1]:5000/", "HTTP://LocalHost:5000"],
)
def test_what_plainly_names_this_machine_is_loopback(url: str) -> None:
    assert is_loopback(url)
    assert access(loopback_only=True, endpoint_url=url, dummy_credentials=True).endpoint_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:5000",
        "http://10.0.0.1",
        "http://169.254.169.254/latest",
        "https://ec2.us-east-1.amazonaws.com",
        "http://127.0.0.1.example.com",
        "http://127.0.0.1@example.com",
        "http://127.0.0.1:80@example.com",
        "http://127.0.0.1:x@example.com",
        "http://127.0.0.1\\@example.com",
        "http://localhost.example.com",
        "http://user@127.0.0.1",
        "http://[::1].example.com",
        "http://[::ffff:8.8.8.8]",
        "http://example.com/http://127.0.0.1",
        " http://127.0.0.1",
    ],
)
def test_nothing_else_is(url: str) -> None:
    assert not is_loopback(url)
    with pytest.raises(InvalidSetting, match="endpoint_url"):
        access(loopback_only=True, endpoint_url=url, dummy_credentials=True)


def test_real_credentials_are_refused_where_only_loopback_is_allowed() -> None:
    with pytest.raises(InvalidSetting, match="dummy_credentials"):
        access(loopback_only=True, endpoint_url=LOOPBACK)
