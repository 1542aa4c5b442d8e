"""What keeps the copies of tasks in the state store in step; nothing is copied yet."""

from typing import Final

from alembic import op

revision: Final = "0005"
down_revision: Final = "0004"

# A trigger, so that no change escapes it: neither one of a service that knows no copies yet, which
# runs beside the new one during a rollout, nor one that an operator makes by hand.
_RECORD: Final = """
    CREATE FUNCTION record_read_copy() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        changed_id uuid;
        changed_user text;
        changed_version integer;
    BEGIN
        IF (SELECT mode FROM read_copy_phase) = 'postgres' THEN
            RETURN NULL;
        END IF;
        IF TG_OP = 'DELETE' THEN
            SELECT OLD.id, OLD.user_id, OLD.version + 1
            INTO changed_id, changed_user, changed_version;
        ELSE
            SELECT NEW.id, NEW.user_id, NEW.version
            INTO changed_id, changed_user, changed_version;
        END IF;
        INSERT INTO read_copies AS noted (task_id, user_id, version, due_since)
        VALUES (changed_id, changed_user, changed_version, clock_timestamp())
        ON CONFLICT (task_id) DO UPDATE
        SET version = EXCLUDED.version, due_since = EXCLUDED.due_since;
        RETURN NULL;
    END
    $$
"""


def upgrade() -> None:
    """Create the tables, and the trigger last: it needs a lock on `tasks`."""
    op.execute("""
        CREATE TABLE read_copies (
            task_id uuid PRIMARY KEY,
            user_id text NOT NULL,
            version integer NOT NULL,
            due_since timestamptz
        ) WITH (fillfactor = 80)
    """)
    op.execute(
        "CREATE INDEX read_copies_due ON read_copies (due_since) WHERE due_since IS NOT NULL"
    )
    op.execute("""
        CREATE TABLE read_copy_phase (
            id smallint PRIMARY KEY DEFAULT 1 CHECK (id = 1),
            mode text NOT NULL,
            since timestamptz NOT NULL,
            backfill_after uuid,
            backfilled bigint NOT NULL DEFAULT 0,
            backfill_finished_at timestamptz
        )
    """)
    op.execute("INSERT INTO read_copy_phase (mode, since) VALUES ('postgres', clock_timestamp())")
    op.execute("""
        CREATE TABLE read_copy_reads (
            since timestamptz NOT NULL,
            day date NOT NULL,
            hits bigint NOT NULL,
            misses bigint NOT NULL,
            PRIMARY KEY (since, day)
        )
    """)
    op.execute("""
        CREATE TABLE read_copy_checks (
            id bigserial PRIMARY KEY,
            requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
            started_at timestamptz,
            finished_at timestamptz,
            report jsonb
        )
    """)
    op.execute(_RECORD)
    op.execute("""
        CREATE TRIGGER tasks_read_copy AFTER INSERT OR UPDATE OR DELETE ON tasks
        FOR EACH ROW EXECUTE FUNCTION record_read_copy()
    """)


def downgrade() -> None:
    """Drop them. Copies stay in the state store, where nobody reads them any more."""
    op.execute("DROP TRIGGER tasks_read_copy ON tasks")
    op.execute("DROP FUNCTION record_read_copy()")
    for table in ("read_copy_checks", "read_copy_reads", "read_copy_phase", "read_copies"):
        op.execute(f"DROP TABLE {table}")
