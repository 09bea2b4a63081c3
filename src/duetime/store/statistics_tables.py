"""The tables of counted history: what charts are drawn from, so that nobody counts a million runs for a page."""

from sqlalchemy import BigInteger, Column, Integer, PrimaryKeyConstraint, Table, Text

from duetime.store.metadata import metadata
from duetime.store.types import Instant

run_counts = Table(
    "run_counts",
    metadata,
    Column("hour", Instant, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("bot_id", BigInteger, nullable=False),
    Column("runs", BigInteger, nullable=False),
    Column("started", BigInteger, nullable=False),
    Column("first_starts", BigInteger, nullable=False),
    Column("delay_ms", BigInteger, nullable=False),
    Column("took_ms", BigInteger, nullable=False),
    PrimaryKeyConstraint("hour", "event_type", "status", "account", "bot_id", name="run_counts_pkey"),
)

counted_until = Table(
    "counted_until",
    metadata,
    Column("what", Text, primary_key=True),
    Column("hour", Instant, nullable=False),
    Column("version", Integer, nullable=False, server_default="1"),
)
