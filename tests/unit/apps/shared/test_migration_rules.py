"""No step of a schema takes from the release before what it still needs."""

from pathlib import Path

import pytest

from ballast.paths import repository_root

from .migration_rules import Step, flaws, read_step

STEPS = sorted((repository_root() / "apps").glob("*/*/migrations/versions/*.py"))
# Steps that break the rule, each with the reason why that hurt nobody.
EXCEPTIONS: dict[tuple[str, str], str] = {}


def chain(path: Path) -> list[str]:
    return [read_step(one).revision for one in sorted(path.parent.glob("*.py")) if one < path]


@pytest.mark.parametrize("path", STEPS, ids=lambda path: f"{path.parts[-4]}-{path.stem}")
def test_the_release_before_can_run_on_each_step(path: Path) -> None:
    found = flaws(read_step(path), chain(path))
    excused = (path.parts[-4], path.stem[:4]) in EXCEPTIONS
    assert bool(found) == excused, found


def test_there_are_steps_of_every_service_with_a_database() -> None:
    packages = {path.parts[-4] for path in STEPS}
    assert packages == {"tasks", "notifications", "scheduler", "analytics"}


def step(*statements: str, expanded_by: str | None = None) -> Step:
    return Step("0003", "0002", expanded_by, list(statements))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("ALTER TABLE tasks DROP COLUMN title", "drops"),
        ("ALTER TABLE tasks\n  ADD COLUMN x text,\n  DROP   COLUMN title", "drops"),
        ("ALTER TABLE tasks DROP title", "drops"),
        ("ALTER TABLE tasks ADD priority smallint NOT NULL", "leaves empty"),
        ("DROP TABLE user_seq", "drops"),
        ("ALTER TABLE tasks ALTER COLUMN due_date DROP DEFAULT", "drops"),
        ("ALTER TABLE tasks RENAME COLUMN title TO name", "renames"),
        ("ALTER TABLE tasks RENAME TO todos", "renames"),
        ("ALTER TABLE tasks ALTER COLUMN version TYPE bigint", "changes a type"),
        ("ALTER TABLE tasks ALTER version SET DATA TYPE bigint", "changes a type"),
        ("ALTER TABLE tasks ALTER COLUMN due_date SET NOT NULL", "forbids"),
        ("ALTER TABLE tasks ADD COLUMN priority smallint NOT NULL", "leaves empty"),
        (
            "ALTER TABLE tasks ADD COLUMN a text, ADD COLUMN b numeric(4, 2) NOT NULL",
            "leaves empty",
        ),
        ("ALTER TABLE tasks ADD CONSTRAINT short CHECK (length(title) < 9)", "forbids"),
        ("CREATE UNIQUE INDEX one_title ON tasks (user_id, title)", "forbids"),
        ("DELETE FROM tasks WHERE deleted_at IS NOT NULL", "deletes rows"),
        ("TRUNCATE outbox", "deletes rows"),
    ],
)
def test_what_takes_something_away_is_refused(statement: str, said: str) -> None:
    [found] = flaws(step(statement), ["0001", "0002"])
    assert said in found
    assert "name that step in EXPANDED_BY" in found


@pytest.mark.parametrize(
    "statements",
    [
        ("CREATE TABLE notes (id uuid PRIMARY KEY, text text NOT NULL)",),
        ("ALTER TABLE tasks ADD COLUMN priority smallint",),
        ("ALTER TABLE tasks ADD COLUMN priority smallint NOT NULL DEFAULT 3",),
        ("ALTER TABLE tasks ADD COLUMN x int NOT NULL GENERATED ALWAYS AS (1) STORED",),
        ("CREATE INDEX tasks_due ON tasks (due_date)", "DROP INDEX tasks_of_user"),
        ("ALTER TABLE tasks ALTER COLUMN title DROP NOT NULL",),
        ("ALTER TABLE tasks ADD COLUMN k text", "CREATE UNIQUE INDEX u ON tasks (user_id, k)"),
        ("CREATE TABLE notes (id uuid)", "CREATE UNIQUE INDEX u ON notes (id)"),
        ("CREATE FUNCTION f() RETURNS trigger AS $$ BEGIN DELETE FROM notes; END $$",),
        ("UPDATE tasks SET priority = 3 WHERE priority IS NULL",),
    ],
)
def test_what_only_adds_is_allowed(statements: tuple[str, ...]) -> None:
    assert flaws(step(*statements), ["0001", "0002"]) == []


def test_a_contracting_step_names_the_step_that_expanded() -> None:
    drop = "ALTER TABLE tasks DROP COLUMN urgency"
    assert flaws(step(drop, expanded_by="0002"), ["0001", "0002"]) == []
    for other in ("0003", "0009"):
        assert "is no step below" in flaws(step(drop, expanded_by=other), ["0001", "0002"])[0]


def test_a_step_is_read_with_its_backfill(tmp_path: Path) -> None:
    path = tmp_path / "0003_fill.py"
    path.write_text(
        "from alembic import op\n"
        "revision, down_revision, EXPANDED_BY = '0003', '0002', '0002'\n"
        "def upgrade():\n"
        "    with op.get_context().autocommit_block():\n"
        "        while op.get_bind().exec_driver_sql('UPDATE tasks SET a = 1').rowcount:\n"
        "            pass\n"
        "    op.execute('ALTER TABLE tasks DROP COLUMN b')\n"
    )
    read = read_step(path)
    assert read.statements == ["UPDATE tasks SET a = 1", "ALTER TABLE tasks DROP COLUMN b"]
    assert (read.revision, read.below, read.expanded_by) == ("0003", "0002", "0002")


def test_a_step_that_says_it_otherwise_than_in_sql_cannot_be_judged(tmp_path: Path) -> None:
    path = tmp_path / "0003_drop.py"
    path.write_text(
        "from alembic import op\n"
        "revision, down_revision = '0003', '0002'\n"
        "def upgrade():\n    op.drop_column('tasks', 'title')\n"
    )
    with pytest.raises(AttributeError, match="drop_column"):
        read_step(path)
