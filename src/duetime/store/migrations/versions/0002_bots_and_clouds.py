"""Bots with versions, groups and badges; richer resources; notes of jobs; API budgets."""

import sqlalchemy as sa
from alembic import op

from duetime.store.types import Instant

revision = "0002"
down_revision = "0001"

_RUN_STATUSES = (
    "status IN ('succeeded', 'failed', 'timed_out', 'lost', 'snoozed', 'skipped', 'expired', 'cancelled', 'denied')"
)


def upgrade() -> None:
    """Add what bots, harvests and clouds need."""
    _change_tables()
    _create_tables()
    op.execute(
        "INSERT INTO bot_versions (bot_id, version, definition, created_at) "
        "SELECT bot_id, version, definition, changed_at FROM bots"
    )


def _change_tables() -> None:
    op.add_column(
        "events", sa.Column("cancel_when_compliant", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column("event_types", sa.Column("description", sa.Text(), server_default="", nullable=False))
    op.create_index(
        "events_bot",
        "events",
        ["bot_id"],
        unique=False,
        postgresql_where=sa.text("bot_id IS NOT NULL AND finished_at IS NULL"),
        sqlite_where=sa.text("bot_id IS NOT NULL AND finished_at IS NULL"),
    )
    with op.batch_alter_table("runs") as runs:
        runs.drop_constraint("runs_status_known", type_="check")
        runs.create_check_constraint("runs_status_known", _RUN_STATUSES)
    with op.batch_alter_table("accounts") as accounts:
        accounts.add_column(sa.Column("badges", sa.Text(), server_default="{}", nullable=False))
        accounts.add_column(sa.Column("status", sa.Text(), server_default="valid", nullable=False))
        accounts.add_column(sa.Column("refusals", sa.Integer(), server_default="0", nullable=False))
        accounts.create_check_constraint("accounts_status_known", "status IN ('valid', 'invalid')")
    for column in (
        sa.Column("created_at", Instant(), nullable=True),
        sa.Column("last_used_at", Instant(), nullable=True),
        sa.Column("size", sa.Text(), server_default="", nullable=False),
        sa.Column("attached", sa.Boolean(), nullable=True),
        sa.Column("public", sa.Boolean(), nullable=True),
        sa.Column("protected", sa.Boolean(), nullable=True),
    ):
        op.add_column("resources", column)


def _create_tables() -> None:
    op.create_table(
        "harvest_parts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("resource_type", sa.Text(), nullable=False),
        sa.Column("begun_at", Instant(), nullable=True),
        sa.Column("completed_at", Instant(), nullable=True),
        sa.Column("seen", sa.Integer(), server_default="0", nullable=False),
        sa.Column("error", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "resource_type", name="harvest_parts_pkey"),
    )
    op.create_table(
        "resource_groups",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), server_default="", nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "resource_group_members",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", "resource_id", name="resource_group_members_pkey"),
    )
    op.create_index("resource_group_members_resource", "resource_group_members", ["resource_id"], unique=False)
    op.create_table(
        "bot_versions",
        sa.Column("bot_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("definition", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("bot_id", "version", name="bot_versions_pkey"),
    )
    op.create_table(
        "users",
        sa.Column("user_resource_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), server_default="", nullable=False),
        sa.Column("status", sa.Text(), server_default="active", nullable=False),
        sa.Column("event_types", sa.Text(), server_default='["*"]', nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.CheckConstraint("status IN ('active', 'disabled')", name="users_status_known"),
        sa.PrimaryKeyConstraint("user_resource_id"),
    )
    op.create_table(
        "notes",
        sa.Column("event_id", sa.BigInteger(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.Column("resource_id", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("written_at", Instant(), nullable=False),
        sa.Column("undone_by", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("event_id", "due_at", name="notes_pkey"),
    )
    op.create_index("notes_written", "notes", ["written_at"], unique=False)
    op.create_index("notes_resource", "notes", ["resource_id", "written_at"], unique=False)
    op.create_index(
        "notes_undone",
        "notes",
        ["undone_by"],
        unique=False,
        postgresql_where=sa.text("undone_by IS NOT NULL"),
        sqlite_where=sa.text("undone_by IS NOT NULL"),
    )
    op.create_table(
        "api_budgets",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("region", sa.Text(), nullable=False),
        sa.Column("family", sa.Text(), nullable=False),
        sa.Column("rate", sa.Float(), nullable=False),
        sa.Column("burst", sa.Float(), nullable=False),
        sa.Column("tokens", sa.Float(), nullable=False),
        sa.Column("refilled_at", Instant(), nullable=False),
        sa.Column("blocked_until", Instant(), nullable=True),
        sa.Column("throttles", sa.BigInteger(), server_default="0", nullable=False),
        sa.PrimaryKeyConstraint("account", "region", "family", name="api_budgets_pkey"),
    )
