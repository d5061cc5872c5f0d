"""Alembic's environment: run migrations on the connection, and in the transaction, of the caller."""

from alembic import context

from shipmark.infrastructure.database import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    transaction_per_migration=False,
)
context.run_migrations()
