"""`duetime demo` from one end to the other, and that its proof can fail."""

import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Cli
from tests.cli.processes import DUETIME, duetime

from duetime.bots.document import read_file
from duetime.cli.demo import conclude
from duetime.cli.demo_stage import Progressing
from duetime.cli.demo_view import Lines, Picture, calls, draw, view_for
from duetime.cli.demo_world import Place, Proof, Seen
from duetime.cli.output import console


@pytest.mark.acceptance
@pytest.mark.slow
def test_the_demo_proves_itself_and_leaves_a_database_that_answers(
    cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "not-there")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://192.0.2.1:1")
    monkeypatch.setenv("DUETIME_PLUGINS", "/not/there")
    began = time.monotonic()
    done = subprocess.run([DUETIME, "demo"], capture_output=True, text=True, check=False, timeout=120)
    seconds = time.monotonic() - began
    print(f"the demo took {seconds:.1f} s")  # noqa: T201 - shown with -s
    assert done.returncode == 0, done.stdout + done.stderr
    assert seconds < 60
    assert done.stderr == ""
    assert not [char for char in done.stdout if char != "\n" and not char.isprintable()]
    assert "PROVEN by AWS itself: exactly the 120 dev instances stopped and started again." in done.stdout
    assert "divvy.stop_resource: 0 pending, 0 running, 120 done" in done.stdout
    assert "67 per 1,000 events" in done.stdout

    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "DUETIME_PLUGINS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUETIME_DATABASE_URL", f"sqlite:///{folder}/duetime-demo.db")
    commands = [row.split()[1:] for row in done.stdout.splitlines() if row.startswith("  ") and DUETIME in row]
    assert len(commands) == 5
    for command in commands:
        assert cli(*command).code == 0, command
    counts = {(count["event_type"], count["status"]): count["runs"] for count in duetime("history", "stats")}
    assert counts == {
        ("divvy.start_resource", "succeeded"): 120,
        ("divvy.stop_resource", "succeeded"): 120,
        ("duetime.run_bot", "succeeded"): 1,
    }


def test_the_bot_of_the_demo_is_one_of_the_examples() -> None:
    example = Path(__file__).parents[2] / "examples" / "bots" / "dev-night.yaml"
    (bot,) = read_file(example)
    assert bot.definition.name == "dev-night"


def test_the_demo_does_not_touch_a_database_that_may_be_somebodys(cli: Cli, database: Path) -> None:
    before = database.read_bytes()
    answer = cli("demo", "--database", database, "--json")
    assert answer.code == 4
    assert answer.json["error"]["message"].startswith(f"{database} is there already.")
    assert database.read_bytes() == before


PICTURE = Picture(
    seconds=12.3,
    events={
        "duetime.run_bot": Progressing(0, 0, 1, 0),
        "divvy.stop_resource": Progressing(3, 50, 67, 0),
        "divvy.start_resource": Progressing(119, 0, 0, 1),
    },
    instances={
        Place("1" * 12, "eu-central-1", f"i-{n}"): Seen("dev", "stopped" if n % 3 else "running") for n in range(9)
    },
    calls=6,
)


def test_the_live_picture_fits_a_small_terminal(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    console().print(draw(PICTURE))
    rows = capsys.readouterr().out.splitlines()
    assert len(rows) < 24
    assert max(map(len, rows)) <= 80
    assert ["divvy.stop_resource", "3", "50", "67", "0"] in [row.split() for row in rows]
    assert ["111111111111", "eu-central-1", "dev", "3", "6", "0"] in [row.split() for row in rows]


def test_requests_are_reckoned_for_a_thousand_events() -> None:
    assert calls(PICTURE) == "6 requests to AWS for 67 events that changed an instance: 90 per 1,000 events."
    assert PICTURE.calls_per_thousand == 90


def test_lines_are_printed_for_what_has_changed_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    view = Lines()
    view.show(PICTURE)
    assert "divvy.start_resource: 119 pending, 0 running, 0 done, 1 failed" in capsys.readouterr().out
    view.show(PICTURE)
    assert capsys.readouterr().out == ""
    assert isinstance(view_for(as_json=False), Lines)


@pytest.mark.slow
def test_a_proof_that_does_not_hold_exits_with_6(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's bot never runs, so nothing stops."""
    monkeypatch.setattr("duetime.cli.demo_stage.Stage.run_bot", lambda _stage: 1)
    monkeypatch.setattr("duetime.cli.demo.GIVE_UP_AFTER", 0.0)
    answer = cli("demo", "--json")
    assert answer.code == 6
    assert (answer.json["proven"], answer.json["dev_instances"]) == (False, 120)
    assert (answer.json["stopped_and_started_again"], answer.json["other_changes"]) == (0, 0)
    assert answer.json["database"] == str(folder / "duetime-demo.db")


def test_the_verdict_says_what_was_proven(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dev = frozenset(PICTURE.instances)
    one = frozenset(list(dev)[:1])
    for proof, words in (
        (Proof(dev, dev, frozenset()), "PROVEN by AWS itself: exactly the 9 dev instances stopped and started again."),
        (Proof(dev, dev - one, one), "NOT PROVEN: 8 of 9 dev instances stopped and started again,"),
    ):
        conclude(proof, PICTURE, seconds=12.3, database=Path("x.db"))
        shown = capsys.readouterr().out
        assert words in shown
        assert f"DUETIME_DATABASE_URL=sqlite:///{folder}/x.db" in shown
