"""`duetime actions list`: what it says of each action, and of one that there is not."""

import pytest
from tests.cli.conftest import Cli

pytestmark = pytest.mark.usefixtures("database")


def test_every_action_is_listed_with_its_settings(cli: Cli) -> None:
    answer = cli("actions", "list")
    assert answer.code == 0
    for name in ("schedule_event", "unschedule_events", "follow_tag", "notice_then"):
        assert f"duetime.action.{name}" in answer.words
    assert "act (event type and arguments, required)" in answer.words
    assert "after (length of time" in answer.words


def test_programs_get_the_types_and_defaults_of_one(cli: Cli) -> None:
    (action,) = cli("actions", "list", "duetime.action.notice_then", "--json").json
    settings = {each["name"]: each for each in action["settings"]}
    assert (action["uid"], action["plugin"]) == ("duetime.action.notice_then", "builtin")
    assert settings["act"]["required"]
    assert settings["body"]["type"] == "Jinja2 template"
    assert (settings["notices"]["type"], settings["notices"]["default"]) == ("list of texts", ["now"])
    assert settings["via"]["type"] == "one of duetime.message, duetime.log"


def test_an_unknown_one_is_refused_with_the_nearest(cli: Cli) -> None:
    answer = cli("actions", "list", "duetime.action.notice_them")
    assert answer.code != 0
    assert "duetime.action.notice_then" in answer.err
