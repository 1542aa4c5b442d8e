"""What a step of a schema may not do while the release before it still runs.

A step says what it does as SQL. One that takes something away contracts: it names the earlier step
that expanded, in `EXPANDED_BY`, and the release before it no longer needs what goes.
"""

import importlib.util
import re
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

TAKES_AWAY = {
    r"\bDROP (?!INDEX\b|CONSTRAINT\b|NOT NULL\b)": "drops",
    r"\bRENAME\b": "renames",
    r"\bTRUNCATE\b|\bDELETE FROM\b": "deletes rows",
    r"\bALTER (COLUMN )?\w+ (SET DATA )?TYPE\b": "changes a type",
    r"\bSET NOT NULL\b": "forbids what may be left empty",
    r"\bADD (CONSTRAINT|CHECK|UNIQUE|FOREIGN KEY|PRIMARY KEY)\b": "forbids what was allowed",
}
_ADDED = re.compile(
    r"\bADD (?:COLUMN )?(?:IF NOT EXISTS )?(?!CONSTRAINT|CHECK|UNIQUE|FOREIGN|PRIMARY)(\w+) "
    r"([^,;(]*(?:\([^)]*\)[^,;(]*)*)"
)
_UNIQUE = re.compile(r"CREATE UNIQUE INDEX (?:CONCURRENTLY )?\w+ ON (?:\w+\.)?(\w+)(.*)")
_CREATED = re.compile(r"CREATE TABLE (?:IF NOT EXISTS )?(?:\w+\.)?(\w+)")


@dataclass
class Step:
    """One step: its revision, the one below, the SQL of its upgrade."""

    revision: str
    below: str | None
    expanded_by: str | None
    statements: list[str] = field(default_factory=list[str])


def read_step(path: Path) -> Step:
    """Run a step's upgrade against a pen that writes down what a database would be asked."""
    module = _module(path)
    step = Step(module.revision, module.down_revision, getattr(module, "EXPANDED_BY", None))
    module.op = _pen(step.statements)  # pyright: ignore[reportAttributeAccessIssue]
    module.upgrade()
    return step


def flaws(step: Step, earlier: list[str]) -> list[str]:
    """Why the release before could not run on a step; `earlier` are the revisions below it."""
    text = [" ".join(statement.split()) for statement in step.statements]
    found = [f"{what}: {sql}" for sql in text for what in _taken(sql)]
    found += [f"adds a column that the release before leaves empty: {one}" for one in _added(text)]
    found += [f"forbids what was allowed: {one}" for one in _unique(text)]
    if not found:
        return []
    if step.expanded_by is None:
        return [f"{one}; expand first, and name that step in EXPANDED_BY" for one in found]
    if step.expanded_by not in earlier:
        return [f"EXPANDED_BY = {step.expanded_by!r} is no step below {step.revision}"]
    return []


def _taken(sql: str) -> list[str]:
    # The body of a function is no change of the schema.
    outside = re.sub(r"\$\$.*?\$\$", "", sql)
    return [what for pattern, what in TAKES_AWAY.items() if re.search(pattern, outside, re.I)]


def _added(text: list[str]) -> list[str]:
    return [
        f"{name} {kind}".strip()
        for sql in text
        for name, kind in _ADDED.findall(sql)
        if "NOT NULL" in kind.upper() and "DEFAULT" not in kind.upper()
        and "GENERATED" not in kind.upper()
    ]  # fmt: skip


def _unique(text: list[str]) -> list[str]:
    """Unique indexes on what was there before; one over a column of this very step is empty yet."""
    new_tables = {table for sql in text for table in _CREATED.findall(sql)}
    new_columns = {name for sql in text for name, _ in _ADDED.findall(sql)}
    return [
        sql
        for sql in text
        for table, rest in _UNIQUE.findall(sql)
        if table not in new_tables and not new_columns & set(re.findall(r"\w+", rest))
    ]


def _module(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"step_{path.stem}", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _pen(written: list[str]) -> Any:
    """An `op` that knows SQL alone: what it does not know is an AttributeError in the step."""

    def write(statement: object, *_: object) -> SimpleNamespace:
        written.append(str(statement))
        return SimpleNamespace(rowcount=0)

    return SimpleNamespace(
        execute=write,
        get_bind=lambda: SimpleNamespace(exec_driver_sql=write),
        get_context=lambda: SimpleNamespace(autocommit_block=nullcontext),
    )
