"""A running duetime as people meet it: `duetime up` on a database with something in it."""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, Queue

from duetime.app.app import App
from duetime.bots.document import from_mapping
from duetime.bots.lifecycle import apply_bot
from duetime.core.access import EVERYTHING
from duetime.core.resources import Account, Resource
from duetime.store.schema import upgrade
from duetime.store.store import Store
from duetime.web.access.passwords import Passwords

DUETIME = str(Path(sys.executable).with_name("duetime"))
LISTENS = re.compile(r"https?://127\.0\.0\.1:\d+")
HOSTILE = "<script>document.title='taken'</script>"

GREETER = '''
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager


@ScheduledEventManager.register("greeter.greet")
class Greet(ScheduledEventJob):
    """Greets somebody."""

    def __init__(self, *, name: str = "you", **own):
        super().__init__(**own)
        self.name = name

    def run(self):
        if self.name == "nobody":
            raise ValueError("there is nobody to greet")
        return None
'''

BOT = {
    "name": "nightly-stop",
    "description": f"Stops dev instances {HOSTILE}",
    "scope": {"accounts": ["10"], "resource_types": ["instance"]},
    "filters": [{"uid": "duetime.filter.tag", "settings": {"key": "env", "values": ["dev"]}}],
    "actions": [
        {"uid": "duetime.action.schedule_event", "settings": {"event_type": "divvy.stop_resource", "after": "12h"}}
    ],
}


@dataclass
class Place:
    """A running duetime.

    Attributes:
        url: where its pages are.
        app: the same database, for what a test prepares and asks.
    """

    url: str
    app: App
    folder: Path
    password: str = field(repr=False)

    def greet(self, name: str, *, seconds: float = 0, description: str = "") -> int:
        """Schedule a greeting and return its event."""
        return self.app.client.schedule(
            "greeter.greet",
            datetime.now(UTC) + timedelta(seconds=seconds),
            args={"name": name},
            description=description,
            allow_unknown=True,
            actor="test",
        ).event_id


def _fill(app: App) -> None:
    now = datetime.now(UTC)
    with app.store.write() as tx:
        for number, name in (("10", "dev"), ("20", f"prod {HOSTILE}")):
            tx.accounts.save(Account(account=number, provider="aws", name=name, regions=("us-east-1",)))
        tx.resources.save(
            Resource.of(
                resource_type="instance",
                account=account,
                region="us-east-1",
                provider_id=f"i-{account}{number}",
                name=f"build-{number} {HOSTILE}" if number == 3 else f"build-{number}",
                state="running",
                tags={"env": "dev", "note": HOSTILE},
                harvested_at=now,
            )
            for account in ("10", "20")
            for number in range(8)
        )
        for account in ("10", "20"):
            tx.accounts.record_harvest(account)
    apply_bot(app.client, from_mapping(BOT), actor="test")
    for hours in range(30):
        app.client.schedule(
            "divvy.stop_resource",
            now + timedelta(hours=hours + 5),
            resource_id=f"instance:10:us-east-1:i-10{hours % 8}:",
            description=f"Stop it tonight {HOSTILE}",
            allow_unknown=True,
            actor=HOSTILE,
        )
    app.client.schedule("greeter.greet", {"_type": "hourly", "minute_of_hour": 30}, allow_unknown=True, actor="test")


@contextmanager
def running_place(folder: Path, *, password: str) -> Iterator[Place]:
    """Run `duetime up` while the block does."""
    plugin = folder / "plugins" / "greeter"
    plugin.mkdir(parents=True)
    (plugin / "jobs.py").write_text(GREETER, encoding="utf-8")
    url = f"sqlite:///{folder / 'duetime.db'}"
    environment = os.environ | {
        "DUETIME_DATABASE_URL": url,
        "DUETIME_PLUGINS": str(folder / "plugins"),
        "DUETIME_WEB_PORT": "0",
        "DUETIME_POLL_SECONDS": "0.05",
        "COLUMNS": "200",
    }
    with Store(url) as store:
        upgrade(store.engine)
        app = App(store, providers={}, installed_plugins=False)
        _make_admin(app, password)
        _fill(app)
        with subprocess.Popen(
            [DUETIME, "up"], cwd=folder, env=environment, stderr=subprocess.PIPE, text=True, start_new_session=True
        ) as process:
            try:
                yield Place(_address(process), app, folder, password)
            finally:
                process.send_signal(signal.SIGTERM)
                try:
                    process.wait(timeout=30)
                except subprocess.TimeoutExpired:
                    os.killpg(process.pid, signal.SIGKILL)


def _make_admin(app: App, password: str) -> None:
    """Add an administrator whose password was chosen already."""
    with app.store.write() as tx:
        login = tx.logins.add("admin", name="Administrator", password_hash=Passwords().hash(password))
        tx.access_groups.save("administrators", grants=EVERYTHING)
        tx.access_groups.add_member("administrators", login.login_id)


def _address(process: "subprocess.Popen[str]") -> str:
    """Return the address that the server prints once it listens; whatever it says is read to its end."""
    lines: Queue[str] = Queue()
    stream = process.stderr
    assert stream is not None

    def read() -> None:
        for line in stream:
            lines.put(line)
        lines.put("")

    threading.Thread(target=read, daemon=True).start()
    said: list[str] = []
    while True:
        try:
            line = lines.get(timeout=60)
        except Empty:
            line = ""
        if not line:
            raise AssertionError("".join(said))
        said.append(line)
        found = LISTENS.search(line)
        if found is not None:
            return found.group(0)
