"""The pages of the demo's database: a login that only reads, and a server that does not stay for ever.

Run as a program, with a database and a number of seconds, it is that server in the background.
"""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from duetime.core.access import Grant, Grants, Role
from duetime.core.errors import Unavailable

if TYPE_CHECKING:
    from duetime.app.app import App
    from duetime.web.serving import Serving

LOGIN = "guest"
_GROUP = "guests"
_ACTOR = "demo"
LINGER_SECONDS = 600
_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Shown:
    """Pages in the background.

    Attributes:
        pid: the process to end.
        seconds: after how long it ends by itself.
    """

    address: str
    login: str
    password: str
    pid: int
    seconds: int


def add_guest(database: Path) -> str:
    """Make the login that sees everything and changes nothing; return its password, which is kept nowhere."""
    from duetime.web.access.passwords import Passwords, new_password

    password = new_password()
    kept = Passwords().hash(password)
    with _opened(database) as app, app.store.write() as tx:
        login = tx.logins.add(LOGIN, name="Guest", password_hash=kept)
        grants = Grants((Grant(None, Role.VIEWER, payloads=True),))
        tx.access_groups.save(_GROUP, grants=grants, description="See everything, and change nothing.")
        tx.access_groups.add_member(_GROUP, login.login_id)
        tx.audit.add(actor=_ACTOR, verb="login.add", subject=f"login:{LOGIN}", after={"groups": [_GROUP]})
    return password


@contextmanager
def opened_pages(database: Path) -> Iterator["Serving"]:
    """Listen on the usual port, or on a free one when another program has it."""
    from duetime.web.errors import CannotListen
    from duetime.web.serving import Serving
    from duetime.web.web_settings import WebSettings

    with _opened(database) as app:
        try:
            serving = Serving(app, WebSettings())
        except CannotListen:
            serving = Serving(app, WebSettings(port=0))
        with closing(serving):
            yield serving


def show_in_background(database: Path, *, seconds: int = LINGER_SECONDS) -> Shown:
    """Start a server that outlives this process and ends by itself.

    Raises:
        Unavailable: it does not start.
    """
    password = add_guest(database)
    command = [sys.executable, "-m", "duetime.cli.demo_pages", str(database.absolute()), str(seconds)]
    # It keeps none of our streams: whoever reads our output would wait for its end.
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True
    )
    said = _first_line(process)
    if not said:
        process.kill()
        process.wait()
        message = "The pages do not start. Look with `duetime web`."
        raise Unavailable(message)
    process.returncode = 0  # it is left running on purpose, and nobody waits for it
    return Shown(json.loads(said)["address"], LOGIN, password, process.pid, seconds)


def _first_line(process: "subprocess.Popen[bytes]") -> bytes:
    assert process.stdout is not None  # noqa: S101 - it was asked for
    timer = threading.Timer(_START_SECONDS, process.kill)
    timer.start()
    try:
        with process.stdout as stream:
            return stream.readline()
    finally:
        timer.cancel()


@contextmanager
def _opened(database: Path) -> Iterator["App"]:
    """Open the database without the user's settings and plugins, and without any cloud: the simulated one has ended."""
    from duetime.app.app import App
    from duetime.store.store import Store

    with closing(App(Store(f"sqlite:///{database}"), providers={}, installed_plugins=False)) as app:
        yield app


def _serve(database: Path, *, seconds: float) -> None:
    """Be the server in the background."""
    from duetime.app.logging import configure_logging
    from duetime.cli.stop_signals import StopSignals

    signals = StopSignals()
    configure_logging(level="critical")
    with opened_pages(database) as serving:
        signals.stop(serving)
        sys.stdout.write(json.dumps({"address": serving.address}) + "\n")
        sys.stdout.flush()
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        end = threading.Timer(seconds, serving.stop)
        end.daemon = True
        end.start()
        serving.run()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), seconds=float(sys.argv[2]))
