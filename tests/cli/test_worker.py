"""`duetime worker` and `duetime up` as processes: they run what is due, drain, leave at once, and are replaced."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.cli.conftest import eventually
from tests.cli.processes import await_worker, duetime, put_slow_plugin, schedule, started, status_of

pytestmark = [pytest.mark.acceptance, pytest.mark.slow, pytest.mark.usefixtures("folder")]


def send(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    process.send_signal(number)


def children_of(pid: int) -> list[int]:
    # A child belongs to the thread that has started it.
    listed = [task.read_text(encoding="ascii") for task in Path(f"/proc/{pid}/task").glob("*/children")]
    return [int(each) for part in listed for each in part.split()]


def test_an_event_scheduled_for_a_second_from_now_runs_on_time_and_is_in_history() -> None:
    duetime("db", "upgrade")
    with started("worker", "--json") as worker:
        await_worker()
        event_id = schedule("duetime.prune", "--in", "1s")
        eventually(lambda: status_of(event_id) == "succeeded")
        (run,) = duetime("history", "list", "--event", str(event_id))
        assert run["status"] == "succeeded"
        assert run["started_at"] >= run["due_at"]
        send(worker, signal.SIGTERM)
        out, errors = worker.communicate(timeout=30)
    assert worker.returncode == 0
    assert json.loads(out) == {"exit_code": 0}
    assert "runs.ended" in errors
    assert "worker.stopped" in errors
    assert "\x1b" not in errors
    assert duetime("plugins", "list")["workers"] == 0


def test_a_plugin_folder_that_is_not_there_is_refused_at_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    duetime("db", "upgrade")
    monkeypatch.setenv("DUETIME_PLUGINS", "nowhere")
    with started("worker", "--json") as worker:
        out, _ = worker.communicate(timeout=60)
    assert worker.returncode == 2
    assert "there is no such folder" in json.loads(out)["error"]["message"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_first_signal_lets_running_jobs_end_and_starts_nothing_more(folder: Path, number: signal.Signals) -> None:
    put_slow_plugin(folder, log_format="json")
    duetime("db", "upgrade")
    with started("worker") as worker:
        await_worker()
        running = schedule("slow.wait")
        eventually((folder / "begun").exists)
        send(worker, number)
        eventually(lambda: b"worker.draining" in peek(worker))
        later = schedule("duetime.prune")
        (folder / "may-end").touch()
        assert worker.wait(timeout=30) == 0
    assert status_of(running) == "succeeded"
    assert status_of(later) == "scheduled"


def peek(process: "subprocess.Popen[str]") -> bytes:
    """Return what a process has written to standard error and nobody has read yet."""
    assert process.stderr is not None
    os.set_blocking(process.stderr.fileno(), False)
    try:
        return os.read(process.stderr.fileno(), 1 << 16)
    except BlockingIOError:
        return b""


@pytest.mark.parametrize(("second", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_the_second_signal_leaves_at_once(folder: Path, second: signal.Signals, code: int) -> None:
    put_slow_plugin(folder, drain_seconds=600)
    duetime("db", "upgrade")
    with started("worker") as worker:
        await_worker()
        running = schedule("slow.wait")
        eventually((folder / "begun").exists)
        send(worker, signal.SIGTERM)
        eventually(lambda: b"worker.draining" in peek(worker))
        began = time.monotonic()
        send(worker, second)
        assert worker.wait(timeout=30) == code
        assert time.monotonic() - began < 5
    assert status_of(running) == "running"


SIGNALLED = """
import os, signal, sys, threading
from duetime.cli.stop_signals import StopSignals

class Worker:
    lock = threading.Lock()
    stopped = threading.Event()

    def stop(self):
        with self.lock:
            self.stopped.set()

signals = StopSignals()
if sys.argv[1] == "early":
    os.kill(os.getpid(), signal.SIGTERM)
    signals.stop(Worker())
else:
    signals.stop(Worker())
    with Worker.lock:
        os.kill(os.getpid(), signal.SIGTERM)
print(Worker.stopped.wait(30))
"""


@pytest.mark.parametrize("moment", ["early", "locked"])
def test_a_signal_stops_a_worker_that_is_being_built_or_holds_the_lock_by_which_it_is_stopped(moment: str) -> None:
    command = [sys.executable, "-c", SIGNALLED, moment]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stdout) == (0, "True\n")


def test_a_worker_whose_slots_are_stuck_asks_to_be_replaced(folder: Path) -> None:
    put_slow_plugin(folder, worker_slots=2, drain_seconds=0.2)
    duetime("db", "upgrade")
    schedule("slow.hang")
    with started("worker", "--json") as worker:
        out, _ = worker.communicate(timeout=60)
    assert worker.returncode == 75
    assert json.loads(out) == {"exit_code": 75}


def test_up_makes_the_database_and_stops_its_worker_with_itself() -> None:
    with started("up", "--no-web", "--json") as up:
        eventually(Path("duetime.db").exists, seconds=60)
        eventually(lambda: (duetime("doctor", check=False)).get("healthy"), seconds=60)
        event_id = schedule("duetime.prune")
        eventually(lambda: status_of(event_id) == "succeeded")
        os.killpg(up.pid, signal.SIGINT)  # as a terminal does: Ctrl-C is for the whole foreground
        out, errors = up.communicate(timeout=60)
    assert up.returncode == 0
    assert json.loads(out) == {"exit_code": 0, "workers_started": 1, "webs_started": 0}
    assert f"The database is {Path('duetime.db').absolute()}" in errors
    assert "worker.stopped" in errors


def test_up_starts_another_worker_when_one_is_killed_or_asks_to_be_replaced(folder: Path) -> None:
    put_slow_plugin(folder, worker_slots=2, drain_seconds=0.2, lease_seconds=2)
    with started("up", "--no-web", "--json") as up:
        eventually(lambda: children_of(up.pid), seconds=60)
        (first,) = children_of(up.pid)
        os.kill(first, signal.SIGKILL)
        eventually(lambda: children_of(up.pid) not in ([], [first]), seconds=60)
        (second,) = children_of(up.pid)
        schedule("slow.hang")
        eventually(lambda: children_of(up.pid) not in ([], [first], [second]), seconds=60)
        send(up, signal.SIGINT)
        out, errors = up.communicate(timeout=60)
    assert up.returncode in (0, 75)
    assert json.loads(out)["workers_started"] >= 3
    assert "ended by SIGKILL" in errors
    assert "asked to be replaced" in errors


def test_a_worker_of_up_does_not_outlive_it() -> None:
    with started("up", "--no-web") as up:
        eventually(Path("duetime.db").exists, seconds=60)
        eventually(lambda: (duetime("doctor", check=False)).get("healthy"), seconds=60)
        (child,) = children_of(up.pid)
        descriptor = os.pidfd_open(child)
        up.kill()
        eventually(lambda: not Path(f"/proc/{child}").exists() or is_zombie(child), seconds=60)
        os.close(descriptor)
    assert [worker["status"] for worker in duetime("doctor", check=False)["workers"]] == []


def is_zombie(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return True
