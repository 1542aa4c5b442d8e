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
    "events": "ballast.events.cli",
    "green": "ballast.bluegreen.cli",
    "shadow": "ballast.shadow.cli",
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
Environment = Annotated[str, typer.Argument(help="Environment: dev, staging or prod.")]
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
    *,
    evidence: Annotated[
        Path | None, typer.Option(help="Present this stored record instead of a new run.")
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Stop before the commit.")] = False,
    seed: Annotated[int | None, typer.Option(help="Repeat a run with its seed.")] = None,
    hotfix: Annotated[
        str | None, typer.Option(help="Name of a hotfix: it passes a freeze and a spent budget.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="End of the hotfix's permit, within 3 days: 4h, 2026-12-01.")
    ] = None,
    reason: Annotated[str | None, typer.Option(help="Why the hotfix cannot wait.")] = None,
    sign_off: Annotated[
        list[Path] | None,
        typer.Option(help="A sign-off that was given on another machine; may be repeated."),
    ] = None,
    bake: Annotated[
        float, typer.Option(help="Seconds that the target is watched after its smoke test.")
    ] = 60.0,
) -> None:
    """Run the gate on what runs in one environment and promote it to the next when it passes.

    The target is watched afterwards; what fails its sync, smoke test or watch is reverted.

    A hotfix is signed and named, ends, and needs no proof under faults; digests, objectives under
    load and the ledger hold for it too.
    """
    from ballast.gate import cli as gate

    gate.promote(
        source, target, evidence=evidence, dry_run=dry_run, seed=seed,
        hotfix=hotfix, until=until, reason=reason, sign_offs=sign_off or (), bake=bake,
    )  # fmt: skip


@app.command("sign-off")
def sign_off(
    target: Annotated[str, typer.Argument(help="Environment that the release may enter.")],
    *,
    role: Annotated[str, typer.Option("--as", help="Your role in gitops/gate/roles.yaml.")],
    key: Annotated[
        Path | None, typer.Option(help="Your key; by default this machine's, made on first use.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Write it here instead, for a promotion elsewhere.")
    ] = None,
    json_output: Json = False,
) -> None:
    """Sign off the release that would be promoted to an environment, in your role, for 24 hours.

    It binds your role and name, the revision, every digest and the environment; the promotion
    commits it with its evidence. Who is asked where stands in gitops/gate/roles.yaml.
    """
    from ballast.gate import sign_off_cli

    sign_off_cli.sign_off(target, role, key=key, out=out, json_output=json_output)


@app.command()
def rollback(environment: Environment, json_output: Json = False) -> None:
    """Return an environment to the release before its last promotion, and see that it serves.

    Run twice it goes back once. Freezes do not hold it up; the evidence stays in Git.
    """
    from ballast.gate import environment_cli

    environment_cli.rollback(environment, json_output=json_output)


@app.command()
def watch(
    environment: Environment,
    length: Annotated[str, typer.Option("--for", help="How long, in all: 90s, 10m, 2h.")] = "10m",
    json_output: Json = False,
) -> None:
    """Watch an environment's last promotion, and revert it when it burns, fails or goes blind.

    Interrupted, the same command goes on. Exit code 1 when the release went back.
    """
    from ballast.gate import environment_cli
    from ballast.gate.until import parse_length

    if not environment_cli.watch(environment, parse_length(length), json_output=json_output):
        raise typer.Exit(1)


@app.command()
def freeze(
    environment: Environment,
    until: Annotated[str, typer.Option(help="Its end: 4h, 2d, 2026-12-01, 2026-12-01T18:00Z.")],
    reason: Annotated[str, typer.Option(help="Why, in a few words: refusals repeat it.")],
    start: Annotated[str | None, typer.Option("--from", help="Its start; now by default.")] = None,
    json_output: Json = False,
) -> None:
    """Let nothing but hotfixes into an environment for a while."""
    from ballast.gate import environment_cli

    environment_cli.freeze(environment, until, reason, start=start, json_output=json_output)


@app.command()
def unfreeze(environment: Environment, json_output: Json = False) -> None:
    """End the freeze of an environment."""
    from ballast.gate import environment_cli

    environment_cli.unfreeze(environment, json_output=json_output)


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def check(ctx: typer.Context) -> None:
    """Run style, types, import contracts and every test that needs no cluster."""
    from ballast import check as checks

    raise typer.Exit(checks.run(console, ctx.args))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})
def e2e(
    ctx: typer.Context,
    keep: Annotated[bool, typer.Option(help="Leave the platform running afterwards.")] = False,
    only: Annotated[
        str | None, typer.Option(help="One part: platform, node, removal, chaos, delivery.")
    ] = None,
) -> None:
    """Bring the platform up, run the tests that need it, take it down; then test the node alone."""
    from ballast.bringup import e2e as runs

    if only is not None and only not in set(runs.Part):
        raise BallastError(f"there is no part {only!r}", "parts: " + ", ".join(runs.Part))
    part = runs.Part(only) if only else None
    raise typer.Exit(runs.run(console, ctx.args, only=part, keep=keep))


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
