"""The supervisor's children: each is asked to drain once, however many of them end."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.cli.conftest import eventually

SUPERVISED = """
import sys
from duetime.cli.supervisor import Supervisor

QUICK = '''
import pathlib, signal, sys
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
pathlib.Path("quick").touch()
signal.pause()
'''
SLOW = '''
import pathlib, signal
asked = []
signal.signal(signal.SIGTERM, lambda number, _: asked.append(number))
pathlib.Path("slow").touch()
while not pathlib.Path("may-end").exists():
    signal.sigtimedwait([], 0.02)
pathlib.Path("asked").write_text(str(len(asked)))
'''
sys.exit(Supervisor({"slow": [sys.executable, "-c", SLOW], "quick": [sys.executable, "-c", QUICK]}).run())
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_child_that_drains_is_not_asked_again_when_another_one_has_ended(
    tmp_path: Path, number: signal.Signals
) -> None:
    """A second signal would end a worker at once, in the middle of its jobs."""
    with subprocess.Popen([sys.executable, "-c", SUPERVISED], cwd=tmp_path) as process:
        try:
            eventually((tmp_path / "slow").exists)
            eventually((tmp_path / "quick").exists)
            (quick,) = (each for each in _children(process.pid) if b"sigtimedwait" not in _words(each))
            process.send_signal(number)
            eventually(lambda: quick not in _children(process.pid))
            (tmp_path / "may-end").touch()
            assert process.wait(timeout=30) == 0
        finally:
            process.kill()
    assert (tmp_path / "asked").read_text(encoding="ascii") == "1"


def _children(pid: int) -> list[int]:
    listed = [task.read_text(encoding="ascii") for task in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(each) for part in listed for each in part.split()]


def _words(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
