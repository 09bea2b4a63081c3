"""Logins, access groups, web sessions and API keys; counted history; a chained audit trail; traces."""

import sqlalchemy as sa
from alembic import op

from duetime.store.types import Instant

revision = "0003"
down_revision = "0002"

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OF_RESOURCE = sa.text("resource_id IS NOT NULL")


def upgrade() -> None:
    """Add what the web needs."""
    op.add_column("events", sa.Column("trace_parent", sa.Text(), nullable=True))
    op.drop_index("events_resource", table_name="events")
    op.create_index(
        "events_resource",
        "events",
        ["resource_id"],
        unique=False,
        postgresql_where=_OF_RESOURCE,
        sqlite_where=_OF_RESOURCE,
    )
    op.add_column("audit_entries", sa.Column("entry_hash", sa.LargeBinary(), nullable=True))
    op.create_index("audit_entries_subject", "audit_entries", ["subject", "audit_id"], unique=False)
    _create_access_tables()
    _create_counts()


def _create_access_tables() -> None:
    op.create_table(
        "logins",
        sa.Column("login_id", _KEY, sa.Identity(), nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("user_resource_id", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("must_change", sa.Boolean(), nullable=False),
        sa.Column("oidc_issuer", sa.Text(), nullable=True),
        sa.Column("oidc_subject", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=True),
        sa.CheckConstraint("status IN ('active', 'disabled')", name="logins_status_known"),
        sa.PrimaryKeyConstraint("login_id"),
        sa.UniqueConstraint("login"),
        sqlite_autoincrement=True,
    )
    op.create_index("logins_oidc", "logins", ["oidc_issuer", "oidc_subject"], unique=True)
    op.create_table(
        "access_groups",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "access_group_members",
        sa.Column("login_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("login_id", "name", name="access_group_members_pkey"),
    )
    op.create_table(
        "web_sessions",
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("login_id", sa.BigInteger(), nullable=False),
        sa.Column("csrf_token", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("seen_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("address", sa.Text(), server_default="", nullable=False),
        sa.Column("agent", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("web_sessions_login", "web_sessions", ["login_id"], unique=False)
    op.create_table(
        "api_keys",
        sa.Column("key_id", _KEY, sa.Identity(), nullable=False),
        sa.Column("login_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("prefix", sa.Text(), nullable=False),
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("key_id"),
        sa.UniqueConstraint("key_hash"),
        sqlite_autoincrement=True,
    )
    op.create_index("api_keys_login", "api_keys", ["login_id"], unique=False)
    op.create_table(
        "login_attempts",
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failed_at", Instant(), nullable=False),
        sa.Column("blocked_until", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("who"),
    )
    op.create_table(
        "idempotent_answers",
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("who", "idempotency_key", name="idempotent_answers_pkey"),
    )
    op.create_index("idempotent_answers_answered", "idempotent_answers", ["answered_at"], unique=False)


def _create_counts() -> None:
    op.create_table(
        "run_counts",
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("event_type", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("runs", sa.BigInteger(), nullable=False),
        sa.Column("started", sa.BigInteger(), nullable=False),
        sa.Column("delay_ms", sa.BigInteger(), nullable=False),
        sa.Column("took_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", "event_type", "status", "account", "bot_id", name="run_counts_pkey"),
    )
    op.create_table(
        "counted_until",
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("hour", Instant(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.PrimaryKeyConstraint("what"),
    )
