"""Seconds and memory to check a history of 1,000,000 operations against its effects.

python benchmarks/ledger.py [--operations N] [--users N]        1 when a limit is missed

A clean history is written to files first; a process of its own then reads and checks them, as the
gate does. One seeded violation of each service shows that it looks.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from ballast.gate.history.check import check
from ballast.gate.history.effects import ServiceEffect, read_effects, write_effects
from ballast.gate.history.findings import Violation
from ballast.gate.history.operations import (
    COLUMNS,
    END,
    Kind,
    Operation,
    Result,
    read_history,
    row_of,
)
from ballast.gate.history.rows import write_rows

SECONDS, MEMORY = 60.0, 2**30
WITHIN = 60.0
LIFE = (
    Kind.CREATE, Kind.READ, Kind.UPDATE, Kind.LIST, Kind.UPDATE,
    Kind.READ, Kind.COMPLETE, Kind.READ, Kind.DELETE, Kind.LIST,
)  # fmt: skip
EXPECTED = {Violation.LOST: 1, Violation.DUPLICATED: 1}


def operations(number: int, users: int) -> Iterator[Operation]:
    """Users live through one task after another, in turns; each list shows the living task."""
    versions = [0] * users
    for place in range(number):
        user, turn = place % users, place // users
        kind = LIFE[turn % len(LIFE)]
        task = f"0193f3a0-{user:04x}-7000-8000-{turn // len(LIFE):012x}"
        if kind is Kind.CREATE:
            versions[user] = 1
        elif kind in (Kind.UPDATE, Kind.COMPLETE):
            versions[user] += 1
        living = versions[user] if kind is not Kind.DELETE else 0
        yield Operation(
            f"gate-20260101-000000-abcd-ledger-{user}",
            f"gate-20260101-000000-abcd-ledger-{user}-{turn}",
            kind,
            "" if kind is Kind.LIST else task,
            1.7e9 + turn + user / users,
            1.7e9 + turn + user / users + 0.02,
            Result.ACKNOWLEDGED,
            0 if kind is Kind.LIST else living,
            {task: living} if kind is Kind.LIST and turn % len(LIFE) < 8 else {},
        )
        if kind is Kind.DELETE:
            versions[user] = 0


def effects(number: int, users: int) -> Iterator[ServiceEffect]:
    """What both services show; the first create is lost in one, and shown twice in the other."""
    sequences: dict[str, int] = {}
    for service in ("tasks", "notifications"):
        for place, cause in enumerate(operations(number, users)):
            if cause.kind in (Kind.READ, Kind.LIST):
                continue
            version = cause.version or 5
            if service == "notifications":
                if cause.kind is not Kind.CREATE or not place:
                    continue
                version = sequences[cause.user] = sequences.get(cause.user, 0) + 1
            key = cause.key if service == "tasks" and cause.kind is not Kind.DELETE else ""
            effect = ServiceEffect(
                service, f"{place}", cause.kind, cause.task, key, cause.user, version,
                cause.completed + 0.2,
            )  # fmt: skip
            yield effect
            if not place:
                yield effect


def measured(folder: Path) -> int:
    """Check the files in `folder`; prints seconds, peak memory and what was found."""
    began = time.monotonic()
    history = read_history(folder / "history.csv")
    findings = check(history.operations, read_effects(folder / "effects.csv"), within=WITHIN)
    seconds = time.monotonic() - began
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    checked = findings.writes + findings.reads
    table = Table("what", "measured", "limit", title=f"{checked:,} operations checked")
    table.add_row("seconds", f"{seconds:.1f}", f"{SECONDS:.0f}")
    table.add_row("of these on a processor", f"{time.process_time():.1f}", "")
    table.add_row("peak memory in MiB", f"{memory / 2**20:.0f}", f"{MEMORY / 2**20:.0f}")
    table.add_row("operations a second", f"{checked / seconds:,.0f}", "")
    table.add_row("effects", f"{findings.effects:,}", "")
    table.add_row("violations", str({str(each): n for each, n in findings.counts.items()}), "")
    Console().print(table)
    return int(seconds > SECONDS or memory > MEMORY or findings.counts != EXPECTED)


def main() -> int:
    """Write the files and measure; 1 when a limit is missed or a seeded violation is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=100)
    parser.add_argument("--check", type=Path, help="measure files that are there")
    asked = parser.parse_args()
    if asked.check:
        return measured(asked.check)
    with tempfile.TemporaryDirectory(prefix="ledger-") as name:
        folder = Path(name)
        rows = map(row_of, operations(asked.operations, asked.users))
        write_rows(folder / "history.csv", COLUMNS, rows)
        with (folder / "history.csv").open("a") as out:
            out.write(f"{END},{asked.operations}\n")
        write_effects(folder / "effects.csv", effects(asked.operations, asked.users))
        command = [sys.executable, __file__, "--check", name]
        return subprocess.run(command, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
