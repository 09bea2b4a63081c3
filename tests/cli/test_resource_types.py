"""`duetime resources types`, which needs no database."""

from tests.cli.conftest import Cli

from duetime.cli.exit_codes import ExitCode
from duetime.providers.aws.catalogue import CATALOGUE


def test_a_type_says_where_it_lives_and_what_can_be_done_to_it(cli: Cli) -> None:
    said = cli("resources", "types", "serviceaccesskey").out
    assert "IAM access key" in said
    assert "iam, global" in said
    assert "disable: 1, undone by enable; nothing to do when Inactive" in said
    assert "delete: 1, irreversible" in said


def test_states_in_which_an_operation_waits_are_said(cli: Cli) -> None:
    said = cli("resources", "types", "instance").words
    assert "stop: 100, undone by start; nothing to do when stopped; waits while pending, shutting-down" in said
    assert "ec2, by region" in said


def test_all_types_are_listed_within_the_width_of_the_terminal(cli: Cli) -> None:
    out = cli("resources", "types").out
    assert max(map(len, out.splitlines())) <= 80
    head, *rows = [row.split()[0] for row in out.splitlines() if not row.startswith(" ")]
    assert head == "type"
    assert rows == sorted(CATALOGUE)


def test_programs_get_the_facts_in_the_same_order_each_time(cli: Cli) -> None:
    (kind,) = cli("resources", "types", "dbinstance", "--json").json
    assert (kind["service"], kind["title"], kind["regional"]) == ("rds", "RDS instance", True)
    stop = kind["operations"]["stop"]
    assert (stop["inverse"], stop["batch"], stop["wanted"]) == ("start", 1, ["stopped"])
    assert stop["passing"] == sorted(stop["passing"])
    assert kind["operations"]["delete"]["destructive"] is True
    assert len(cli("resources", "types", "--json").json) == len(CATALOGUE)


def test_an_unknown_type_is_refused_with_the_nearest(cli: Cli) -> None:
    answer = cli("resources", "types", "instanse")
    assert answer.code == ExitCode.NOT_FOUND
    assert "Did you mean instance" in answer.err
