"""`ballast freeze`, `unfreeze`, `rollback`, `watch`: what operators do to an environment."""

import json
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from ballast.gate import live
from ballast.gate.freeze import freeze as freeze_environment
from ballast.gate.freeze import unfreeze as unfreeze_environment
from ballast.gate.rollback import RollbackPorts
from ballast.gate.rollback import rollback as roll_back
from ballast.gate.until import parse_until
from ballast.gate.watch import Watched
from ballast.gate.watch import watch as watch_promotion
from ballast.gitserver import GitServer
from ballast.kubeapi import KubeApi

console = Console()


def _say(line: str) -> None:
    console.print(f"[dim]·[/dim] {line}", highlight=False)


def _keep_quiet(_: str) -> None:
    """For a caller that reads JSON."""


def freeze(
    environment: str, until: str, reason: str, *, start: str | None, json_output: bool
) -> None:
    """The top-level `ballast freeze ENV`."""
    with KubeApi.from_kubeconfig(live.kubeconfig_path()) as api:
        made = freeze_environment(
            GitServer(api),
            live.known(environment),
            parse_until(until),
            reason,
            start=parse_until(start) if start else None,
        )
    if json_output:
        print(made.model_dump_json())
        return
    console.print(
        f"{environment} is frozen from {made.start.isoformat()} until {made.until.isoformat()} "
        f"({made.reason}); only a hotfix enters it. End it: ballast unfreeze {environment}",
        highlight=False,
        soft_wrap=True,
    )


def unfreeze(environment: str, *, json_output: bool) -> None:
    """The top-level `ballast unfreeze ENV`."""
    with KubeApi.from_kubeconfig(live.kubeconfig_path()) as api:
        ended = unfreeze_environment(GitServer(api), live.known(environment))
    if json_output:
        print(json.dumps([freeze.model_dump(mode="json") for freeze in ended]))
        return
    words = "; ".join(f"{f.reason} (until {f.until.isoformat()})" for f in ended)
    console.print(
        f"{environment} is open again: {words}" if ended else f"{environment} was not frozen",
        highlight=False,
        soft_wrap=True,
    )


def rollback(environment: str, *, json_output: bool) -> None:
    """The top-level `ballast rollback ENV`."""
    say = _keep_quiet if json_output else _say
    api = KubeApi.from_kubeconfig(live.kubeconfig_path())
    promotion = live.live_ports(say)
    ports = RollbackPorts(GitServer(api), promotion.admit, promotion.sync, promotion.smoke)
    done = roll_back(live.known(environment), ports, say)
    if json_output:
        print(json.dumps(asdict(done)))
        return
    was = "has returned" if done.changed else "had returned already"
    console.print(f"{environment} {was} from {done.left} to {done.returned_to}, and serves it")


def watch(environment: str, seconds: float, *, json_output: bool) -> bool:
    """The top-level `ballast watch ENV`; whether the release stayed."""
    say = _keep_quiet if json_output else _say
    done = watch_promotion(live.known(environment), live.live_ports(say), seconds, say)
    if json_output:
        print(json.dumps(asdict(done)))
    elif done.kept:
        console.print(f"{environment} keeps {done.commit[:12]}", highlight=False)
    else:
        console.print(_timeline(done))
    return done.kept


def _timeline(done: Watched) -> Table:
    title = f"{done.environment} went back from {done.commit[:12]}: {done.why}"
    table = Table("seconds after the bad commit", "what had happened", title=title)
    for seconds, what in done.steps:
        table.add_row(f"{seconds:.1f}", what)
    return table
