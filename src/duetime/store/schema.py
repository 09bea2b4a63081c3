"""Bringing a database to the present schema, and asking whether it is there."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from duetime.core.errors import DatabaseMissing
from duetime.store.engine import create_sqlite_file, location_of, translated_errors

_MIGRATIONS = Path(__file__).parent / "migrations"
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(7311050184017310820)")
"""Two processes that upgrade at once would both create the tables; SQLite's BEGIN IMMEDIATE sees to that by itself."""


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    return config


def upgrade(engine: Engine, *, revision: str = "head") -> str:
    """Create the database file if need be and bring the schema to `revision`; return the revision reached.

    Raises:
        DatabaseUnavailable: the database does not answer, or its folder cannot be written.
    """
    create_sqlite_file(engine.url)
    config = _config()
    with translated_errors(), engine.connect() as opened:
        connection = opened.execution_options(duetime_writes=True)
        with connection.begin():
            if engine.dialect.name == "postgresql":
                connection.execute(_ONE_AT_A_TIME)
            config.attributes["connection"] = connection
            command.upgrade(config, revision)
    return current(engine) or ""


def current(engine: Engine) -> str | None:
    """Return the revision of the database, or None when it has no schema."""
    with translated_errors(), engine.connect() as connection, connection.begin():
        return MigrationContext.configure(connection).get_current_revision()


def newest() -> str:
    """Return the newest revision that this version of duetime knows."""
    return ScriptDirectory.from_config(_config()).get_current_head() or ""


def require_current(engine: Engine) -> None:
    """Refuse a database whose schema is not the present one.

    Raises:
        DatabaseMissing: it has none, an older one, or one that this version does not know.
    """
    found = current(engine)
    if found != newest():
        problem = "it has no duetime schema" if found is None else f"its schema is {found}, and {newest()} is needed"
        raise DatabaseMissing(location_of(engine.url), problem)
