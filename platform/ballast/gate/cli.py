"""`ballast gate` and `ballast promote`: thin verbs over the gate."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ballast.errors import BallastError
from ballast.gate import live, signing
from ballast.gate.candidate import verified_candidate
from ballast.gate.checkout import Checkout
from ballast.gate.execute import Finished
from ballast.gate.plan import Plan, derive_plan
from ballast.gate.promote import Promotion
from ballast.gate.promote import promote as promote_release
from ballast.gate.record_store import trusted_keys
from ballast.gate.run_folder import find_run
from ballast.gate.verify import verify_record
from ballast.kubeapi.shape import mapping, mappings

app = typer.Typer(help="Proof before promotion: runs, records, reports.", no_args_is_help=True)
console = Console()

Source = Annotated[str, typer.Argument(help="Environment whose release is judged.")]
Target = Annotated[str, typer.Argument(help="Environment it is meant for.")]
Seed = Annotated[int | None, typer.Option(help="Repeat a run with its seed.")]


def _say(line: str) -> None:
    console.print(f"[dim]·[/dim] {line}", highlight=False)


def _plan(source: str, target: str, seed: int | None) -> Plan:
    ports = live.live_ports(_say)
    candidate = verified_candidate(ports.git, ports.pods, live.known(source))
    return derive_plan(source, live.known(target), candidate, seed=seed)


@app.command()
def plan(source: Source = "dev", target: Target = "staging", seed: Seed = None) -> None:
    """Show what a promotion would run: derived from SLOs, load shape and experiments."""
    derived = _plan(source, target, seed)
    console.print_json(derived.model_dump_json())
    console.print(f"{derived.samples_needed} steady samples without a failure prove the objectives")


@app.command()
def run(source: Source = "dev", target: Target = "staging", seed: Seed = None) -> None:
    """Run the gate and keep the signed record; nothing is promoted."""
    finished = live.live_ports(_say).run(_plan(source, target, seed))
    console.print(_verdict_table(finished))
    console.print(f"record: {finished.folder.path / 'record.dsse.json'}", soft_wrap=True)
    console.print(f"report: {finished.folder.path / 'report.html'}", soft_wrap=True)
    if not all(verdict.passed for verdict in finished.verdicts):
        raise typer.Exit(1)


@app.command()
def verify(
    record: Annotated[Path, typer.Argument(help="A .dsse.json file.", exists=True)],
) -> None:
    """Check a record offline, against the keys of this checkout or this installation."""
    keys = trusted_keys(Checkout(), signing.signer().public_key)
    for line in verify_record(record.read_text(), keys):
        console.print(line, highlight=False, soft_wrap=True)


@app.command()
def show(name: Annotated[str | None, typer.Argument(help="Run; the newest by default.")] = None):
    """Show the verdicts of a run and where its report is."""
    folder = find_run(name)
    state = folder.read("state.json").get("state")
    console.print(f"run {folder.name}: {state}")
    table = Table("check", "verdict", "why")
    for verdict in mappings(folder.read("verdicts.json").get("verdicts")):
        table.add_row(str(verdict["check"]), str(verdict["outcome"]), str(verdict["reason"]))
    console.print(table)
    console.print(f"report: {folder.path / 'report.html'}", soft_wrap=True)


def promote(
    source: str,
    target: str,
    *,
    evidence: Path | None = None,
    dry_run: bool = False,
    seed: int | None = None,
) -> Promotion:
    """The top-level `ballast promote FROM TO`: prints a summary, raises BallastError on refusal."""
    done = promote_release(
        live.known(source),
        live.known(target),
        live.live_ports(_say),
        evidence=evidence,
        dry_run=dry_run,
        seed=seed,
        progress=_say,
    )
    console.print(_summary(done))
    if done.report:
        console.print(f"report: {done.report}", soft_wrap=True)
    console.print("dry run: nothing was committed" if dry_run else "next: ballast gate show")
    return done


def _summary(done: Promotion) -> Table:
    title = f"{done.source} to {done.target}: {done.commit[:12] or 'not committed'}"
    table = Table("step", "seconds", title=title)
    for step, seconds in done.seconds.items():
        table.add_row(step, f"{seconds:.1f}")
    table.add_row("total", f"{sum(done.seconds.values()):.1f}")
    gate = mapping(mapping(done.record.statement["predicate"])["gate"]) if done.record else {}
    for verdict in mappings(gate.get("verdicts")):
        table.add_row(f"{verdict['check']}: {verdict['reason']}", str(verdict["outcome"]))
    return table


def _verdict_table(finished: Finished) -> Table:
    table = Table("check", "verdict", "why")
    for verdict in finished.verdicts:
        table.add_row(verdict.check, verdict.outcome.value, verdict.reason)
    return table


__all__ = ["BallastError", "app", "promote"]
