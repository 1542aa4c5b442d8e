"""Alembic runs the steps on the connection that todo_shared.migrations hands in."""

from alembic import context

from notifications.models.tables import METADATA

context.configure(connection=context.config.attributes["connection"], target_metadata=METADATA)
context.run_migrations()
