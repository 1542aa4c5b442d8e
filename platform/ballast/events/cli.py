"""`ballast events`: what happened to events that nobody could handle."""

from typing import Annotated

import typer

from ballast.errors import BallastError
from ballast.events.operator_login import operator_login
from ballast.events.service_pod import ModuleFailedError, namespace_of, run_module
from ballast.kubeapi import KubeApi
from ballast.node.layout import Layout

app = typer.Typer(no_args_is_help=True, help="Events of an environment.")
dlq = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help=(
        "Dead letters: events whose handling failed for good.\n\n"
        "A consumer that cannot read an event, or fails on it after all repeats, leaves it to "
        "`<topic>.dlq`, where it lies for seven days and holds up nobody. Then:\n\n"
        "1. `ballast events dlq list` shows what waits.\n"
        "2. `ballast events dlq show ID` shows one event with its failure headers.\n"
        "3. Remove the cause: a defect, a missing table, a wrong schema.\n"
        "4. `ballast events dlq replay ID` sends it again; try `--dry-run` first.\n\n"
        "A replay is at least once: an event that was handled meanwhile is recognised by its id "
        "and has no second effect. ID is an event's id, or topic/partition/offset. The letters "
        "are read in a pod of the task service, which reaches the broker, with an operator's login "
        "that comes along for this command only; nothing is opened to this machine."
    ),
)
app.add_typer(dlq, name="dlq")

MODULE = "todo_shared.dead_letters"
SERVICE = "task-service"

Environment = Annotated[str, typer.Option("--environment", "-e", help="dev, staging or prod.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object for machines.")]
Topic = Annotated[str, typer.Option(help="Only of this topic, such as task.created.")]


@dlq.command("list")
def list_command(
    environment: Environment = "dev",
    topic: Topic = "",
    replayed: Annotated[bool, typer.Option("--replayed", help="Those replayed, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 100,
    json_output: Json = False,
) -> None:
    """Show the letters that wait: place, event, user, age and failure headers."""
    words = ["list", "--limit", str(limit), *_if(replayed, "--replayed"), *_topic(topic)]
    _ask(environment, words, json_output)


@dlq.command()
def show(
    name: Annotated[str, typer.Argument(metavar="ID", help="Event id, or topic/partition/offset.")],
    environment: Environment = "dev",
    json_output: Json = False,
) -> None:
    """Show one letter with its whole event."""
    _ask(environment, ["show", name], json_output)


@dlq.command()
def replay(  # noqa: PLR0917 - one argument an option
    name: Annotated[str, typer.Argument(metavar="ID", help="One letter.")] = "",
    environment: Environment = "dev",
    topic: Annotated[str, typer.Option(help="All of this topic that wait.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="All that wait.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be sent.")
    ] = False,
    json_output: Json = False,
) -> None:
    """Send letters again to the topic they came from, and wait until the broker has them.

    Interrupted or refused halfway, the same command goes on where it ended.
    """
    if [bool(name), bool(topic), everything].count(True) != 1:
        raise typer.BadParameter("name one ID, or --topic, or --all")
    which = [name] if name else [*_topic(topic), *_if(everything, "--all")]
    _ask(environment, ["replay", *which, *_if(dry_run, "--dry-run")], json_output)


def _if(wanted: bool, word: str) -> list[str]:
    return [word] if wanted else []


def _topic(name: str) -> list[str]:
    return ["--topic", name] if name else []


def _ask(environment: str, words: list[str], json_output: bool) -> None:
    namespace_of(environment)
    kubeconfig = Layout.default().admin_kubeconfig
    if not kubeconfig.exists():
        raise BallastError("the platform is not up: there is no kubeconfig", "make up")
    with KubeApi.from_kubeconfig(kubeconfig) as api:
        try:
            told = run_module(
                api,
                environment,
                SERVICE,
                MODULE,
                [*words, *_if(json_output, "--json"), "--login-from-stdin"],
                stdin=operator_login(api, environment),
            )
        except ModuleFailedError as error:
            typer.echo(error.stdout, nl=False)
            raise
    typer.echo(told, nl=False)
