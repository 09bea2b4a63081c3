"""Destinations as the settings write them."""

import json
from pathlib import Path

import pytest

from duetime.app.destinations import read_destinations
from duetime.app.settings import Settings, read_settings
from duetime.core.destinations import NoticeDestination, Secret, WebhookDestination
from duetime.core.errors import InvalidSetting

SECRET = "s3cr3t-s3cr3t-s3cr3t"
TOML = f"""
[destinations.ops]
notices = ["slack://{SECRET}", "mailto://me:{SECRET}@example.org"]
[destinations.tickets]
webhook = "https://hooks.example.org/{SECRET}"
secret = "{SECRET}"
[destinations.near]
webhook = "http://10.0.0.7:8080/in"
allow_private = true
"""


def test_the_file_and_the_environment_say_the_same(tmp_path: Path) -> None:
    (tmp_path / "duetime.toml").write_text(TOML)
    from_file = read_settings(environment={}, folder=tmp_path).destinations
    assert from_file.get("ops") == NoticeDestination(
        "ops", (Secret(f"slack://{SECRET}"), Secret(f"mailto://me:{SECRET}@example.org"))
    )
    assert from_file.get("tickets") == WebhookDestination(
        "tickets", Secret(f"https://hooks.example.org/{SECRET}"), Secret(SECRET)
    )
    assert from_file.get("near").allow_private  # type: ignore[union-attr]
    text = json.dumps({"near": {"webhook": "http://10.0.0.7:8080/in", "allow_private": True}})
    told = read_settings(environment={"DUETIME_DESTINATIONS": text}, folder=tmp_path).destinations
    assert told.all == (from_file.get("near"),)


def test_settings_show_no_secret(tmp_path: Path) -> None:
    (tmp_path / "duetime.toml").write_text(TOML)
    settings = read_settings(environment={}, folder=tmp_path)
    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.model_dump())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"notices": SECRET}, "an address as apprise writes it"),
        ({"notices": []}, "an address as apprise writes it"),
        ({"notices": [7]}, "an address as apprise writes it"),
        ({}, "one of the keys notices and webhook"),
        ({"notices": f"slack://{SECRET}", "webhook": f"https://{SECRET}"}, "one of the keys notices and webhook"),
        ({"webhook": f"https://h/{SECRET}", "secrt": SECRET}, "did you mean secret"),
        ({"notices": f"slack://{SECRET}", "secret": SECRET}, "there is no such key"),
        ({"webhook": f"http://h/{SECRET}"}, "must begin with https://"),
        ({"webhook": f"https://me:{SECRET}@h/"}, "no user and password"),
        ({"webhook": f"ftp://h/{SECRET}"}, "such as https://example.org/path"),
        ({"webhook": f"https://h:port/{SECRET}"}, "no address that can be read"),
        ({"webhook": f"https://h/{SECRET} x"}, "such as https://example.org/path"),
        ({"webhook": f"https://h/{SECRET}\r\nX: y"}, "such as https://example.org/path"),
        ({"webhook": f"https://h/{SECRET}", "secret": "short"}, "at least 16 characters"),
        ({"webhook": f"https://h/{SECRET}", "allow_private": 1}, "true or false"),
        (SECRET, "must be a table"),
    ],
)
def test_what_does_not_fit_is_refused_without_showing_it(body: object, said: str) -> None:
    text = json.dumps({"x": body})
    with pytest.raises(InvalidSetting) as caught:
        read_settings(environment={"DUETIME_DESTINATIONS": text}, folder=Path("/nowhere"))
    message = str(caught.value)
    assert message.startswith("Setting DUETIME_DESTINATIONS: x")
    assert said in message
    assert SECRET not in message
    assert "short" not in message


@pytest.mark.parametrize(
    ("text", "said"), [("{", "no JSON at character 1"), ("[]", "table of destinations"), ('{"a b": {}}', "a name has")]
)
def test_the_whole_is_refused_when_it_is_none(text: str, said: str) -> None:
    with pytest.raises(InvalidSetting, match=said):
        read_settings(environment={"DUETIME_DESTINATIONS": text}, folder=Path("/nowhere"))


def test_a_fault_in_the_file_names_the_file(tmp_path: Path) -> None:
    (tmp_path / "duetime.toml").write_text("[destinations]\nops = true")
    with pytest.raises(InvalidSetting, match=f"ops must be a table.*{tmp_path}"):
        read_settings(environment={}, folder=tmp_path)
    assert read_destinations(Settings().destinations) == Settings().destinations
