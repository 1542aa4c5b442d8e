"""`ballast doctor`: what this machine lacks for the embedded node, and what to do about it."""

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from ballast.errors import BallastError
from ballast.node.host_checks import Finding, run_checks


class DoctorError(BallastError):
    """This machine cannot carry the embedded node."""


def require() -> None:
    """Return when every check passes; DoctorError lists each that does not, with its fix."""
    failed = [each for each in run_checks() if not each.passed]
    if failed:
        what = "; ".join(f"{each.name}: {each.found}" for each in failed)
        raise DoctorError(
            f"this machine cannot carry the embedded node: {what}",
            fix="; ".join(each.fix for each in failed),
        )


def report(console: Console, *, json_output: bool = False) -> int:
    """Print every check; returns the exit code, 0 when all passed."""
    findings = run_checks()
    if json_output:
        print(json.dumps([asdict(each) for each in findings]))
    else:
        console.print(_table(findings))
    return 0 if all(each.passed for each in findings) else 1


def _table(findings: list[Finding]) -> Table:
    table = Table("check", "", "found", "fix", box=None)
    for each in findings:
        mark = "[green]ok[/green]" if each.passed else "[red]no[/red]"
        table.add_row(each.name, mark, each.found, each.fix)
    return table
