"""Logins, access groups, web sessions and API keys; counted history; a chained audit trail; traces."""

import sqlalchemy as sa
from alembic import op

from duetime.store.audit_chain import NO_ENTRY, entry_hash
from duetime.store.types import Instant

revision = "0003"
down_revision = "0002"

_REFUSE = "BEGIN SELECT RAISE(ABORT, 'audit_entries is append-only'); END"
_IS_THERE = "EXISTS (SELECT 1 FROM audit_entries WHERE audit_id = NEW.audit_id)"
_RAISE = "RAISE EXCEPTION 'audit_entries is append-only' USING ERRCODE = 'restrict_violation'"
_ANY_CHANGE = "BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_entries FOR EACH STATEMENT"
_APPEND_ONLY = {
    "sqlite": (
        f"CREATE TRIGGER audit_entries_keep_update BEFORE UPDATE ON audit_entries {_REFUSE}",
        f"CREATE TRIGGER audit_entries_keep_delete BEFORE DELETE ON audit_entries {_REFUSE}",
        f"CREATE TRIGGER audit_entries_keep_replace BEFORE INSERT ON audit_entries WHEN {_IS_THERE} {_REFUSE}",
    ),
    "postgresql": (
        f"CREATE FUNCTION audit_entries_keep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {_RAISE}; END $$",
        f"CREATE TRIGGER audit_entries_keep {_ANY_CHANGE} EXECUTE FUNCTION audit_entries_keep()",
    ),
}

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_OF_RESOURCE = sa.text("resource_id IS NOT NULL")
_IS_STOPPED = sa.text("status IN ('paused', 'held')")


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
    op.create_index(
        "events_stopped",
        "events",
        ["status", "event_type"],
        unique=False,
        postgresql_where=_IS_STOPPED,
        sqlite_where=_IS_STOPPED,
    )
    op.add_column("sessions", sa.Column("measures", sa.Text(), server_default="{}", nullable=False))
    op.add_column("api_budgets", sa.Column("calls", sa.BigInteger(), server_default="0", nullable=False))
    op.drop_index("runs_finished", table_name="runs")
    op.create_index("runs_finished", "runs", ["finished_at", "event_id"], unique=False)
    op.add_column("audit_entries", sa.Column("entry_hash", sa.LargeBinary(), nullable=True))
    op.create_index("audit_entries_subject", "audit_entries", ["subject", "audit_id"], unique=False)
    _chain_audit_entries()
    _create_access_tables()
    _create_counts()


def _chain_audit_entries() -> None:
    """Give a hash to the entries that exist, then let nobody change any."""
    connection = op.get_bind()
    entries = sa.table(
        "audit_entries",
        sa.column("audit_id", sa.BigInteger()),
        sa.column("at", Instant()),
        *(sa.column(name, sa.Text()) for name in ("actor", "verb", "subject", "reason", "before", "after")),
        sa.column("entry_hash", sa.LargeBinary()),
    )
    hashed = sa.update(entries).where(entries.c.audit_id == sa.bindparam("of")).values(entry_hash=sa.bindparam("hash"))
    previous, last_id = NO_ENTRY, -1
    while True:
        following = sa.select(entries).where(entries.c.audit_id > last_id).order_by(entries.c.audit_id).limit(1000)
        rows = connection.execute(following).all()
        if not rows:
            break
        written = []
        for row in rows:
            previous = entry_hash(row, previous=previous)
            written.append({"of": row.audit_id, "hash": previous})
        connection.execute(hashed, written)
        last_id = rows[-1].audit_id
    for statement in _APPEND_ONLY[connection.dialect.name]:
        op.execute(statement)


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
        sa.Column("claimed_at", Instant(), nullable=False),
        sa.Column("http_status", sa.Integer(), nullable=True),
        sa.Column("headers", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("who", "idempotency_key", name="idempotent_answers_pkey"),
    )
    op.create_index("idempotent_answers_claimed", "idempotent_answers", ["claimed_at"], unique=False)


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
        sa.Column("first_starts", sa.BigInteger(), nullable=False),
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
