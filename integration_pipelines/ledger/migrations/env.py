"""Alembic's entry point; the connection is handed over by `Ledger.migrate`."""

from alembic import context

from integration_pipelines.ledger.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
