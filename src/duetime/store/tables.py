"""The tables of events, history, workers, bots and people, with their checks and indexes.

An index on `events` or `runs` is paid for at every event; each names the query that needs it. The figures are in the
benchmark page of the documentation.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    SmallInteger,
    Table,
    Text,
    text,
)

from duetime.core.statuses import FINAL, EventStatus, OnLost, RunStatus, Wish
from duetime.store.append_only import keep_append_only
from duetime.store.metadata import metadata
from duetime.store.types import Instant, JsonText

# SQLite counts rows by itself only for INTEGER keys; AUTOINCREMENT keeps it from giving the id of a deleted row again.
_Key = BigInteger().with_variant(Integer(), "sqlite")


def _one_of(column: str, values: type[EventStatus | RunStatus | OnLost | Wish]) -> str:
    return f"{column} IN ({', '.join(repr(str(value)) for value in values)})"


_final = ", ".join(repr(str(status)) for status in sorted(FINAL))

events = Table(
    "events",
    metadata,
    Column("event_id", _Key, Identity(), primary_key=True),
    Column("event_type", Text, nullable=False),
    Column("status", Text, nullable=False, server_default=EventStatus.SCHEDULED.value),
    Column("resource_id", Text),
    Column("bot_id", BigInteger),
    Column("due_at", Instant, nullable=False),
    Column("ready_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("created_at", Instant, nullable=False),
    Column("finished_at", Instant),
    Column("started_at", Instant),
    Column("session_id", BigInteger),
    Column("claim_token", BigInteger, nullable=False, server_default="0"),
    Column("group_key", BigInteger),
    Column("parent_id", BigInteger),
    Column("attempt", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("failed_in_a_row", Integer, nullable=False, server_default="0"),
    Column("recheck", Boolean, nullable=False, server_default=text("false")),
    Column("cancel_when_compliant", Boolean, nullable=False, server_default=text("false")),
    Column("dedupe_key", LargeBinary),
    Column("on_lost", Text, nullable=False),
    Column("catch_up", Text),
    Column("wish", Text),
    Column("schedule", JsonText, nullable=False),
    Column("args", JsonText, nullable=False, server_default="{}"),
    Column("description", Text, nullable=False, server_default=""),
    Column("status_reason", Text, nullable=False, server_default=""),
    Column("user_resource_id", Text),
    Column("created_by", Text, nullable=False, server_default=""),
    Column("trace_parent", Text),
    CheckConstraint(_one_of("status", EventStatus), name="events_status_known"),
    CheckConstraint(f"(status IN ({_final})) = (finished_at IS NOT NULL)", name="events_final_is_finished"),
    CheckConstraint("(status = 'running') = (session_id IS NOT NULL)", name="events_running_is_claimed"),
    CheckConstraint("wish IS NULL OR status = 'running'", name="events_wish_while_running"),
    CheckConstraint("dedupe_key IS NULL OR finished_at IS NULL", name="events_key_while_live"),
    CheckConstraint(_one_of("on_lost", OnLost), name="events_on_lost_known"),
    CheckConstraint(f"wish IS NULL OR {_one_of('wish', Wish)}", name="events_wish_known"),
    sqlite_autoincrement=True,
)

# Queries that need a partial index say its condition in these very words: planners cannot see it in a bound parameter.
IS_SCHEDULED = text("status = 'scheduled'")
IS_RUNNING = text("status = 'running'")
Index(  # the claim, and "oldest due event"
    "events_claim",
    events.c.event_type,
    events.c.ready_at,
    events.c.event_id,
    postgresql_where=IS_SCHEDULED,
    sqlite_where=IS_SCHEDULED,
)
_grouped = text("status = 'scheduled' AND group_key IS NOT NULL")
Index(  # filling a group
    "events_group",
    events.c.event_type,
    events.c.group_key,
    events.c.ready_at,
    postgresql_where=_grouped,
    sqlite_where=_grouped,
)
_keyed = text("dedupe_key IS NOT NULL")
Index(  # one live event per key
    "events_dedupe", events.c.dedupe_key, unique=True, postgresql_where=_keyed, sqlite_where=_keyed
)
Index(  # the reaper, and what a worker holds
    "events_session", events.c.session_id, postgresql_where=IS_RUNNING, sqlite_where=IS_RUNNING
)
_of_resource = text("resource_id IS NOT NULL")
Index(  # what is planned for a resource and all that happened to it; unscheduling
    "events_resource", events.c.resource_id, postgresql_where=_of_resource, sqlite_where=_of_resource
)

_of_bot = text("bot_id IS NOT NULL AND finished_at IS NULL")
Index(  # what a bot has planned: its plan, its archive, and what is cancelled once its resource complies
    "events_bot", events.c.bot_id, postgresql_where=_of_bot, sqlite_where=_of_bot
)

IS_STOPPED = text("status IN ('paused', 'held')")
Index(  # what waits for a person: counted at every scrape, and there are few of them
    "events_stopped", events.c.status, events.c.event_type, postgresql_where=IS_STOPPED, sqlite_where=IS_STOPPED
)

runs = Table(
    "runs",
    metadata,
    Column("event_id", BigInteger, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("event_type", Text, nullable=False),
    Column("resource_id", Text),
    Column("bot_id", BigInteger),
    Column("status", Text, nullable=False),
    Column("final", Boolean, nullable=False),
    Column("started_at", Instant),
    Column("finished_at", Instant, nullable=False),
    Column("session_id", BigInteger),
    Column("covers_until", Instant),
    Column("covers_count", Integer, nullable=False, server_default="1"),
    Column("reason", Text, nullable=False, server_default=""),
    Column("error", Text, nullable=False, server_default=""),
    Column("result", Text),
    PrimaryKeyConstraint("event_id", "due_at", "attempt", name="runs_pkey"),
    CheckConstraint(_one_of("status", RunStatus), name="runs_status_known"),
    CheckConstraint("covers_count >= 1", name="runs_cover_something"),
    postgresql_partition_by="RANGE (due_at)",
)
Index(  # history, newest first, and a place in it: a batch ends at one instant; it grows at one end, so it is cheap
    "runs_finished", runs.c.finished_at, runs.c.event_id
)

sessions = Table(
    "sessions",
    metadata,
    Column("session_id", _Key, Identity(), primary_key=True),
    Column("worker", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="alive"),
    Column("beat", BigInteger, nullable=False, server_default="0"),
    Column("lease_seconds", Integer, nullable=False),
    Column("slots", Integer, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("beat_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("clock_offset_ms", Integer, nullable=False, server_default="0"),
    Column("event_types", JsonText, nullable=False, server_default="[]"),
    Column("measures", JsonText, nullable=False, server_default="{}"),
    CheckConstraint("status IN ('alive', 'stopped', 'lost')", name="sessions_status_known"),
    CheckConstraint("(status = 'alive') = (ended_at IS NULL)", name="sessions_ended"),
    sqlite_autoincrement=True,
)

event_types = Table(
    "event_types",
    metadata,
    Column("event_type", Text, primary_key=True),
    Column("plugin", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("arguments", JsonText, nullable=False),
    Column("destructive", Boolean, nullable=False),
    Column("on_lost", Text, nullable=False),
    Column("retry", JsonText, nullable=False),
    Column("timeout_ms", BigInteger),
    Column("max_group", SmallInteger, nullable=False),
    Column("inverse", Text),
    Column("catch_up", Text, nullable=False),
    Column("expires_after_ms", BigInteger),
    Column("changes", JsonText, nullable=False),
    Column("published_at", Instant, nullable=False),
)

bots = Table(
    "bots",
    metadata,
    Column("bot_id", _Key, Identity(), primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("status", Text, nullable=False, server_default="RUNNING"),
    Column("version", Integer, nullable=False, server_default="1"),
    Column("definition", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("status IN ('RUNNING', 'PAUSED', 'ARCHIVED')", name="bots_status_known"),
    sqlite_autoincrement=True,
)

bot_versions = Table(
    "bot_versions",
    metadata,
    Column("bot_id", BigInteger, nullable=False),
    Column("version", Integer, nullable=False),
    Column("definition", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("bot_id", "version", name="bot_versions_pkey"),
)

users = Table(
    "users",
    metadata,
    Column("user_resource_id", Text, primary_key=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("status", Text, nullable=False, server_default="active"),
    Column("event_types", JsonText, nullable=False, server_default='["*"]'),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("status IN ('active', 'disabled')", name="users_status_known"),
)

notes = Table(
    "notes",
    metadata,
    Column("event_id", BigInteger, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("resource_id", Text),
    Column("note", JsonText, nullable=False),
    Column("written_at", Instant, nullable=False),
    Column("undone_by", BigInteger),
    PrimaryKeyConstraint("event_id", "due_at", name="notes_pkey"),
    Index("notes_written", "written_at"),  # pruning; it grows at one end
    Index("notes_resource", "resource_id", "written_at"),  # how a resource was before, the last time first
)
_undone = text("undone_by IS NOT NULL")
Index(  # what an event undoes
    "notes_undone", notes.c.undone_by, postgresql_where=_undone, sqlite_where=_undone
)

plugins = Table(
    "plugins",
    metadata,
    Column("plugin", Text, primary_key=True),
    Column("wish", Text, nullable=False, server_default="loaded"),
    Column("generation", Integer, nullable=False, server_default="1"),
    Column("changed_at", Instant, nullable=False),
    CheckConstraint("wish IN ('loaded', 'unloaded')", name="plugins_wish_known"),
)

plugin_states = Table(
    "plugin_states",
    metadata,
    Column("session_id", BigInteger, nullable=False),
    Column("plugin", Text, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("state", Text, nullable=False),
    Column("error", Text, nullable=False, server_default=""),
    Column("details", JsonText, nullable=False, server_default="{}"),
    Column("changed_at", Instant, nullable=False),
    PrimaryKeyConstraint("session_id", "plugin", name="plugin_states_pkey"),
    CheckConstraint("state IN ('loaded', 'unloaded', 'failed')", name="plugin_states_known"),
)

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("audit_id", _Key, Identity(), primary_key=True),
    Column("at", Instant, nullable=False),
    Column("actor", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False, server_default=""),
    Column("before", JsonText),
    Column("after", JsonText),
    Column("entry_hash", LargeBinary),
    Index("audit_entries_subject", "subject", "audit_id"),
    sqlite_autoincrement=True,
)
keep_append_only(audit_entries)
