"""Deliveries and the inbox."""

from typing import Final

from alembic import op

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Create the tables."""
    op.execute("""
        CREATE TABLE deliveries (
            id bigserial PRIMARY KEY,
            event_id uuid NOT NULL,
            task_id text NOT NULL,
            user_id text NOT NULL,
            channel text NOT NULL,
            subject text NOT NULL,
            body text NOT NULL,
            status text NOT NULL,
            seq bigint NOT NULL,
            trace_id text NOT NULL,
            event_time timestamptz NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            sent_at timestamptz
        )
    """)
    op.execute("CREATE INDEX deliveries_of_user ON deliveries (user_id, id)")
    op.execute("CREATE INDEX deliveries_of_task ON deliveries (task_id, id)")
    op.execute("""
        CREATE TABLE event_inbox (
            consumer text NOT NULL,
            event_id uuid NOT NULL,
            topic text NOT NULL,
            status text NOT NULL,
            payload bytea NOT NULL,
            received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            completed_at timestamptz,
            PRIMARY KEY (consumer, event_id)
        )
    """)
    op.execute("CREATE INDEX event_inbox_by_age ON event_inbox (received_at)")


def downgrade() -> None:
    """Drop the tables with everything in them."""
    for table in ("event_inbox", "deliveries"):
        op.execute(f"DROP TABLE {table}")
