"""The `ballast` command: every verb is thin, the work is in its area."""

import importlib
import json
import sys
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.main
from rich.console import Console
from typer.core import TyperGroup

from ballast.errors import BallastError
from ballast.paths import state_dir

AREAS = {
    "supply": "ballast.supply.cli",
    "node": "ballast.node.cli",
    "gate": "ballast.gate.cli",
    "slo": "ballast.slo.cli",
}


class _LazyGroup(TyperGroup):
    """Imports an area only when one of its verbs is called, so that `--help` stays quick."""

    def list_commands(self, ctx: Any) -> list[str]:
        return sorted([*super().list_commands(ctx), *AREAS])

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name in AREAS:
            command = typer.main.get_command(importlib.import_module(AREAS[cmd_name]).app)
            command.name = cmd_name
            return command
        return super().get_command(ctx, cmd_name)


app = typer.Typer(
    cls=_LazyGroup,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="A whole platform on one machine or on a cloud; nothing is promoted without proof.",
    epilog="Exit codes: 0 done, 1 refused or failed with a reason, 2 wrong usage, 130 interrupted.",
)
console = Console()
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]


@app.command()
def up(json_output: Json = False) -> None:
    """Bring the platform up on this machine, or finish a bring-up that was interrupted."""
    from ballast.bringup import sequence

    summary = sequence.bring_up(Console(stderr=True) if json_output else console)
    if json_output:
        print(json.dumps(summary.as_json()))
        return
    console.print(summary.timeline.table())
    console.print(summary.table())
    console.print(f"logs: {state_dir() / 'node' / 'log'} · next: make promote")


@app.command()
def down(
    purge: Annotated[bool, typer.Option(help="Drop the cluster's data too.")] = False,
) -> None:
    """Stop the platform: no process, mount, namespace, cgroup or rule is left."""
    from ballast.bringup import teardown

    teardown.take_down(console, purge=purge)


@app.command()
def doctor(json_output: Json = False) -> None:
    """Say what this machine lacks for the embedded node, and which stack to use instead."""
    from ballast import doctor as checks

    raise typer.Exit(checks.report(console, json_output=json_output))


@app.command()
def promote(
    source: Annotated[str, typer.Argument(help="Environment whose release is judged.")],
    target: Annotated[str, typer.Argument(help="Environment that receives it.")],
    evidence: Annotated[
        Path | None, typer.Option(help="Present this stored record instead of a new run.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Stop before the commit.")] = False,
    seed: Annotated[int | None, typer.Option(help="Repeat a run with its seed.")] = None,
) -> None:
    """Run the gate on what runs in one environment and promote it to the next when it passes."""
    from ballast.gate import cli as gate

    gate.promote(source, target, evidence=evidence, dry_run=dry_run, seed=seed)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def check(ctx: typer.Context) -> None:
    """Run style, types, import contracts and every test that needs no cluster."""
    from ballast import check as checks

    raise typer.Exit(checks.run(console, ctx.args))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def e2e(
    ctx: typer.Context,
    keep: Annotated[bool, typer.Option(help="Leave the platform running afterwards.")] = False,
    node: Annotated[bool, typer.Option(help="Test the embedded node alone instead.")] = False,
) -> None:
    """Bring the platform up, run the tests that need it, take it down."""
    from ballast.bringup import e2e as runs

    raise typer.Exit(runs.run_node(ctx.args) if node else runs.run(console, ctx.args, keep=keep))


def main() -> None:
    """Run the command; a failure that we foresaw is two lines and exit code 1."""
    try:
        app()
    except BallastError as error:
        sys.stderr.write(f"error: {error}\n")
        if error.fix:
            sys.stderr.write(f"fix: {error.fix}\n")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted: run the same command again to go on, or make down\n")
        sys.exit(130)
    except Exception:
        traceback.print_exc()
        sys.stderr.write("error: this is a defect in Ballast; the lines above say where\n")
        sys.exit(1)
