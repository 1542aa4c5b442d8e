"""Tasks in the order in which they are due: those of one user, and all that are pending."""

from typing import Final

from alembic import op

revision: Final = "0004"
down_revision: Final = "0003"


def upgrade() -> None:
    """Create the indexes."""
    op.execute("""
        CREATE INDEX tasks_of_user_by_due ON tasks (user_id, due_date, id)
        WHERE deleted_at IS NULL
    """)
    op.execute("""
        CREATE INDEX tasks_due ON tasks (due_date, id)
        WHERE deleted_at IS NULL AND status = 'pending'
    """)


def downgrade() -> None:
    """Drop the indexes."""
    for index in ("tasks_due", "tasks_of_user_by_due"):
        op.execute(f"DROP INDEX {index}")
