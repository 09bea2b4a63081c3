"""Alembic runs this; the connection and the transaction come from `duetime.store.schema`."""

from alembic import context

from duetime.store.metadata import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
