"""A later release of the tasks package: its schema with a column replaced in four steps."""

import shutil
from pathlib import Path

import tasks

_HEAD = """
from alembic import op

revision = "{revision}"
down_revision = "{before}"
"""
# What there is to replace: an old column that the service of today neither reads nor writes.
_OLD = """
def upgrade():
    op.execute("ALTER TABLE tasks ADD COLUMN urgency text DEFAULT 'normal'")


def downgrade():
    op.execute("ALTER TABLE tasks DROP COLUMN urgency")
"""
_EXPAND = """
def upgrade():
    op.execute("ALTER TABLE tasks ADD COLUMN priority smallint")
    op.execute("ALTER TABLE tasks ALTER COLUMN priority SET DEFAULT 3")


def downgrade():
    op.execute("ALTER TABLE tasks DROP COLUMN priority")
"""
_BACKFILL = '''
BATCH = """
    WITH batch AS (
        SELECT id FROM tasks WHERE {empty} IS NULL LIMIT 500 FOR UPDATE SKIP LOCKED
    )
    UPDATE tasks SET {change} FROM batch WHERE tasks.id = batch.id
"""


def fill(**parts):
    with op.get_context().autocommit_block():
        while op.get_bind().exec_driver_sql(BATCH.format(**parts)).rowcount:
            pass


def upgrade():
    fill(empty="priority", change="priority = CASE urgency WHEN 'high' THEN 1 ELSE 3 END")


def downgrade():
    fill(empty="urgency", change="urgency = CASE priority WHEN 1 THEN 'high' ELSE 'normal' END")
'''
# The validation reads the whole table but locks nobody out; SET NOT NULL then has nothing to read.
_CONTRACT = """
def upgrade():
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE tasks ADD CONSTRAINT has_priority"
                   " CHECK (priority IS NOT NULL) NOT VALID")
        op.execute("ALTER TABLE tasks VALIDATE CONSTRAINT has_priority")
    op.execute("ALTER TABLE tasks ALTER COLUMN priority SET NOT NULL")
    op.execute("ALTER TABLE tasks DROP CONSTRAINT has_priority")
    op.execute("ALTER TABLE tasks DROP COLUMN urgency")


def downgrade():
    op.execute("ALTER TABLE tasks ADD COLUMN urgency text")
    op.execute("ALTER TABLE tasks ALTER COLUMN urgency SET DEFAULT 'normal'")
    op.execute("ALTER TABLE tasks ALTER COLUMN priority DROP NOT NULL")
"""
STEPS = {"9000": _OLD, "9001": _EXPAND, "9002": _BACKFILL, "9003": _CONTRACT}


def later_release(folder: Path) -> Path:
    """A folder to put before all others on the path: `tasks` with the steps above."""
    package = folder / "tasks"
    shutil.copytree(Path(tasks.__file__).parent, package)
    versions = package / "migrations" / "versions"
    before = max(path.name[:4] for path in versions.glob("*.py"))
    for revision, step in STEPS.items():
        head = _HEAD.format(revision=revision, before=before)
        (versions / f"{revision}_later.py").write_text(head + step)
        before = revision
    return folder
