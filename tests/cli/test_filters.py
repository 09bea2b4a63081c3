"""`duetime filters`: what bots can ask of resources, plugins' filters too."""

import pytest
from tests.cli.conftest import Cli

pytestmark = pytest.mark.usefixtures("database")


def test_every_filter_is_listed_with_what_it_asks_and_its_settings(cli: Cli) -> None:
    listed = {each["uid"]: each for each in cli("filters", "list", "--json").json}
    assert {"duetime.filter.tag", "duetime.filter.not", "duetime.filter.jmespath"} <= listed.keys()
    idle = listed["duetime.filter.idle"]
    assert idle["plugin"] == "builtin"
    assert idle["description"] == "The resource was last used longer ago than this."
    span, unknown = idle["settings"]
    assert (span["name"], span["type"], span["required"], span["default"]) == (
        "longer_than",
        "length of time",
        True,
        None,
    )
    assert (unknown["type"], unknown["required"], unknown["default"]) == (
        "one of not_idle, idle, created",
        False,
        "not_idle",
    )
    assert all(each["description"] and each["name"] for each in listed.values())


def test_people_see_one_filter_in_words(cli: Cli) -> None:
    answer = cli("filters", "list", "duetime.filter.public")
    assert answer.code == 0
    assert "Anybody can reach the resource." in answer.words
    assert "value (true or false, default true)" in answer.words
    assert "duetime.filter.tag" not in answer.words
    assert [each["uid"] for each in cli("filters", "list", "duetime.filter.public", "--json").json] == [
        "duetime.filter.public"
    ]


def test_an_unknown_filter_is_answered_with_the_nearest(cli: Cli) -> None:
    answer = cli("filters", "list", "duetime.filter.tga")
    assert answer.code == 3
    assert "There is no filter 'duetime.filter.tga'. Did you mean duetime.filter.tag" in answer.err
