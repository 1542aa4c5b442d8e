"""Two schemas with the same tables, and which of them is read."""

from typing import Final

from alembic import op

revision: Final = "0001"
down_revision: Final = None

_SCHEMAS: Final = ("projection_a", "projection_b")
_TABLES: Final = (
    """
    CREATE TABLE {schema}.daily_counts (
        user_id text NOT NULL,
        day date NOT NULL,
        tasks_created bigint NOT NULL DEFAULT 0,
        tasks_completed bigint NOT NULL DEFAULT 0,
        tasks_deleted bigint NOT NULL DEFAULT 0,
        reminders_triggered bigint NOT NULL DEFAULT 0,
        reminders_canceled bigint NOT NULL DEFAULT 0,
        registrations bigint NOT NULL DEFAULT 0,
        logins bigint NOT NULL DEFAULT 0,
        PRIMARY KEY (user_id, day)
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX daily_counts_by_day ON {schema}.daily_counts (day)",
    """
    CREATE TABLE {schema}.tasks (
        task_id text PRIMARY KEY,
        user_id text NOT NULL,
        created_at timestamptz,
        completed_at timestamptz,
        completion_seq bigint NOT NULL,
        deleted_at timestamptz,
        completion_bucket smallint GENERATED ALWAYS AS (
            width_bucket(
                CAST(extract(epoch FROM completed_at - created_at) AS double precision),
                CAST('{{1,10,60,600,3600,21600,86400,604800,2592000}}' AS double precision[])
            )
        ) STORED
    ) WITH (fillfactor = 80)
    """,
    "CREATE INDEX tasks_of_user ON {schema}.tasks (user_id, completion_bucket)",
    """
    CREATE TABLE {schema}.series (
        series_id text PRIMARY KEY,
        user_id text NOT NULL,
        version bigint NOT NULL,
        active boolean NOT NULL
    )
    """,
    "CREATE INDEX series_active_of_user ON {schema}.series (user_id) WHERE active",
    """
    CREATE TABLE {schema}.event_inbox (
        consumer text NOT NULL,
        event_id uuid NOT NULL,
        topic text NOT NULL,
        status text NOT NULL,
        payload bytea NOT NULL,
        received_at timestamptz NOT NULL DEFAULT clock_timestamp(),
        completed_at timestamptz,
        PRIMARY KEY (consumer, event_id)
    )
    """,
    "CREATE INDEX event_inbox_by_age ON {schema}.event_inbox (received_at)",
    """
    CREATE TABLE {schema}.replay_positions (
        topic text NOT NULL,
        partition integer NOT NULL,
        next_offset bigint NOT NULL,
        PRIMARY KEY (topic, partition)
    )
    """,
)


def upgrade() -> None:
    """Create schemas and tables; the first schema is read."""
    for schema in _SCHEMAS:
        op.execute(f"CREATE SCHEMA {schema}")
        for table in _TABLES:
            op.execute(table.format(schema=schema))
    op.execute("""
        CREATE TABLE projection_state (
            single boolean PRIMARY KEY DEFAULT true CHECK (single),
            active text NOT NULL,
            shadow text,
            rebuild bigint NOT NULL DEFAULT 0
        )
    """)
    op.execute("INSERT INTO projection_state (active) VALUES ('projection_a')")


def downgrade() -> None:
    """Drop schemas and tables with everything in them."""
    op.execute("DROP TABLE projection_state")
    for schema in _SCHEMAS:
        op.execute(f"DROP SCHEMA {schema} CASCADE")
