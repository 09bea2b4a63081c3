"""The end of the demo: pages with a login that reads, from a process that holds nobody up and does not stay."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from tests.cli.conftest import Cli, eventually

from duetime.cli.demo import _emit, show_pages
from duetime.cli.demo_pages import LOGIN, Shown, add_guest, show_in_background
from duetime.cli.demo_view import Picture
from duetime.cli.demo_world import Proof
from duetime.core.access import Feature, Role
from duetime.store.store import Store
from duetime.web.access.passwords import Passwords

pytestmark = pytest.mark.usefixtures("folder")


def is_gone(pid: int) -> bool:
    try:
        return ") Z " in Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return True


def answers(address: str) -> bool:
    parts = urlsplit(address)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=20)
    try:
        connection.request("GET", "/api/v1/workers")
        return connection.getresponse().status == 401
    finally:
        connection.close()


@pytest.fixture
def ended() -> Iterator[list[int]]:
    """Processes to end after the test, whatever becomes of it."""
    pids: list[int] = []
    yield pids
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)


def test_the_guest_sees_everything_and_changes_nothing(database: Path) -> None:
    password = add_guest(database)
    with Store(f"sqlite:///{database}") as store, store.read() as tx:
        login = tx.logins.get(LOGIN)
        grants = tx.access_groups.grants_of(login.login_id)
    assert Passwords().fits(password, login.password_hash)
    assert not login.must_change
    for feature in Feature:
        assert grants.reach(feature, Role.VIEWER).is_everywhere
        assert grants.payload_reach(feature).is_everywhere
        assert grants.reach(feature, Role.EDITOR).is_nowhere


@pytest.mark.acceptance
@pytest.mark.slow
def test_without_a_terminal_the_pages_go_on_in_the_background_and_hold_no_pipe(
    database: Path, ended: list[int]
) -> None:
    program = "from pathlib import Path; from duetime.cli.demo import show_pages; show_pages(Path('duetime.db'))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    (pid,) = map(int, re.findall(r"They end by themselves in 10 minutes. To end them now: kill (\d+)", done.stdout))
    ended.append(pid)
    (address,) = re.findall(r"The pages are at (\S+)", done.stdout)
    assert answers(address)
    assert re.search(rf"Log in as {LOGIN} with the password [a-z0-9-]+ to see", done.stdout)
    os.kill(pid, signal.SIGTERM)
    eventually(lambda: is_gone(pid))


@pytest.mark.acceptance
@pytest.mark.slow
def test_they_end_by_themselves(database: Path, ended: list[int]) -> None:
    shown = show_in_background(database, seconds=1)
    ended.append(shown.pid)
    assert shown.seconds == 1
    eventually(lambda: is_gone(shown.pid))


def test_pages_that_do_not_start_are_an_error_in_words(
    cli: Cli, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("duetime.cli.demo_pages.sys.executable", "/bin/false")
    with pytest.raises(Exception, match="The pages do not start") as caught:
        show_in_background(database)
    assert type(caught.value).__name__ == "Unavailable"


def test_on_a_terminal_they_are_served_here(
    database: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    served: list[str] = []
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("duetime.web.serving.Serving.run", lambda serving: served.append(serving.address))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        show_pages(database)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    said = capsys.readouterr().out
    assert f"The pages are at {served[0]}" in said
    assert "Ctrl-C ends them." in said


def test_programs_are_told_where_the_pages_are(capsys: pytest.CaptureFixture[str]) -> None:
    proof = Proof(frozenset(), frozenset(), frozenset())
    picture = Picture(seconds=1, events={}, instances={}, calls=0)
    shown = Shown("http://127.0.0.1:8321", LOGIN, "secret", 7, 600)
    _emit(proof, picture, seconds=1, database=Path("x.db"), pages=shown)
    assert json.loads(capsys.readouterr().out)["web"]["address"] == "http://127.0.0.1:8321"


def test_without_the_libraries_of_the_web_the_demo_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("duetime.cli.demo.missing_libraries", lambda: ["uvicorn"])
    show_pages(Path("duetime.db"))
    assert "pip install 'duetime[web]'" in capsys.readouterr().out
