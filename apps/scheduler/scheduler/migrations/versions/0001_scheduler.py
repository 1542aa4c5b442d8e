"""Series, tasks, reminders, replicas, the inbox, the outbox and the sequence of each user."""

from typing import Final

from alembic import op

revision: Final = "0001"
down_revision: Final = None

_STATEMENTS: Final = (
    """
    CREATE TABLE series (
        id text PRIMARY KEY,
        user_id text NOT NULL,
        rule text NOT NULL,
        rule_kind text NOT NULL,
        time_zone text NOT NULL,
        starts_at text NOT NULL,
        gap_policy text NOT NULL,
        overlap_policy text NOT NULL,
        short_month_policy text NOT NULL,
        catch_up_policy text NOT NULL,
        lead_minutes integer NOT NULL,
        active boolean NOT NULL,
        version bigint NOT NULL,
        next_key text,
        next_instant timestamptz,
        generation_at timestamptz,
        tzdata text NOT NULL,
        fence bigint NOT NULL,
        leased_until timestamptz,
        leased_by text,
        attempts integer NOT NULL,
        retry_at timestamptz
    ) WITH (fillfactor = 80)
    """,
    """
    CREATE INDEX series_by_generation ON series (generation_at)
    WHERE active AND generation_at IS NOT NULL
    """,
    """
    CREATE TABLE tasks (
        task_id text PRIMARY KEY,
        user_id text NOT NULL,
        title text,
        title_seq bigint NOT NULL,
        due_date timestamptz,
        due_seq bigint NOT NULL,
        state text NOT NULL,
        state_seq bigint NOT NULL
    )
    """,
    """
    CREATE TABLE reminders (
        id uuid PRIMARY KEY,
        task_id text NOT NULL,
        user_id text NOT NULL,
        shard smallint NOT NULL,
        channel text NOT NULL,
        offset_minutes integer,
        automatic boolean NOT NULL,
        trigger_time timestamptz NOT NULL,
        armed_at timestamptz NOT NULL,
        status text NOT NULL,
        cancel_reason text,
        fired_at timestamptz,
        canceled_at timestamptz,
        created_at timestamptz NOT NULL,
        traceparent text NOT NULL,
        correlation_id text NOT NULL
    )
    """,
    "CREATE INDEX reminders_pending ON reminders (trigger_time) WHERE status = 'pending'",
    "CREATE INDEX reminders_of_task ON reminders (task_id)",
    "CREATE INDEX reminders_of_user ON reminders (user_id, trigger_time, id)",
    "CREATE TABLE replicas (id text PRIMARY KEY, heartbeat_at timestamptz NOT NULL)",
    """
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
    """,
    "CREATE INDEX event_inbox_by_age ON event_inbox (received_at)",
    """
    CREATE TABLE user_seq (user_id text PRIMARY KEY, seq bigint NOT NULL)
    WITH (fillfactor = 70)
    """,
    """
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
    """,
    "CREATE INDEX outbox_by_shard ON outbox (shard, id)",
)
_TABLES: Final = (
    "outbox",
    "user_seq",
    "event_inbox",
    "replicas",
    "reminders",
    "tasks",
    "series",
)


def upgrade() -> None:
    """Create the tables."""
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    """Drop the tables with everything in them."""
    for table in _TABLES:
        op.execute(f"DROP TABLE {table}")
