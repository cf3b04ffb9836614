"""Alembic's entry: runs on the connection that `store.database` hands over."""

from alembic import context

from digest.store.migrating import is_modelled
from digest.store.schema import metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    include_name=is_modelled,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
