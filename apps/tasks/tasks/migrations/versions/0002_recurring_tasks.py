"""Recurring tasks, and what makes a task an instance of one."""

from typing import Final

from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"


def upgrade() -> None:
    """Create the table, and add columns that a service of the version before may leave empty."""
    op.execute("""
        CREATE TABLE recurring_tasks (
            id uuid PRIMARY KEY,
            user_id text NOT NULL,
            title text NOT NULL,
            description text,
            recurrence_rule text NOT NULL,
            rule_kind text NOT NULL,
            time_zone text NOT NULL,
            starts_at timestamp NOT NULL,
            gap_policy text,
            overlap_policy text,
            short_month_policy text NOT NULL,
            catch_up_policy text NOT NULL,
            lead_minutes integer NOT NULL,
            schedule text NOT NULL,
            next_generation_time timestamptz,
            active boolean NOT NULL,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            deleted_at timestamptz,
            version integer NOT NULL,
            request_digest bytea NOT NULL
        )
    """)
    op.execute("""
        CREATE INDEX recurring_tasks_of_user ON recurring_tasks (user_id, created_at DESC, id DESC)
        WHERE deleted_at IS NULL
    """)
    op.execute("""
        ALTER TABLE tasks
            ADD COLUMN recurring_task_id uuid,
            ADD COLUMN instance_date date,
            ADD COLUMN occurrence_key text
    """)
    op.execute("""
        CREATE UNIQUE INDEX tasks_of_occurrence ON tasks (recurring_task_id, occurrence_key)
        WHERE recurring_task_id IS NOT NULL
    """)


def downgrade() -> None:
    """Drop the recurring tasks; their instances stay, as tasks like any other."""
    op.execute("DROP INDEX tasks_of_occurrence")
    op.execute("""
        ALTER TABLE tasks
            DROP COLUMN recurring_task_id, DROP COLUMN instance_date, DROP COLUMN occurrence_key
    """)
    op.execute("DROP TABLE recurring_tasks")
