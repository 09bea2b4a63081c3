"""`duetime events types`."""

import pytest
from tests.cli.conftest import Cli

from duetime.builtin.event_ids import EVENT_TYPE_OF

pytestmark = pytest.mark.usefixtures("database")


def test_each_type_says_what_it_does_and_takes_and_what_undoes_it(cli: Cli) -> None:
    said = cli("events", "types", "duetime.tag").words
    assert "duetime.tag Sets tags; the other tags stay." in said
    assert "Settings: tags (object, required)." in said
    assert "Undone by duetime.restore_tags." in said
    assert "Up to 50 in one call, up to 5 tries." in said
    assert "from builtin" in said
    assert "0 workers, 0 scheduled" in said
    assert "divvy.stop_resource" not in said.partition("Undone")[0]


def test_what_takes_away_for_good_says_so(cli: Cli) -> None:
    assert "Destructive, irreversible." in cli("events", "types", "duetime.delete").words
    assert "Settings: any others." in cli("events", "types", "duetime.attach").words


def test_all_are_listed_within_the_width_of_the_terminal(cli: Cli) -> None:
    answer = cli("events", "types")
    assert max(map(len, answer.out.splitlines())) <= 80
    listed = {row.split()[0] for row in answer.out.splitlines() if row and not row.startswith(" ")}
    assert set(EVENT_TYPE_OF.values()) <= listed


def test_programs_get_the_schema_of_the_settings(cli: Cli) -> None:
    (kind,) = cli("events", "types", "duetime.scale", "--json").json
    assert kind["arguments"]["properties"] == {
        "minimum": {"type": "integer"},
        "maximum": {"type": "integer"},
        "desired": {"type": "integer"},
    }
    assert kind["arguments"]["additionalProperties"] is False
    assert (kind["inverse"], kind["destructive"], kind["max_group"]) == ("duetime.scale", False, 50)
    assert kind["retry"]["attempts"] == 5
    assert kind["description"].startswith("Sets how many members a group")


def test_an_unknown_type_is_answered_with_the_nearest(cli: Cli) -> None:
    answer = cli("events", "types", "duetime.snapshots")
    assert answer.code == 3
    assert "duetime.snapshot" in answer.err


def test_settings_that_do_not_fit_are_refused_when_the_event_is_scheduled(cli: Cli) -> None:
    def schedule(event_type: str, args: str) -> str:
        answer = cli("events", "schedule", event_type, "--resource", "volume:1:r:v:", "--args", args, "--in", "1h")
        assert answer.code == 2
        return answer.err

    assert "needs the argument 'tags'" in schedule("duetime.tag", "{}")
    assert "must be of type integer, not 'two'" in schedule("duetime.scale", '{"desired": "two"}')
    assert "did you mean desired" in schedule("duetime.scale", '{"desried": 2}')
    assert "must be of type array" in schedule("duetime.untag", '{"keys": "env"}')
