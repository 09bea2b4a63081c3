"""The command line, run in this process on a database of the test's own; and a worker beside it when one is wanted."""

import json
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from duetime.app.settings import Settings, read_settings
from duetime.cli.main import run
from duetime.cli.opening import open_app
from duetime.cli.preparing import prepare
from duetime.engine.executors import ThreadExecutor
from duetime.engine.worker import Worker, WorkerSettings

GREETER = '''
from duetime.core.outcomes import Succeeded
from duetime.jobs.base import ScheduledEventJob
from duetime.jobs.registration import ScheduledEventManager


@ScheduledEventManager.register("greeter.greet")
class Greet(ScheduledEventJob):
    """Greets somebody."""

    def __init__(self, *, name: str = "you", **own) -> None:
        super().__init__(**own)
        self.name = name

    def run(self):
        return Succeeded(f"Good morning, {self.name}.")
'''


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)

    @property
    def words(self) -> str:
        """Standard output without the folds of the terminal."""
        return " ".join(self.out.split())


Cli = Callable[..., Answer]


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the empty working folder of the test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path


@pytest.fixture
def cli(folder: Path, capsys: pytest.CaptureFixture[str]) -> Cli:
    """Return a function that runs one command in the working folder."""

    def call(*arguments: object) -> Answer:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Answer(code, said.out, said.err)

    return call


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database as `db upgrade` leaves it, to be copied."""
    path = tmp_path_factory.mktemp("template") / "duetime.db"
    settings = Settings(database_url=f"sqlite:///{path}")
    with open_app(settings, create=True) as app:
        prepare(app, settings=settings)
    return path


@pytest.fixture
def database(folder: Path, template: Path) -> Path:
    """Return the database of the working folder, ready for work."""
    return Path(shutil.copy(template, folder / "duetime.db"))


@pytest.fixture
def plugin(folder: Path) -> Path:
    """Return the folder of a plugin that the settings file of the working folder names."""
    path = folder / "plugins" / "greeter"
    path.mkdir(parents=True)
    (path / "jobs.py").write_text(GREETER, encoding="utf-8")
    (folder / "duetime.toml").write_text('plugins = ["plugins"]\n', encoding="utf-8")
    return path


@pytest.fixture
def working(database: Path) -> Callable[[], AbstractContextManager[Worker]]:
    """Return a context manager that runs a worker in a thread."""

    @contextmanager
    def start() -> Iterator[Worker]:
        with open_app(read_settings()) as app:
            # A lease so long that it beats only when it has something to say.
            settings = WorkerSettings(poll_seconds=0.02, lease_seconds=3600)
            worker = app.worker(settings=settings, executor=ThreadExecutor(slots=4))
            thread = threading.Thread(target=worker.run, daemon=True)
            thread.start()
            eventually(lambda: worker.session.session_id is not None and len(worker.catalogue.handlers()) > 0)
            try:
                yield worker
            finally:
                worker.stop()
                thread.join(20)
                app.manager.unload_all()

    return start


def eventually(holds: Callable[[], object], *, seconds: float = 20) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not holds():
        assert time.monotonic() < deadline, "it did not come about in time"
        pause.wait(0.02)
