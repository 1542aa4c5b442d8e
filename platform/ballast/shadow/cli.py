"""`ballast shadow`: copies of some users' requests to another environment; docs/gitops.md."""

from typing import Annotated

import typer
from rich.console import Console

from ballast.errors import BallastError
from ballast.gate.budget import NoAnswerError, Prometheus
from ballast.gate.live import known, live_ports
from ballast.names import ENVIRONMENT_NAMESPACES
from ballast.shadow.answers import counted
from ballast.shadow.course import Ports, close_shadow, open_shadow
from ballast.shadow.pair import Pair

app = typer.Typer(
    help="Copies of some users' requests to another environment, compared and shown to nobody.",
    no_args_is_help=True,
)
console = Console()
Source = Annotated[str, typer.Argument(help="Environment whose requests are copied.")]


def _say(line: str) -> None:
    console.print(f"[dim]·[/dim] {line}", highlight=False)


def _ports() -> Ports:
    live = live_ports(_say)
    return Ports(live.git, live.sync)


@app.command(name="open")
def open_command(
    source: Source,
    target: Annotated[str, typer.Argument(help="Environment that answers the copies.")],
    percent: Annotated[float, typer.Option(min=0, max=100, help="Of the users.")] = 5.0,
) -> None:
    """Copy requests to an environment with databases and topics of its own, and compare answers."""
    open_shadow(Pair(known(source), known(target)), percent, _ports(), _say)


@app.command()
def status(source: Source) -> None:
    """Say what became of the copies since the shadow was opened, as Prometheus last saw it."""
    try:
        found = counted(Prometheus(), ENVIRONMENT_NAMESPACES[known(source)])
    except NoAnswerError as error:
        raise BallastError(str(error), "make up opens its port") from error
    told = ", ".join(f"{number} {outcome}" for outcome, number in found.items())
    console.print(f"{source}: {told}")
    if found["different"]:
        console.print("where they differ: the logs of api-gateway, `shadow differs`")


@app.command()
def close(source: Source) -> None:
    """End the copies and close the other environment's door to them."""
    close_shadow(known(source), _ports(), _say)
