"""Deliveries are sent by a dispatcher: attempts, leases, recipients, withdrawals.

Only adds, so that the code of 0001 runs on this schema.
"""

from typing import Final

from alembic import op

revision: Final = "0002"
down_revision: Final = "0001"

_UNFINISHED: Final = "status IN ('pending', 'sending')"


def upgrade() -> None:
    """Add columns with constant defaults, indexes of what is unfinished, and the new tables."""
    op.execute("""
        ALTER TABLE deliveries
            ADD COLUMN number bigint,
            ADD COLUMN reminder_id text,
            ADD COLUMN reason text,
            ADD COLUMN attempts integer NOT NULL DEFAULT 0,
            ADD COLUMN attempt_limit integer NOT NULL DEFAULT 6,
            ADD COLUMN next_attempt_at timestamptz NOT NULL DEFAULT now(),
            ADD COLUMN traceparent text NOT NULL DEFAULT '',
            ADD COLUMN correlation_id text NOT NULL DEFAULT ''
    """)
    for statement in (
        f"INDEX deliveries_due ON deliveries (channel, next_attempt_at) WHERE {_UNFINISHED}",
        f"INDEX deliveries_in_line ON deliveries (user_id, channel, id) WHERE {_UNFINISHED}",
        "INDEX deliveries_of_reminder ON deliveries (reminder_id) WHERE reminder_id IS NOT NULL",
        "INDEX deliveries_failed ON deliveries (id) WHERE status = 'failed'",
        "UNIQUE INDEX deliveries_in_stream ON deliveries (user_id, number)"
        " WHERE number IS NOT NULL",
    ):
        op.execute(f"CREATE {statement}")
    op.execute("""
        CREATE TABLE delivery_counters (
            user_id text PRIMARY KEY,
            last bigint NOT NULL
        ) WITH (fillfactor = 70)
    """)
    op.execute("""
        CREATE TABLE canceled_reminders (
            reminder_id text PRIMARY KEY,
            canceled_at timestamptz NOT NULL DEFAULT clock_timestamp()
        )
    """)
    op.execute("CREATE INDEX canceled_reminders_by_age ON canceled_reminders (canceled_at)")
    op.execute("""
        CREATE TABLE recipients (
            user_id text NOT NULL,
            channel text NOT NULL,
            address text,
            enabled boolean NOT NULL,
            updated_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            PRIMARY KEY (user_id, channel)
        )
    """)


def downgrade() -> None:
    """Drop what was added; states that the older code does not know become the nearest it does."""
    op.execute("UPDATE deliveries SET status = 'pending' WHERE status = 'sending'")
    op.execute("UPDATE deliveries SET status = 'failed' WHERE status IN ('withdrawn', 'skipped')")
    for table in ("recipients", "canceled_reminders", "delivery_counters"):
        op.execute(f"DROP TABLE {table}")
    for index in ("due", "in_line", "of_reminder", "failed", "in_stream"):
        op.execute(f"DROP INDEX deliveries_{index}")
    op.execute("""
        ALTER TABLE deliveries
            DROP COLUMN number, DROP COLUMN reminder_id, DROP COLUMN reason,
            DROP COLUMN attempts, DROP COLUMN attempt_limit, DROP COLUMN next_attempt_at,
            DROP COLUMN traceparent, DROP COLUMN correlation_id
    """)
