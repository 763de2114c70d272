"""Alembic runs this file; the connection, inside a transaction, is given by `store.schema.upgrade`."""

from alembic import context

from store.metadata import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite alters a table by building it anew
)
context.run_migrations()
