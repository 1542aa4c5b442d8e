"""`ballast green`: the second release of an environment by hand; docs/runbooks/blue-green.md."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from ballast.bluegreen import traffic
from ballast.bluegreen.green import BlueGreen
from ballast.bluegreen.place import Green
from ballast.gate.live import known, kubeconfig_path
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi

app = typer.Typer(
    help="A second release beside the first, and the traffic between them.", no_args_is_help=True
)
console = Console()
Environment = Annotated[str, typer.Argument(help="Environment: dev, staging or prod.")]


def _say(line: str) -> None:
    console.print(f"[dim]·[/dim] {line}", highlight=False)


@contextmanager
def _releases(environment: str) -> Generator[BlueGreen]:
    green = Green(known(environment))
    with KubeApi.from_kubeconfig(kubeconfig_path()) as api:
        yield BlueGreen(api, GitServer(api), green, _say)


@app.command(name="open")
def open_green(
    environment: Environment,
    release_of: Annotated[
        str | None, typer.Option(help="Environment whose images it runs; its own by default.")
    ] = None,
) -> None:
    """Bring a second release up in its own namespace and smoke-test it; traffic stays."""
    with _releases(environment) as releases:
        releases.open(known(release_of or environment))


@app.command()
def switch(environment: Environment) -> None:
    """Lead the environment's traffic to the second release; back at once when it fails there."""
    with _releases(environment) as releases:
        releases.switch()


@app.command()
def back(environment: Environment) -> None:
    """Lead the environment's traffic to its own namespace."""
    with _releases(environment) as releases:
        releases.back()


@app.command()
def close(environment: Environment) -> None:
    """Remove the second release and its namespace."""
    with _releases(environment) as releases:
        releases.close()


@app.command()
def status(environment: Environment) -> None:
    """Say which release the traffic goes to."""
    with _releases(environment) as releases:
        green = releases.green
        to_green = traffic.leads_to_green(releases.api, green)
        console.print(f"{environment}: port {green.port} leads to {'green' if to_green else 'blue'}")
