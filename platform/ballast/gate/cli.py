"""`ballast gate` and `ballast promote`: thin verbs over the gate."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ballast.errors import BallastError
from ballast.gate import evidence_cli, key_cli, live, sign_off_cli
from ballast.gate.bake import BAKE_SECONDS
from ballast.gate.candidate import served, verified_candidate
from ballast.gate.catalogue import load_catalogue
from ballast.gate.chaos import title_of
from ballast.gate.execute import Finished
from ballast.gate.plan import PROMOTION_SHAPE, Plan, derive_plan
from ballast.gate.promote import Hotfix, Promotion
from ballast.gate.promote import promote as promote_release
from ballast.gate.run_folder import find_run
from ballast.gate.stop import stop_runs
from ballast.gate.until import parse_until
from ballast.kubeapi.shape import mapping, mappings

app = typer.Typer(help="Proof before promotion: runs, records, reports.", no_args_is_help=True)
app.add_typer(evidence_cli.app)
app.add_typer(key_cli.app, name="key")
console = Console()

Source = Annotated[str, typer.Argument(help="Environment whose release is judged.")]
Target = Annotated[str, typer.Argument(help="Environment it is meant for.")]
Seed = Annotated[int | None, typer.Option(help="Repeat a run with its seed.")]
Shape = Annotated[str, typer.Option(help="Load of loadtests/; only the default can promote.")]


def _say(line: str) -> None:
    console.print(f"[dim]·[/dim] {line}", highlight=False)


Experiments = Annotated[
    list[str] | None,
    typer.Option("--experiment", help="Run this one of chaos/catalogue.yaml; may be repeated."),
]


def _plan(
    source: str, target: str, seed: int | None, shape: str, experiments: Sequence[str] = ()
) -> Plan:
    ports = live.live_ports(_say)
    candidate = verified_candidate(ports.git, ports.pods, live.known(source))
    old = served(ports.git, ports.pods, live.known(target))
    return derive_plan(
        source, target, candidate, old=old, shape=shape, seed=seed, experiments=experiments
    )


@app.command()
def plan(
    source: Source = "dev",
    target: Target = "staging",
    seed: Seed = None,
    shape: Shape = PROMOTION_SHAPE,
) -> None:
    """Show what a promotion would run: derived from SLOs, load shape and experiments."""
    derived = _plan(source, target, seed, shape)
    console.print_json(derived.model_dump_json())
    console.print(f"{derived.samples_needed} judged samples without a failure prove the objectives")


@app.command()
def run(
    source: Source = "dev",
    target: Target = "staging",
    seed: Seed = None,
    shape: Shape = PROMOTION_SHAPE,
    experiment: Experiments = None,
) -> None:
    """Run the gate and keep the signed record; nothing is promoted."""
    chosen = _plan(source, target, seed, shape, experiment or ())
    finished = live.live_ports(_say).run(chosen)
    console.print(_verdict_table(finished))
    console.print(f"record: {finished.folder.path / 'record.dsse.json'}", soft_wrap=True)
    console.print(f"report: {finished.folder.path / 'report.html'}", soft_wrap=True)
    if not all(verdict.passed for verdict in finished.verdicts):
        raise typer.Exit(1)


@app.command()
def stop() -> None:
    """End the gate runs that are under way and undo their faults."""
    stopped = stop_runs()
    for name in stopped:
        console.print(f"run {name} is ended, its faults are undone", highlight=False)
    if not stopped:
        console.print("no gate run is under way, and none left anything behind")


@app.command()
def experiments() -> None:
    """Show the experiments that there are."""
    table = Table("experiment", "what happens", "standard")
    for name, entry in load_catalogue().items():
        table.add_row(name, title_of(entry), "yes" if entry.standard else "")
    console.print(table)


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
    hotfix: str | None = None,
    until: str | None = None,
    reason: str | None = None,
    sign_offs: Sequence[Path] = (),
    bake: float = BAKE_SECONDS,
) -> Promotion:
    """The top-level `ballast promote FROM TO`: prints a summary, raises BallastError on refusal."""
    urgent = _hotfix(hotfix, until, reason)
    signed = sign_off_cli.given_for(live.known(target), sign_offs)
    done = promote_release(
        live.known(source),
        live.known(target),
        live.live_ports(_say),
        evidence=evidence,
        hotfix=urgent,
        dry_run=dry_run,
        seed=seed,
        sign_offs=list(signed.values()),
        bake=bake,
        progress=_say,
    )
    if done.commit:
        sign_off_cli.clear(target)
    console.print(_summary(done))
    if done.report:
        console.print(f"report: {done.report}", soft_wrap=True)
    console.print("dry run: nothing was committed" if dry_run else "next: ballast gate show")
    return done


def _hotfix(name: str | None, until: str | None, reason: str | None) -> Hotfix | None:
    if bool(name) != bool(until) or (reason and not name):
        raise BallastError(
            "a hotfix has a name and an end, and nothing else has them",
            "Give --hotfix NAME --until DATE together, or neither.",
        )
    return Hotfix(name, parse_until(until), reason or f"hotfix {name}") if name and until else None


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
