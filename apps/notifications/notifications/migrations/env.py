"""Alembic runs the steps on the connection that todo_shared.migrations hands in."""

from notifications.models.tables import METADATA
from todo_shared.migrations import run_steps

run_steps(METADATA)
