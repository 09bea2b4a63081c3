"""The installed command line in processes of their own, and short ways to ask what became of it."""

import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from pathlib import Path
from typing import Any

from tests.cli.conftest import eventually

from duetime.cli.main import run

DUETIME = str(Path(sys.executable).with_name("duetime"))

SLOW = '''
import pathlib
import threading

from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager


@ScheduledEventManager.register("slow.wait")
class Wait(ScheduledEventJob):
    """Says that it has begun, and ends when it may."""

    on_lost = "hold"

    def run(self):
        pathlib.Path("begun").touch()
        pause = threading.Event()
        while not pathlib.Path("may-end").exists():
            pause.wait(0.02)


@ScheduledEventManager.register("slow.hang")
class Hang(ScheduledEventJob):
    """Never returns, whatever it is asked."""

    import datetime

    timeout = datetime.timedelta(seconds=0.2)

    def run(self):
        threading.Event().wait()
'''


def put_slow_plugin(folder: Path, **settings: object) -> None:
    """Put a plugin with slow jobs into a folder, and settings that name it."""
    plugin = folder / "plugins" / "slow"
    plugin.mkdir(parents=True)
    (plugin / "jobs.py").write_text(SLOW, encoding="utf-8")
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items()]
    (folder / "duetime.toml").write_text("\n".join(['plugins = ["plugins"]', *lines]), encoding="utf-8")


def duetime(*arguments: str, check: bool = True) -> Any:
    """Run a command in this process, which is quick, and return its JSON document."""
    said = io.StringIO()
    with redirect_stdout(said):
        code = run([*arguments, "--json"])
    assert not check or code == 0, said.getvalue()
    return json.loads(said.getvalue())


@contextmanager
def started(*arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command while the block does; what is left of it and its children afterwards is killed."""
    with subprocess.Popen(
        [DUETIME, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)


def await_worker() -> None:
    """Wait until a worker is alive and has answered for its plugins."""

    def is_there() -> bool:
        listed = duetime("plugins", "list")
        return bool(listed["workers"]) and all(plugin["workers"] for plugin in listed["plugins"])

    eventually(is_there, seconds=60)


def status_of(event_id: int) -> str:
    """Return where an event stands."""
    return str(duetime("events", "show", str(event_id))["status"])


def schedule(event_type: str, *arguments: str) -> int:
    """Schedule an event for now and return its id."""
    return int(duetime("events", "schedule", event_type, *(arguments or ("--in", "0s")))["event_id"])
