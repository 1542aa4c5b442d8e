"""`ballast green`: the second release of an environment by hand; docs/runbooks/blue-green.md."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ballast import release
from ballast.bluegreen import canary, traffic
from ballast.bluegreen.comparison import counted
from ballast.bluegreen.green import BlueGreen
from ballast.bluegreen.place import Green
from ballast.errors import BallastError
from ballast.gate.admission import GUARDED
from ballast.gate.budget import Prometheus
from ballast.gate.live import known, kubeconfig_path, live_ports
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi
from ballast.slo.model import load_slos
from ballast.slo.rules import budget

app = typer.Typer(
    help="A second release beside the first, and the traffic between them.", no_args_is_help=True
)
console = Console()
Environment = Annotated[str, typer.Argument(help="Environment: dev, staging or prod.")]
ReleaseOf = Annotated[
    str | None, typer.Option(help="Environment whose images it runs; its own by default.")
]
ReleaseFile = Annotated[
    Path | None, typer.Option("--release", help="Or a file like release.yaml with its images.")
]


def _say(line: str) -> None:
    console.print(f"[dim]·[/dim] {line}", highlight=False)


@contextmanager
def _releases(environment: str) -> Generator[BlueGreen]:
    green = Green(known(environment))
    with KubeApi.from_kubeconfig(kubeconfig_path()) as api:
        yield BlueGreen(api, GitServer(api), green, _say)


def _content(releases: BlueGreen, release_of: str | None, file: Path | None) -> release.Release:
    if file is None:
        source = known(release_of or releases.green.environment)
        return release.parse(releases.git.read_file(release.path_of(source)))
    if release_of is not None:
        raise typer.BadParameter("give --release-of or --release, not both")
    try:
        return release.parse(file.read_text())
    except OSError as error:
        raise BallastError(f"{file} cannot be read: {error.strerror}") from error


@app.command(name="open")
def open_green(
    environment: Environment,
    release_of: ReleaseOf = None,
    file: ReleaseFile = None,
) -> None:
    """Bring a second release up in its own namespace and smoke-test it; traffic stays."""
    with _releases(environment) as releases:
        releases.open(_content(releases, release_of, file))


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
        console.print(
            f"{environment}: port {green.port} leads to {'green' if to_green else 'blue'}"
        )


@app.command(name="canary")
def grow_canary(
    environment: Environment,
    release_of: ReleaseOf = None,
    file: ReleaseFile = None,
) -> None:
    """Open a second release and give it 5, 25, 50 and 100 % of the users, or go back."""
    with _releases(environment) as releases:
        releases.open(_content(releases, release_of, file), subscribes=False)
        canary.grow(releases.green, _canary_ports(releases.green), _say)
        way = (
            f"promote FROM {environment}" if environment in GUARDED else f"green keep {environment}"
        )
        console.print(f"all users of {environment} are with the canary; now, one after the other:")
        console.print(f"ballast {way}")
        console.print(f"ballast green end {environment}")
        console.print(f"ballast green close {environment}")


@app.command()
def keep(environment: Environment) -> None:
    """Give dev's first release the images of the second; `end` and `close` may follow."""
    with _releases(environment) as releases:
        releases.keep()


@app.command()
def end(environment: Environment) -> None:
    """Take the canary's share of the users away; `close` removes it."""
    with _releases(environment) as releases:
        canary.end(releases.green, _canary_ports(releases.green))
        _say(f"all users of {environment} are with {releases.green.blue}")


def _canary_ports(green: Green) -> canary.Ports:
    ports = live_ports(_say)
    served = next(s for s in load_slos() if s.gate and s.gate.bad_sample == "server-error")
    metrics = Prometheus()
    return canary.Ports(
        git=ports.git,
        sync=ports.sync,
        count=lambda seconds: (
            counted(metrics, green.blue, "canary", seconds),
            counted(metrics, green.blue, "stable", seconds),
        ),
        allowed=budget(served),
    )
