"""`duetime demo` from one end to the other, and that its proof can fail."""

import subprocess
import time
from pathlib import Path

import pytest
from tests.cli.conftest import Cli
from tests.cli.processes import DUETIME, duetime

from duetime.bots.document import read_file
from duetime.cli.demo import conclude
from duetime.cli.demo_proof import Finding
from duetime.cli.demo_stage import BOTS, Kind, Progressing
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
    done = subprocess.run([DUETIME, "demo", "--no-web"], capture_output=True, text=True, check=False, timeout=400)
    seconds = time.monotonic() - began
    print(f"the demo took {seconds:.1f} s")  # noqa: T201 - shown with -s
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert not [char for char in done.stdout if char != "\n" and not char.isprintable()]
    assert done.stdout.count("  yes  ") == 6
    assert "  yes  120 of 120 dev instances stopped and started again, 0 others" in done.stdout
    assert "Harvested 612 resources of 27 types over HTTP." in done.stdout
    assert "divvy.stop_resource: 0 pending, 0 running, 120 done" in done.stdout
    assert "is cancelled, exempt by tag keep." in done.stdout
    assert "is cancelled, no longer matches bot public-buckets: " in done.stdout
    assert "67 per 1,000 events" in done.stdout

    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "DUETIME_PLUGINS"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("DUETIME_DATABASE_URL", f"sqlite:///{folder}/duetime-demo.db")
    commands = [row.split()[1:] for row in done.stdout.splitlines() if row.startswith("  ") and DUETIME in row]
    assert len(commands) == 9
    for command in commands:
        answer = cli(*command)
        assert answer.code == 0, command
        if command[:2] == ["bots", "plan"]:
            assert command[2] in BOTS
    counts = {(count["event_type"], count["status"]): count["runs"] for count in duetime("history", "stats")}
    assert counts == {
        ("divvy.start_resource", "succeeded"): 120,
        ("divvy.stop_resource", "succeeded"): 120,
        ("duetime.block_public_access", "succeeded"): 1,
        ("duetime.log", "succeeded"): 14,
        ("duetime.run_bot", "succeeded"): counts["duetime.run_bot", "succeeded"],
        ("duetime.snapshot_then_delete", "succeeded"): 11,
    }


@pytest.mark.parametrize("name", BOTS)
def test_the_bots_of_the_demo_are_examples_with_longer_spans(name: str) -> None:
    root = Path(__file__).parents[2]
    (shown,) = read_file(root / "src" / "duetime" / "cli" / "demo_bots" / f"{name}.yaml")
    (example,) = read_file(root / "examples" / "bots" / f"{name}.yaml")
    assert example.definition.name == shown.definition.name == name
    assert example.definition.scope == shown.definition.scope
    assert [use.uid for use in example.definition.actions] == [use.uid for use in shown.definition.actions]


def test_the_demo_does_not_touch_a_database_that_may_be_somebodys(cli: Cli, database: Path) -> None:
    before = database.read_bytes()
    answer = cli("demo", "--database", database, "--json")
    assert answer.code == 4
    assert answer.json["error"]["message"].startswith(f"{database} is there already.")
    assert database.read_bytes() == before


PICTURE = Picture(
    seconds=12.3,
    events={
        Kind("dev-night", "duetime.run_bot"): Progressing(0, 0, 1, 0, 0),
        Kind("dev-night", "divvy.stop_resource"): Progressing(3, 50, 67, 0, 0),
        Kind("dev-night", "divvy.start_resource"): Progressing(119, 0, 0, 0, 1),
        Kind("public-buckets", "duetime.block_public_access"): Progressing(1, 0, 0, 1, 0),
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
    assert ["dev-night", "divvy.stop_resource", "3", "50", "67", "0", "0"] in [row.split() for row in rows]
    assert ["111111111111", "eu-central-1", "dev", "3", "6", "0"] in [row.split() for row in rows]


def test_requests_are_reckoned_for_a_thousand_events() -> None:
    assert calls(PICTURE) == "6 requests to AWS for 67 stops and starts: 90 per 1,000 events."
    assert PICTURE.calls_per_thousand == 90


def test_lines_are_printed_for_what_has_changed_alone(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    view = Lines()
    view.show(PICTURE)
    shown = capsys.readouterr().out
    assert "dev-night: divvy.start_resource: 119 pending, 0 running, 0 done, 1 failed" in shown
    assert "public-buckets: duetime.block_public_access: 1 pending, 0 running, 0 done, 1 cancelled" in shown
    view.show(PICTURE)
    assert capsys.readouterr().out == ""
    assert isinstance(view_for(as_json=False), Lines)


@pytest.mark.slow
def test_a_proof_that_does_not_hold_exits_with_6(cli: Cli, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The demo's bots never run, so nothing stops."""
    monkeypatch.setattr("duetime.cli.demo_stage.Stage.run_bot", lambda _stage, _name: 1)
    monkeypatch.setattr("duetime.cli.demo.QUIET_SECONDS", 0.0)
    answer = cli("demo", "--no-web", "--json")
    assert answer.code == 6
    assert (answer.json["proven"], answer.json["dev_instances"]) == (False, 120)
    assert (answer.json["stopped_and_started_again"], answer.json["other_changes"]) == (0, 0)
    assert answer.json["database"] == str(folder / "duetime-demo.db")


def test_the_verdict_says_what_was_proven(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dev = frozenset(PICTURE.instances)
    one = frozenset(list(dev)[:1])
    for proof, words in (
        (Proof(dev, dev, frozenset()), "PROVEN by AWS itself, after 12 s:\n  yes  9 of 9 dev instances"),
        (Proof(dev, dev - one, one), "NOT PROVEN by AWS itself, after 12 s:\n  NO   8 of 9 dev instances"),
        (Proof(dev, dev, frozenset(), (Finding("a bucket is shut", holds=False),)), "\n  NO   a bucket is shut"),
    ):
        conclude(proof, PICTURE, ["history stats"], seconds=12.3, database=Path("x.db"))
        shown = capsys.readouterr().out
        assert words in shown
        assert shown.count("NOT PROVEN") == (not proof.holds)
        assert f"DUETIME_DATABASE_URL=sqlite:///{folder}/x.db" in shown
        assert shown.endswith(" history stats\n")
