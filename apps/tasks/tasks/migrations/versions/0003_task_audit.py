"""The history of each task."""

from typing import Final

from alembic import op

revision: Final = "0003"
down_revision: Final = "0002"


def upgrade() -> None:
    """Create the table; changes made before have no history."""
    op.execute("""
        CREATE TABLE task_audit (
            task_id uuid NOT NULL,
            version integer NOT NULL,
            user_id text NOT NULL,
            actor text NOT NULL,
            action text NOT NULL,
            changes jsonb NOT NULL,
            at timestamptz NOT NULL,
            trace_id text NOT NULL,
            PRIMARY KEY (task_id, version)
        )
    """)


def downgrade() -> None:
    """Drop the history."""
    op.execute("DROP TABLE task_audit")
