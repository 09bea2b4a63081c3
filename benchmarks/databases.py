"""The databases that are measured: a durable SQLite file and a real PostgreSQL, started and stopped here."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from tests.postgresql import PostgresqlServer

DatabaseKind = Literal["sqlite", "postgresql"]
KINDS: tuple[DatabaseKind, ...] = ("sqlite", "postgresql")

WORKERS: Mapping[DatabaseKind, int] = {"sqlite": 1, "postgresql": 2}
"""Worker processes per database; SQLite has one writer at a time, so a second one would only wait."""

# What a server would be given anyway: some memory, and checkpoints far enough apart not to fall into a measurement of
# one second. Durability is as it comes, and checked.
_SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "8GB", "checkpoint_timeout": "30min"}
_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


@dataclass(frozen=True, slots=True)
class Target:
    """One database that a contender has for itself."""

    kind: DatabaseKind
    url: str

    @property
    def path(self) -> str:
        """Where a SQLite database is."""
        return self.url.removeprefix("sqlite:///")


class Server(Protocol):
    """Makes databases."""

    def create(self, name: str) -> Target:
        """Return a new, empty database."""

    def copy(self, source: Target, name: str) -> Target:
        """Return a copy of a database that nobody is connected to."""


class SqliteFolder:
    """SQLite databases are files of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def create(self, name: str) -> Target:
        return Target("sqlite", f"sqlite:///{self._folder / name}.db")

    def copy(self, source: Target, name: str) -> Target:
        target = self.create(name)
        shutil.copyfile(source.path, target.path)
        return target


class PostgresqlDatabases:
    """PostgreSQL databases on one durable server."""

    def __init__(self, server: PostgresqlServer) -> None:
        self._server = server

    def create(self, name: str) -> Target:
        return Target("postgresql", self._server.create(name))

    def copy(self, source: Target, name: str) -> Target:
        template = str(conninfo_to_dict(source.url)["dbname"])
        return Target("postgresql", self._server.create(name, template=template))

    def prepare(self) -> None:
        """Give the server its settings.

        Raises:
            RuntimeError: it would lose what it has acknowledged, so that nothing could be compared.
        """
        for setting, value in _SETTINGS.items():
            self._server.execute(
                sql.SQL("ALTER SYSTEM SET {} = {}").format(sql.Identifier(setting), sql.Literal(value))
            )
        self._server.stop()
        self._server.start()
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            for setting in _DURABILITY:
                row = connection.execute(sql.SQL("SHOW {}").format(sql.Identifier(setting))).fetchone()
                if row != ("on",):
                    message = f"PostgreSQL runs with {setting} = {row}; nothing can be compared that way."
                    raise RuntimeError(message)


@contextmanager
def servers(kinds: Sequence[DatabaseKind]) -> Iterator[Mapping[DatabaseKind, Server]]:
    """Start what is needed for `kinds`, and take it all away again."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="duetime-bench-")))
        require_real_disk(folder)
        found: dict[DatabaseKind, Server] = {}
        if "sqlite" in kinds:
            found["sqlite"] = SqliteFolder(folder)
        if "postgresql" in kinds:
            databases = PostgresqlDatabases(stack.enter_context(PostgresqlServer(durable=True)))
            databases.prepare()
            found["postgresql"] = databases
        yield found


def require_real_disk(folder: Path) -> None:
    """Refuse a folder in memory: a commit that waits for no disk measures something else.

    Raises:
        RuntimeError: the folder is on such a file system.
    """
    mounts = Path("/proc/mounts")
    if not mounts.exists():
        return
    resolved = folder.resolve()
    best, kind = Path("/"), ""
    for line in mounts.read_text(encoding="utf-8").splitlines():
        _, where, found, *_ = line.split()
        mount = Path(where)
        if resolved.is_relative_to(mount) and len(mount.parts) >= len(best.parts):
            best, kind = mount, found
    if kind in {"tmpfs", "ramfs"}:
        message = f"{folder} is in memory ({kind} on {best}); set TMPDIR to a folder on a disk."
        raise RuntimeError(message)
