"""`ballast node`: the embedded node by hand."""

import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from ballast.node import entering, lifecycle
from ballast.node.components import BINARIES
from ballast.node.errors import NodeError
from ballast.node.layout import Layout
from ballast.node.logs import follow, tail
from ballast.node.status import NodeStatus

app = typer.Typer(no_args_is_help=True, help="The embedded one-node Kubernetes.")
console = Console()
_PASS_ON = {
    "allow_extra_args": True,
    "ignore_unknown_options": True,
    "allow_interspersed_args": False,
}


@app.command()
def up() -> None:
    """Bring the node to Ready, whatever state it is in."""
    from ballast.supply import build, host_root

    started = time.monotonic()
    binaries = build.ensure_binaries(list(BINARIES))
    found = lifecycle.up(binaries, host_root.ensure_host_root("node"), progress=console.print)
    console.print(f"node {found.state} in {time.monotonic() - started:.1f} s")
    console.print(f"export KUBECONFIG={found.kubeconfig}", soft_wrap=True)


@app.command()
def down(
    purge: Annotated[bool, typer.Option(help="Remove the node's data, keys and logs too.")] = False,
) -> None:
    """Stop the node; nothing of it is left but its data."""
    started = time.monotonic()
    lifecycle.down(purge, progress=console.print)
    console.print(f"node down in {time.monotonic() - started:.1f} s")


@app.command()
def status(
    json_output: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Show the node and each component; exit code 0 only when it is running and Ready."""
    found = lifecycle.status()
    if json_output:
        print(found.model_dump_json())
    else:
        _show(found)
    raise typer.Exit(0 if found.state == "running" and found.ready else 1)


def _show(found: NodeStatus) -> None:
    ready = "Ready" if found.ready else "not Ready"
    console.print(f"node {found.state}, {ready}  {found.reason}".rstrip())
    if not found.components:
        return
    table = Table("component", "state", "pid", "restarts", "last end", box=None)
    for each in found.components:
        last = each.exits[-1].reason if each.exits else ""
        table.add_row(each.name, each.state, str(each.host_pid), str(each.restarts), last)
    console.print(table)
    for port, target in found.forwards.items():
        console.print(f"127.0.0.1:{port} -> {target}")
    for port, problem in found.forward_problems.items():
        console.print(f"127.0.0.1:{port} not served: {problem}")
    console.print(f"KUBECONFIG={found.kubeconfig}", soft_wrap=True)


@app.command()
def logs(
    component: Annotated[str, typer.Argument(help="All components when left out.")] = "",
    lines: Annotated[int, typer.Option("--lines", "-n", help="Lines of each log.")] = 50,
    follows: Annotated[bool, typer.Option("--follow", "-f", help="Go on printing.")] = False,
) -> None:
    """Print the end of the components' logs."""
    paths = _log_paths(Layout.default().log, component)
    for path in paths:
        prefix = f"{path.stem}: " if len(paths) > 1 else ""
        for line in tail(path, lines, window=256 * lines):
            print(f"{prefix}{line}")
    if follows:
        for path, line in follow(paths):
            print(f"{path.stem}: {line}" if len(paths) > 1 else line, flush=True)


def _log_paths(folder: Path, component: str) -> list[Path]:
    found = {path.stem: path for path in sorted(folder.glob("*.log"))}
    if not component:
        return list(found.values())
    if component not in found:
        raise NodeError(
            f"there is no log of {component!r} in {folder}",
            fix=f"choose one of: {', '.join(found) or 'none yet; ballast node up'}",
        )
    return [found[component]]


@app.command(context_settings=_PASS_ON, name="exec")
def execute(ctx: typer.Context) -> None:
    """Run a program inside the node: ballast node exec -- ip route."""
    if not ctx.args:
        raise NodeError("no program given", fix="ballast node exec -- ip route")
    done = entering.enter(Layout.default(), ctx.args, capture=False)
    raise typer.Exit(done.returncode)


@app.command()
def shell() -> None:
    """Open a shell inside the node."""
    done = entering.enter(Layout.default(), ["/bin/bash"], capture=False)
    raise typer.Exit(done.returncode)
