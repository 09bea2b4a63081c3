"""SIGTERM under load, with the script of these tests and with the command line."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random

import pytest
from tests.concurrency.conftest import MakePlace
from tests.concurrency.place import request
from tests.engine.waiting import until

from duetime.core.statuses import EventStatus
from duetime.scheduling.client import Client
from duetime.store.store import Store

pytestmark = [pytest.mark.concurrency, pytest.mark.slow]

PLUGIN = """
from pathlib import Path

from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager


@ScheduledEventManager.register("drain.wait")
class Wait(ScheduledEventJob):
    def __init__(self, *, begun: str, gate: str, **own):
        super().__init__(**own)
        self.begun = Path(begun)
        self.gate = Path(gate)

    def run(self):
        self.begun.touch()
        while not self.gate.exists() and not self.cancel_requested:
            pass
"""


def test_workers_asked_to_stop_under_load_end_what_they_began_and_give_back_the_rest(
    any_url: str, places: MakePlace, random: Random
) -> None:
    place = places(any_url, lease_seconds=5)
    place.schedule(*place.mixture(random, 1500))
    for _ in range(3):
        workers = [place.worker(), place.worker()]
        for worker in workers:
            place.await_session(worker)
        for worker in workers:
            worker.signal(signal.SIGTERM)
        assert [worker.exit_code() for worker in workers] == [0, 0]
        assert "running" not in place.statuses()
    assert place.pending()
    place.worker()
    place.wait()
    found = place.judge()
    assert {run.status for run in found.all_runs} == {"succeeded"}
    assert {session.status for session in found.sessions.values()} == {"stopped"}
    assert all(len(starts) == 1 for starts in found.starts.values())


def test_a_second_signal_leaves_at_once(any_url: str, places: MakePlace) -> None:
    place = places(any_url)
    (event_id,) = place.schedule(request("crash.retry", place.now(), gate=str(place.gate)))
    worker = place.worker()
    until(lambda: place.starts(event_id), what="the start of a job that does not end")
    worker.signal(signal.SIGTERM)
    until(lambda: "worker.draining" in worker.log, what="the drain")
    assert worker.is_running
    worker.signal(signal.SIGTERM)
    assert worker.exit_code(seconds=5) == 128 + signal.SIGTERM
    place.gate.touch()
    place.worker()
    place.wait()
    found = place.judge()
    assert [run.status for run in found.runs[event_id]] == ["lost", "succeeded"]


@pytest.mark.parametrize(("signals", "code", "status"), [(1, 0, "succeeded"), (2, 128 + signal.SIGTERM, "running")])
def test_the_command_line_obeys_signals(sqlite_url: str, tmp_path: Path, signals: int, code: int, status: str) -> None:
    folder = tmp_path / "plugins"
    folder.mkdir(mode=0o700)
    (folder / "wait.py").write_text(PLUGIN, encoding="utf-8")
    begun, gate = tmp_path / "begun", tmp_path / "gate"
    with _command(sqlite_url, folder) as (process, log), closing(Store(sqlite_url)) as store:
        client = Client(store)
        until(lambda: "drain.wait" in client.event_types(), what=f"the plugin; see {log}")
        event = client.schedule("drain.wait", client.now(), args={"begun": str(begun), "gate": str(gate)})
        until(begun.exists, what="the start of the job")
        process.send_signal(signal.SIGTERM)
        until(lambda: "draining" in log.read_text(encoding="utf-8"), what="the drain")
        if signals == 2:
            process.send_signal(signal.SIGTERM)
        else:
            gate.touch()
        assert process.wait(20) == code
        assert client.get(event.event_id).status is EventStatus(status)


@contextmanager
def _command(url: str, plugins: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run `duetime worker`, and leave nothing of it behind."""
    log = plugins.with_name("worker.log")
    environment = {
        "DUETIME_DATABASE_URL": url,
        "DUETIME_PLUGINS": str(plugins),
        "DUETIME_POLL_SECONDS": "0.05",
        "PATH": "/usr/bin:/bin",
    }
    with log.open("wb") as file:
        command = [sys.executable, "-m", "duetime", "worker"]
        process = subprocess.Popen(command, env=environment, cwd=plugins.parent, stderr=file, stdout=file)
    try:
        yield process, log
    finally:
        process.kill()
        process.wait()
