"""Alembic's way in: the steps run in the transaction that `flows.ledger.database` has begun."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
