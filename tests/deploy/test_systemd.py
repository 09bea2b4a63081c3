"""The systemd units: understood by systemd, hardened, and patient enough for a drain."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.deploy.conftest import program

from duetime.app.settings import Settings
from duetime.cli.exit_codes import ExitCode
from duetime.cli.main import app

UNITS = sorted((Path(__file__).parents[2] / "deploy" / "systemd").glob("*.service"))
MOST_EXPOSED = 1.5
"""Of 10, by systemd's own reckoning; it calls anything below 2 safe."""


def values(unit: Path) -> dict[str, list[str]]:
    """Return what a unit says, by key."""
    found: dict[str, list[str]] = {}
    for row in unit.read_text(encoding="utf-8").splitlines():
        key, parts, value = row.partition("=")
        if parts and not row.startswith("#"):
            found.setdefault(key, []).append(value)
    return found


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return the units in a folder, where the program that they start is one that is there."""
    for unit in UNITS:
        text = unit.read_text(encoding="utf-8").replace("/opt/duetime/bin/duetime", shutil.which("true") or "/bin/true")
        (tmp_path / unit.name).write_text(text, encoding="utf-8")
    return tmp_path


def analyze(*arguments: str) -> str:
    command = [program("systemd-analyze", what="The systemd units"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_systemd_understands_every_word_of_the_units(installed: Path) -> None:
    said = analyze("verify", "--man=no", *map(str, sorted(installed.glob("*.service"))))
    assert not [line for line in said.splitlines() if "duetime" in line], said


def test_systemd_finds_them_hardened(installed: Path) -> None:
    said = analyze("security", "--offline=yes", "--no-pager", *map(str, sorted(installed.glob("*.service"))))
    levels = [float(level) for level in re.findall(r"exposure level for \S+: ([\d.]+)", said)]
    assert len(levels) == len(UNITS) == 4
    assert max(levels) <= MOST_EXPOSED


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_runs_a_command_that_there_is_as_a_user_without_rights(unit: Path) -> None:
    said = values(unit)
    (command,) = said["ExecStart"]
    words = command.split()[1:]
    known = {command.name for command in app.registered_commands} | {"db"}
    assert words[0] in known
    assert said["User"] == said["Group"] == ["duetime"]
    assert said["NoNewPrivileges"] == ["yes"]
    assert said["ProtectSystem"] == ["strict"]
    assert said["CapabilityBoundingSet"] == [""]


@pytest.mark.parametrize("unit", [unit for unit in UNITS if "upgrade" not in unit.stem], ids=lambda unit: unit.stem)
def test_systemd_waits_for_a_drain_and_starts_again_what_a_restart_mends(unit: Path) -> None:
    said = values(unit)
    assert float(said["TimeoutStopSec"][0]) > Settings().drain_seconds
    assert said["KillMode"] == ["mixed"]
    assert said["RestartForceExitStatus"] == [str(int(ExitCode.REPLACE_ME))]
    assert said["RestartPreventExitStatus"] == [str(int(ExitCode.INVALID))]
