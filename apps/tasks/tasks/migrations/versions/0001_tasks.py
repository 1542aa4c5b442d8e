"""Tasks, the outbox and the sequence of each user."""

from typing import Final

from alembic import op

revision: Final = "0001"
down_revision: Final = None


def upgrade() -> None:
    """Create the tables."""
    op.execute("""
        CREATE TABLE tasks (
            id uuid PRIMARY KEY,
            user_id text NOT NULL,
            title text NOT NULL,
            description text,
            status text NOT NULL,
            due_date timestamptz,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            completed_at timestamptz,
            deleted_at timestamptz,
            version integer NOT NULL,
            request_digest bytea NOT NULL
        )
    """)
    op.execute("""
        CREATE INDEX tasks_of_user ON tasks (user_id, created_at DESC, id DESC)
        WHERE deleted_at IS NULL
    """)
    op.execute("""
        CREATE TABLE user_seq (user_id text PRIMARY KEY, seq bigint NOT NULL)
        WITH (fillfactor = 70)
    """)
    op.execute("""
        CREATE TABLE outbox (
            id bigserial PRIMARY KEY,
            shard smallint NOT NULL,
            event_id uuid NOT NULL,
            topic text NOT NULL,
            key text NOT NULL,
            seq bigint NOT NULL,
            time timestamptz NOT NULL,
            traceparent text NOT NULL,
            correlation_id text NOT NULL,
            data bytea NOT NULL,
            created_at timestamptz NOT NULL DEFAULT clock_timestamp()
        ) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000)
    """)
    op.execute("CREATE INDEX outbox_by_shard ON outbox (shard, id)")


def downgrade() -> None:
    """Drop the tables with everything in them."""
    for table in ("outbox", "user_seq", "tasks"):
        op.execute(f"DROP TABLE {table}")
