"""The tables of accounts and of what is in them."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Table,
    Text,
)

from duetime.store.metadata import metadata
from duetime.store.types import Instant, JsonText

accounts = Table(
    "accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("provider", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("regions", JsonText, nullable=False, server_default="[]"),
    Column("settings", JsonText, nullable=False, server_default="{}"),
    Column("harvested_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("last_error", Text, nullable=False, server_default=""),
    Column("badges", JsonText, nullable=False, server_default="{}"),
    Column("status", Text, nullable=False, server_default="valid"),
    Column("refusals", Integer, nullable=False, server_default="0"),
    CheckConstraint("status IN ('valid', 'invalid')", name="accounts_status_known"),
)

harvest_parts = Table(
    "harvest_parts",
    metadata,
    Column("account", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("resource_type", Text, nullable=False),
    Column("begun_at", Instant),
    Column("completed_at", Instant),
    Column("seen", Integer, nullable=False, server_default="0"),
    Column("error", Text, nullable=False, server_default=""),
    PrimaryKeyConstraint("account", "region", "resource_type", name="harvest_parts_pkey"),
)

resources = Table(
    "resources",
    metadata,
    Column("resource_id", Text, primary_key=True),
    Column("resource_type", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("provider_id", Text, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("state", Text, nullable=False, server_default=""),
    Column("tags", JsonText, nullable=False, server_default="{}"),
    Column("data", JsonText, nullable=False, server_default="{}"),
    Column("harvested_at", Instant, nullable=False),
    Column("gone_at", Instant),
    Column("created_at", Instant),
    Column("last_used_at", Instant),
    Column("size", Text, nullable=False, server_default=""),
    Column("attached", Boolean),
    Column("public", Boolean),
    Column("protected", Boolean),
    Index("resources_place", "account", "region", "resource_type"),
)

resource_groups = Table(
    "resource_groups",
    metadata,
    Column("name", Text, primary_key=True),
    Column("description", Text, nullable=False, server_default=""),
    Column("changed_at", Instant, nullable=False),
)

resource_group_members = Table(
    "resource_group_members",
    metadata,
    Column("name", Text, nullable=False),
    Column("resource_id", Text, nullable=False),
    PrimaryKeyConstraint("name", "resource_id", name="resource_group_members_pkey"),
    Index("resource_group_members_resource", "resource_id"),
)

api_budgets = Table(
    "api_budgets",
    metadata,
    Column("account", Text, nullable=False),
    Column("region", Text, nullable=False),
    Column("family", Text, nullable=False),
    Column("rate", Float, nullable=False),
    Column("burst", Float, nullable=False),
    Column("tokens", Float, nullable=False),
    Column("refilled_at", Instant, nullable=False),
    Column("blocked_until", Instant),
    Column("throttles", BigInteger, nullable=False, server_default="0"),
    Column("calls", BigInteger, nullable=False, server_default="0"),
    PrimaryKeyConstraint("account", "region", "family", name="api_budgets_pkey"),
)
