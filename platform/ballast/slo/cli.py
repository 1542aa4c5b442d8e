"""`ballast slo`: list the objectives and compile them to Prometheus rules."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ballast.errors import BallastError
from ballast.paths import repository_root
from ballast.slo.model import load_slos
from ballast.slo.rules import COMPILE_COMMAND, RULES_PATH, compile_rules

app = typer.Typer(help="Service level objectives as files.", no_args_is_help=True)


@app.command("compile")
def compile_command(
    check: Annotated[bool, typer.Option(help="Only compare; fail when the file is stale.")] = False,
) -> None:
    """Write gitops/observability/slo-rules.yaml from slo/*.yaml."""
    target = repository_root() / RULES_PATH
    text = compile_rules(load_slos())
    if check:
        if not target.exists() or target.read_text() != text:
            raise BallastError(f"{RULES_PATH} is stale", f"Run: {COMPILE_COMMAND}")
        typer.echo(f"{RULES_PATH} is fresh")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text)
    typer.echo(f"wrote {RULES_PATH}")


@app.command("list")
def list_command() -> None:
    """Show each objective with its target, its gate and its runbook."""
    table = Table("SLO", "service", "target", "judged at promotion", "runbook")
    for slo in load_slos():
        gate = slo.gate.bad_sample if slo.gate else "no"
        runbook = slo.document.metadata.annotations.runbook
        table.add_row(slo.name, slo.service, f"{slo.target:.3%}", gate, runbook)
    Console().print(table)
