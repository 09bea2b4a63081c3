"""Database engines: how we connect, what a transaction begins with, and how driver errors become ours."""

import os
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, ResourceClosedError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool

from duetime.core.clock import Clock
from duetime.core.errors import DatabaseMissing, DatabaseUnavailable, InvalidSetting
from duetime.store.sqlite_turns import begin_writing
from duetime.store.types import to_micros

BUSY_SECONDS = 15.0
STATEMENT_SECONDS = 30
_POOL_SIZE = 8
_LOOK_AGAIN_SECONDS = 0.02
_FRESH = "write sqlite:///duetime.db or postgresql://user@host/name"


def parse_url(text: str) -> URL:
    """Read a database URL.

    Raises:
        InvalidSetting: it is no URL, or names a database that duetime does not speak to.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise InvalidSetting("database_url", f"it is no database URL; {_FRESH}") from None
    backend = url.get_backend_name()
    if backend in {"postgresql", "postgres"}:
        return url.set(drivername="postgresql+psycopg")
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            # Every connection would have a database of its own, and none would outlive its connection.
            raise InvalidSetting("database_url", f"a database in memory cannot be shared; {_FRESH}")
        return url
    raise InvalidSetting("database_url", f"{backend!r} is not supported; use sqlite or postgresql")


def location_of(url: URL) -> str:
    """Return where the database is, without its password."""
    if url.get_backend_name() == "sqlite":
        return str(_path_of(url))
    return url.render_as_string(hide_password=True)


def without_password(text: str) -> str:
    """Return a database URL as it may be shown.

    Raises:
        InvalidSetting: it is no URL of a database that duetime speaks to.
    """
    parse_url(text)
    url = make_url(text)
    hidden = {name: "hidden" for name in url.query if "pass" in name.lower()}
    return url.update_query_dict(hidden).render_as_string(hide_password=True)


def create_engine(url: URL, *, clock: Clock, durable: bool = True, busy_seconds: float = BUSY_SECONDS) -> Engine:
    """Return an engine whose every connection has timeouts and speaks UTC.

    Args:
        url: where to connect.
        clock: what `duetime_now()` answers on SQLite; PostgreSQL has a clock of its own.
        durable: whether a commit on SQLite waits for the disk; False only for databases that are thrown away.
        busy_seconds: how long to wait for a lock that somebody else has, and for a free connection.
    """
    if url.get_backend_name() == "sqlite":
        return _sqlite(url, clock=clock, durable=durable, busy_seconds=busy_seconds)
    return _postgresql(url, busy_seconds=busy_seconds)


def _sqlite(url: URL, *, clock: Clock, durable: bool, busy_seconds: float) -> Engine:
    engine = sqlalchemy.create_engine(
        url,
        poolclass=QueuePool,
        pool_size=_POOL_SIZE,
        max_overflow=_POOL_SIZE,
        pool_timeout=busy_seconds,
        connect_args={"check_same_thread": False, "timeout": busy_seconds},
    )

    @event.listens_for(engine, "do_connect")
    def look(_dialect: object, _record: object, _arguments: object, _keywords: object) -> None:
        # The driver would create a missing file, empty and readable by everybody.
        require_sqlite_file(url)

    @event.listens_for(engine, "connect")
    def prepare(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver would begin too late
        _use_write_ahead_log(connection, busy_seconds=busy_seconds)
        connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.create_function("duetime_now", 0, lambda: to_micros(clock.now()))

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A transaction that reads first and writes later fails at once when another writer came between; one that
        # begins IMMEDIATE waits for its turn instead.
        if connection.get_execution_options().get("duetime_writes", False):
            begin_writing(connection, busy_seconds=busy_seconds)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _use_write_ahead_log(connection: sqlite3.Connection, *, busy_seconds: float) -> None:
    """Switch a new file to write-ahead logging, once; two processes may open it at the same moment.

    SQLite does not wait for the lock that this takes, whatever its busy time-out says, so we do.
    """
    for _ in range(max(1, int(busy_seconds / _LOOK_AGAIN_SECONDS))):
        try:
            (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
            if mode != "wal":
                (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        else:
            return
        threading.Event().wait(_LOOK_AGAIN_SECONDS)
    connection.execute("PRAGMA journal_mode = WAL")


def _postgresql(url: URL, *, busy_seconds: float) -> Engine:
    milliseconds = round(busy_seconds * 1000)
    settings = f"-c timezone=UTC -c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={milliseconds}ms"
    connect_args: dict[str, Any] = {
        "connect_timeout": 5,
        "options": f"{url.query.get('options', '')} {settings}".strip(),
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 3,
        "tcp_user_timeout": STATEMENT_SECONDS * 1000,
        "application_name": "duetime",
    }
    try:
        return sqlalchemy.create_engine(
            url.difference_update_query(["options"]),
            poolclass=QueuePool,
            pool_size=_POOL_SIZE,
            max_overflow=_POOL_SIZE,
            pool_timeout=busy_seconds,
            connect_args=connect_args,
        )
    except ModuleNotFoundError:
        raise InvalidSetting(
            "database_url", "PostgreSQL needs one more package: pip install 'duetime[postgres]'"
        ) from None


def create_sqlite_file(url: URL) -> None:
    """Create the database file for its owner alone, if it does not exist yet.

    Raises:
        DatabaseUnavailable: its folder cannot be written.
    """
    if url.get_backend_name() != "sqlite":
        return
    path = _path_of(url)
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR, stat.S_IRUSR | stat.S_IWUSR)
    except OSError as error:
        raise DatabaseUnavailable(
            f"{path} cannot be opened or created: {error.strerror}",
            remedy="Make its folder, and give this user the right to write there.",
        ) from None
    os.close(descriptor)


def require_sqlite_file(url: URL) -> None:
    """Refuse to go on without the database file; only `db upgrade`, `up` and `demo` create one.

    Raises:
        DatabaseMissing: there is none; the full path is named.
    """
    if url.get_backend_name() == "sqlite" and not _path_of(url).exists():
        raise DatabaseMissing(location_of(url), "there is no database file")


def _path_of(url: URL) -> Path:
    return Path(url.database or "").absolute()


_SQLITE_PROBLEMS = {
    "database is locked": ("another process has kept it locked", "End that writer, or wait and try again."),
    "database or disk is full": ("the disk is full", "Free some space; nothing that was acknowledged is lost."),
    "readonly database": ("its file cannot be written", "Give this user the right to write the file and its folder."),
    "disk I/O error": ("the disk answers with an error", "Look at the disk; nothing that was acknowledged is lost."),
    "unable to open database file": ("its file cannot be opened", "Check that the path exists and may be read."),
    "file is not a database": ("its file is no SQLite database", "Point database_url at another file."),
    "disk image is malformed": ("its file is damaged", "Restore it from a backup, or start with a new one."),
    "no such table": ("its schema is missing", "Run `duetime db upgrade`."),
    "no such column": ("its schema is not current", "Run `duetime db upgrade`."),
}


_POSTGRESQL_PROBLEMS = {"08", "25", "28", "3D", "40", "53", "55", "57", "58", "XX"}
"""Classes of SQLSTATE that speak of the server and not of the statement: connection, a server that only reads, refused
login, no such database, deadlock, no room on the disk or in memory, locks, time-outs and shutdowns, a disk that fails,
damage."""


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn the driver's errors about the database itself into `DatabaseUnavailable`."""
    try:
        yield
    except PoolTimeout as error:
        raise DatabaseUnavailable("no connection became free", remedy="Lower the number of slots.") from error
    except (OperationalError, DBAPIError, ResourceClosedError) as error:
        unavailable = _unavailable(error)
        if unavailable is None:
            raise
        raise unavailable from error


def _unavailable(error: Exception) -> DatabaseUnavailable | None:
    cause = getattr(error, "orig", None) or error
    text = " ".join(str(cause).split())
    if isinstance(cause, sqlite3.Error):
        for sign, (problem, remedy) in _SQLITE_PROBLEMS.items():
            if sign in text:
                return DatabaseUnavailable(problem, remedy=remedy)
        return None
    state = getattr(cause, "sqlstate", None)
    if state in {"42P01", "42703", "3F000"}:
        return DatabaseUnavailable("its schema is not current", remedy="Run `duetime db upgrade`.")
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    unreachable = state is None and isinstance(error, OperationalError)
    if lost or unreachable or (state is not None and state[:2] in _POSTGRESQL_PROBLEMS):
        return DatabaseUnavailable(
            text, remedy="Look whether the server runs and can be reached; a running worker tries again by itself."
        )
    return None
