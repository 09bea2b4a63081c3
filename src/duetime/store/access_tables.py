"""The tables of logins, what they may do, and how they came in."""

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
    Table,
    Text,
)

from duetime.store.metadata import metadata
from duetime.store.types import Instant, JsonText

_Key = BigInteger().with_variant(Integer(), "sqlite")

logins = Table(
    "logins",
    metadata,
    Column("login_id", _Key, Identity(), primary_key=True),
    Column("login", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False, server_default=""),
    Column("user_resource_id", Text),
    Column("status", Text, nullable=False, server_default="active"),
    Column("password_hash", Text),
    Column("must_change", Boolean, nullable=False),
    Column("oidc_issuer", Text),
    Column("oidc_subject", Text),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("seen_at", Instant),
    CheckConstraint("status IN ('active', 'disabled')", name="logins_status_known"),
    Index("logins_oidc", "oidc_issuer", "oidc_subject", unique=True),
    sqlite_autoincrement=True,
)

access_groups = Table(
    "access_groups",
    metadata,
    Column("name", Text, primary_key=True),
    Column("description", Text, nullable=False, server_default=""),
    Column("grants", JsonText, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

access_group_members = Table(
    "access_group_members",
    metadata,
    Column("login_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    PrimaryKeyConstraint("login_id", "name", name="access_group_members_pkey"),
)

web_sessions = Table(
    "web_sessions",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("login_id", BigInteger, nullable=False),
    Column("csrf_token", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("address", Text, nullable=False, server_default=""),
    Column("agent", Text, nullable=False, server_default=""),
    Index("web_sessions_login", "login_id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", _Key, Identity(), primary_key=True),
    Column("login_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False, server_default=""),
    Column("prefix", Text, nullable=False),
    Column("key_hash", LargeBinary, nullable=False, unique=True),
    Column("grants", JsonText, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
    Index("api_keys_login", "login_id"),
    sqlite_autoincrement=True,
)

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("who", Text, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("failed_at", Instant, nullable=False),
    Column("blocked_until", Instant),
)

idempotent_answers = Table(
    "idempotent_answers",
    metadata,
    Column("who", Text, nullable=False),
    Column("idempotency_key", Text, nullable=False),
    Column("request_hash", LargeBinary, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("http_status", Integer),
    Column("headers", JsonText),
    Column("body", Text),
    PrimaryKeyConstraint("who", "idempotency_key", name="idempotent_answers_pkey"),
    Index("idempotent_answers_claimed", "claimed_at"),
)
