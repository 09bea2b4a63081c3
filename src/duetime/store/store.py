"""The one door to the database."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Self

from sqlalchemy import Connection, text

from duetime.core.clock import Clock, SystemClock
from duetime.core.errors import DatabaseUnavailable
from duetime.store.access_group_table import AccessGroupTable
from duetime.store.account_table import AccountTable
from duetime.store.api_key_table import ApiKeyTable
from duetime.store.audit_table import AuditTable
from duetime.store.bot_event_table import BotEventTable
from duetime.store.bot_table import BotTable
from duetime.store.budget_table import BudgetTable
from duetime.store.claim_table import ClaimTable
from duetime.store.engine import BUSY_SECONDS, create_engine, location_of, parse_url, translated_errors
from duetime.store.event_table import EventTable
from duetime.store.event_type_table import EventTypeTable
from duetime.store.harvest_table import HarvestTable
from duetime.store.hot_path import HotPath
from duetime.store.hot_postgresql import PostgresqlHotPath
from duetime.store.hot_sqlite import SqliteHotPath
from duetime.store.idempotent_answer_table import IdempotentAnswerTable
from duetime.store.live_counts import LiveCounts
from duetime.store.login_attempt_table import LoginAttemptTable
from duetime.store.login_table import LoginTable
from duetime.store.note_table import NoteTable
from duetime.store.operation_log import OperationWriter
from duetime.store.plugin_table import PluginTable
from duetime.store.resource_group_table import ResourceGroupTable
from duetime.store.resource_table import ResourceTable
from duetime.store.run_count_table import RunCountTable
from duetime.store.run_table import RunTable
from duetime.store.session_table import SessionTable
from duetime.store.user_table import UserTable
from duetime.store.verbs import EventVerbs
from duetime.store.web_session_table import WebSessionTable


class Transaction:
    """One transaction, and the tables as one can work with them inside it.

    Attributes:
        now: the database's time, the same throughout the transaction.
    """

    def __init__(self, connection: Connection, *, hot_path: HotPath, now: datetime) -> None:
        self.now = now
        self.audit = AuditTable(connection, now=now)
        self.events = EventTable(connection)
        self.event_types = EventTypeTable(connection, now=now)
        self.runs = RunTable(connection)
        self.run_counts = RunCountTable(connection, now=now)
        self.notes = NoteTable(connection, now=now)
        self.sessions = SessionTable(connection, now=now)
        self.live_counts = LiveCounts(connection, now=now)
        self.resources = ResourceTable(connection, now=now)
        self.harvests = HarvestTable(connection, now=now)
        self.groups = ResourceGroupTable(connection, now=now)
        self.accounts = AccountTable(connection, now=now)
        self.bots = BotTable(connection, now=now)
        self.bot_events = BotEventTable(connection)
        self.users = UserTable(connection, now=now)
        self.logins = LoginTable(connection, now=now)
        self.access_groups = AccessGroupTable(connection, now=now)
        self.web_sessions = WebSessionTable(connection, now=now)
        self.api_keys = ApiKeyTable(connection, now=now)
        self.idempotent_answers = IdempotentAnswerTable(connection, now=now)
        self.login_attempts = LoginAttemptTable(connection, now=now)
        self.budgets = BudgetTable(connection, now=now)
        self.plugins = PluginTable(connection, now=now)
        self.operations = OperationWriter(connection, hot_path=hot_path, now=now)
        self.claims = ClaimTable(connection, hot_path=hot_path, operations=self.operations)
        self.verbs = EventVerbs(connection, events=self.events, runs=self.runs, audit=self.audit, now=now)


class Store:
    """A database of duetime, SQLite or PostgreSQL.

    Every method of a transaction raises `DatabaseUnavailable` when the database does not answer; the transaction has
    then changed nothing, unless the connection broke while it was being committed.
    """

    def __init__(
        self, url: str, *, clock: Clock | None = None, durable: bool = True, busy_seconds: float = BUSY_SECONDS
    ) -> None:
        """Connect to nothing yet.

        Args:
            url: where the database is.
            clock: the source of time, on PostgreSQL until `measure_clock` is called; None = the system's on SQLite, the
                database's own on PostgreSQL.
            durable: whether a commit on SQLite waits for the disk; False only for databases that are thrown away.
            busy_seconds: how long to wait for a lock that somebody else has, and for a free connection.

        Raises:
            InvalidSetting: the URL cannot be read, or names a database that duetime does not speak to.
        """
        self.url = parse_url(url)
        self.clock = clock or SystemClock()
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = create_engine(self.url, clock=self.clock, durable=durable, busy_seconds=busy_seconds)
        self._hot_path: HotPath = SqliteHotPath() if self.is_sqlite else PostgresqlHotPath()
        self._busy_seconds = busy_seconds
        self._writer = threading.Lock()
        self._offset = timedelta(0)
        self._measured: tuple[datetime, float] | None = None
        self._measures_by_itself = not self.is_sqlite and clock is None

    @property
    def location(self) -> str:
        """Where the database is, without its password."""
        return location_of(self.url)

    @contextmanager
    def write(self) -> Iterator[Transaction]:
        """Open a transaction that may write; it commits when the block ends well and changes nothing when it raises."""
        with self._turn(), translated_errors(), self.engine.connect() as opened:
            connection = opened.execution_options(duetime_writes=True)
            with connection.begin():
                self._measure_once(connection)
                transaction = Transaction(connection, hot_path=self._hot_path, now=self.now())
                yield transaction
                transaction.audit.flush()

    @contextmanager
    def read(self) -> Iterator[Transaction]:
        """Open a transaction that only reads."""
        with translated_errors(), self.engine.connect() as connection, connection.begin():
            self._measure_once(connection)
            yield Transaction(connection, hot_path=self._hot_path, now=self.now())

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Wait for the other writers of this process: SQLite has one at a time, and its own way to wait is to poll."""
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=self._busy_seconds):
            raise DatabaseUnavailable(
                "another thread of this process has kept it locked", remedy="It is tried again by itself."
            )
        try:
            yield
        finally:
            self._writer.release()

    def now(self) -> datetime:
        """Return the database's time: what it last said, and what has passed since on a clock that nobody puts.

        A store on PostgreSQL asks the database when it is first asked itself, unless it was given a clock.

        Raises:
            DatabaseUnavailable: the database has never said its time, and does not now.
        """
        if self._measured is None and self._measures_by_itself:
            self.measure_clock()
        if self._measured is None:
            return self.clock.now()
        there, at = self._measured
        return there + timedelta(seconds=self.clock.monotonic() - at)

    @property
    def clock_offset(self) -> timedelta:
        """How far the database's clock was ahead of this process's when last measured; zero on SQLite."""
        return self._offset

    def measure_clock(self) -> timedelta:
        """Ask the database for its time and remember the difference."""
        if self.is_sqlite:
            return self._offset
        with translated_errors(), self.engine.connect() as connection:
            return self._measure(connection)

    def _measure_once(self, connection: Connection) -> None:
        """Measure on a connection that is open anyway: a second one might never become free."""
        if self._measured is None and self._measures_by_itself:
            self._measure(connection)

    def _measure(self, connection: Connection) -> timedelta:
        connection.execute(text("SELECT 1"))  # so that connecting is not measured
        before = self.clock.monotonic()
        there: datetime = connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        now, after = self.clock.now(), self.clock.monotonic()
        self._measured = there.astimezone(UTC), (before + after) / 2
        self._offset = self.now() - now
        return self._offset

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
