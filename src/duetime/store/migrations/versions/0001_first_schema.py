"""The first schema."""

import sqlalchemy as sa
from alembic import op

from duetime.store.types import Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create every table."""
    key = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.create_table(
        "accounts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("regions", sa.Text(), server_default="[]", nullable=False),
        sa.Column("settings", sa.Text(), server_default="{}", nullable=False),
        sa.Column("harvested_at", Instant(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("last_error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "audit_entries",
        sa.Column("audit_id", key, sa.Identity(always=False), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("audit_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "bots",
        sa.Column("bot_id", key, sa.Identity(always=False), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="RUNNING", nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("status IN ('RUNNING', 'PAUSED', 'ARCHIVED')", name="bots_status_known"),
        sa.PrimaryKeyConstraint("bot_id"),
        sa.UniqueConstraint("name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "event_types",
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("destructive", sa.Boolean(), nullable=False),
        sa.Column("on_lost", sa.Text(), nullable=False),
        sa.Column("retry", sa.Text(), nullable=False),
        sa.Column("timeout_ms", sa.BigInteger(), nullable=True),
        sa.Column("max_group", sa.SmallInteger(), nullable=False),
        sa.Column("inverse", sa.Text(), nullable=True),
        sa.Column("catch_up", sa.Text(), nullable=False),
        sa.Column("expires_after_ms", sa.BigInteger(), nullable=True),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("event_type"),
    )
    op.create_table(
        "events",
        sa.Column("event_id", key, sa.Identity(always=False), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="scheduled", nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("bot_id", sa.BigInteger(), nullable=True),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("ready_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("claim_token", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("group_key", sa.BigInteger(), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("attempt", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("failed_in_a_row", sa.Integer(), server_default="0", nullable=False),
        sa.Column("recheck", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("dedupe_key", sa.LargeBinary(), nullable=True),
        sa.Column("on_lost", sa.Text(), nullable=False),
        sa.Column("catch_up", sa.Text(), nullable=True),
        sa.Column("wish", sa.Text(), nullable=True),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("args", sa.Text(), server_default="{}", nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("status_reason", sa.Text(), server_default="", nullable=False),
        sa.Column("user_resource_id", sa.Text(), nullable=True),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.CheckConstraint("(status = 'running') = (session_id IS NOT NULL)", name="events_running_is_claimed"),
        sa.CheckConstraint(
            "(status IN ('cancelled', 'expired', 'failed', 'skipped', 'succeeded')) = (finished_at IS NOT NULL)",
            name="events_final_is_finished",
        ),
        sa.CheckConstraint("on_lost IN ('retry', 'fail', 'hold')", name="events_on_lost_known"),
        sa.CheckConstraint(
            "status IN ('scheduled', 'running', 'paused', 'held', 'succeeded', 'failed', 'cancelled', 'expired', "
            "'skipped')",
            name="events_status_known",
        ),
        sa.CheckConstraint("wish IS NULL OR status = 'running'", name="events_wish_while_running"),
        sa.CheckConstraint("wish IS NULL OR wish IN ('pause', 'cancel', 'detach')", name="events_wish_known"),
        sa.CheckConstraint("dedupe_key IS NULL OR finished_at IS NULL", name="events_key_while_live"),
        sa.PrimaryKeyConstraint("event_id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "events_claim",
        "events",
        ["event_type", "ready_at", "event_id"],
        unique=False,
        postgresql_where=sa.text("status = 'scheduled'"),
        sqlite_where=sa.text("status = 'scheduled'"),
    )
    op.create_index(
        "events_dedupe",
        "events",
        ["dedupe_key"],
        unique=True,
        postgresql_where=sa.text("dedupe_key IS NOT NULL"),
        sqlite_where=sa.text("dedupe_key IS NOT NULL"),
    )
    op.create_index(
        "events_group",
        "events",
        ["event_type", "group_key", "ready_at"],
        unique=False,
        postgresql_where=sa.text("status = 'scheduled' AND group_key IS NOT NULL"),
        sqlite_where=sa.text("status = 'scheduled' AND group_key IS NOT NULL"),
    )
    op.create_index(
        "events_resource",
        "events",
        ["resource_id"],
        unique=False,
        postgresql_where=sa.text("resource_id IS NOT NULL AND finished_at IS NULL"),
        sqlite_where=sa.text("resource_id IS NOT NULL AND finished_at IS NULL"),
    )
    op.create_index(
        "events_session",
        "events",
        ["session_id"],
        unique=False,
        postgresql_where=sa.text("status = 'running'"),
        sqlite_where=sa.text("status = 'running'"),
    )
    op.create_table(
        "plugin_states",
        sa.Column("session_id", sa.BigInteger(), nullable=False),
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("details", sa.Text(), server_default="{}", nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("state IN ('loaded', 'unloaded', 'failed')", name="plugin_states_known"),
        sa.PrimaryKeyConstraint("session_id", "plugin", name="plugin_states_pkey"),
    )
    op.create_table(
        "plugins",
        sa.Column("plugin", sa.Text(), nullable=False),
        sa.Column("wish", sa.Text(), server_default="loaded", nullable=False),
        sa.Column("generation", sa.Integer(), server_default="1", nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("wish IN ('loaded', 'unloaded')", name="plugins_wish_known"),
        sa.PrimaryKeyConstraint("plugin"),
    )
    op.create_table(
        "resources",
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("provider_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("state", sa.Text(), server_default="", nullable=False),
        sa.Column("tags", sa.Text(), server_default="{}", nullable=False),
        sa.Column("data", sa.Text(), server_default="{}", nullable=False),
        sa.Column("harvested_at", Instant(), nullable=False),
        sa.Column("gone_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("resource_id"),
    )
    op.create_index("resources_place", "resources", ["account", "region", "resource_type"], unique=False)
    op.create_table(
        "runs",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("bot_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("final", sa.Boolean(), nullable=False),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=False),
        sa.Column("session_id", sa.BigInteger(), nullable=True),
        sa.Column("covers_until", Instant(), nullable=True),
        sa.Column("covers_count", sa.Integer(), server_default="1", nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.Column("result", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "status IN ('succeeded', 'failed', 'timed_out', 'lost', 'snoozed', 'skipped', 'expired', 'cancelled')",
            name="runs_status_known",
        ),
        sa.CheckConstraint("covers_count >= 1", name="runs_cover_something"),
        sa.PrimaryKeyConstraint("event_id", "due_at", "attempt", name="runs_pkey"),
        postgresql_partition_by="RANGE (due_at)",
    )
    op.create_index("runs_finished", "runs", ["finished_at"], unique=False)
    op.create_table(
        "sessions",
        sa.Column("session_id", key, sa.Identity(always=False), nullable=False),
        sa.Column("worker", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), server_default="alive", nullable=False),
        sa.Column("beat", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("lease_seconds", sa.Integer(), nullable=False),
        sa.Column("slots", sa.Integer(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("beat_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("clock_offset_ms", sa.Integer(), server_default="0", nullable=False),
        sa.Column("event_types", sa.Text(), server_default="[]", nullable=False),
        sa.CheckConstraint("(status = 'alive') = (ended_at IS NULL)", name="sessions_ended"),
        sa.CheckConstraint("status IN ('alive', 'stopped', 'lost')", name="sessions_status_known"),
        sa.PrimaryKeyConstraint("session_id"),
        sqlite_autoincrement=True,
    )
    if op.get_bind().dialect.name == "postgresql":
        # The event id must be part of the unique key, and the partition column with it; months are split off later
        # without touching the rows that are there.
        op.execute("CREATE TABLE runs_default PARTITION OF runs DEFAULT")
        # Every event is updated at least twice; vacuum must come long before a fifth of a large table has changed.
        op.execute(
            "ALTER TABLE events SET (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05)"
        )
