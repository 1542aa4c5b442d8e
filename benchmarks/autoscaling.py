"""Whether 10 users may become 100 within two minutes: pods that come, and requests that fail.

python benchmarks/autoscaling.py [--services api-gateway,task-service] [--most 3] [--json FILE]

Autoscaling is switched on as anybody would: by a commit of the environment's values, which Argo CD
syncs; a second commit takes it back at the end. A user makes six creates a minute, as in
loadtests/ramp.yaml. Exit code 1 when a create failed or no service got another pod.
"""

import argparse
import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml
from rich.console import Console
from rich.table import Table
from workload.clients import Clients, acknowledged
from workload.environment import (
    Environment,
    Users,
    load_of_machine,
    name_of_run,
    open_environment,
)

from ballast import argo
from ballast.errors import BallastError
from ballast.gate.samples import quantile
from ballast.gitserver import GitServer
from ballast.kubeapi.shape import mapping, mappings

USERS = (10, 20, 30, 40, 50, 60, 70, 80, 90, 100)
RAMP_SECONDS = 120.0
HOLD_SECONDS = 60.0
REQUESTS_PER_USER_PER_SECOND = 0.1
SYNC_SECONDS = 180.0


@dataclass(frozen=True)
class Size:
    """What an autoscaler says at a moment: pods there and wanted, CPU in percent of the request."""

    at: float
    service: str
    pods: int
    wanted: int
    cpu: int | None


@dataclass(frozen=True)
class Stage:
    """One number of users: creates, failed attempts, p95 in milliseconds, pods by service."""

    users: int
    creates: int
    failed: int
    p95_ms: float
    pods: dict[str, int]


def with_autoscaling(values: str, services: Sequence[str], least: int, most: int) -> str:
    """An environment's values with autoscaling for these services, at the chart's own targets."""
    document: dict[str, Any] = yaml.safe_load(values)
    for service in services:
        bounds = {"enabled": True, "minReplicas": least, "maxReplicas": most}
        document.setdefault(service, {})["autoscaling"] = bounds
    return yaml.safe_dump(document, sort_keys=False)


@contextmanager
def autoscaled(
    environment: Environment, services: Sequence[str], most: int, say: Callable[[str], None]
) -> Generator[None]:
    """Autoscaling for these services while the block runs."""
    git, path = GitServer(environment.api), f"gitops/environments/{environment.name}/values.yaml"
    before = git.read_file(path)
    asked = with_autoscaling(before, services, 1, most)
    say("autoscaling is switched on by a commit")
    _sync(environment, git.commit_files("autoscaling: on, measured", {path: asked}))
    try:
        yield
    finally:
        _sync(environment, git.commit_files("autoscaling: as before", {path: before}))
        say("autoscaling is off again")


def _sync(environment: Environment, commit: str) -> None:
    argo.wait_synced(environment.api, [f"todo-{environment.name}"], commit, timeout=SYNC_SECONDS)


def sizes(environment: Environment, services: Sequence[str]) -> list[Size]:
    """What the autoscalers of these services say now."""
    found: list[Size] = []
    scalers = environment.api.list(
        "autoscaling/v2", "HorizontalPodAutoscaler", environment.namespace
    )
    for scaler in scalers:
        name = str(mapping(scaler["metadata"])["name"])
        if name not in services:
            continue
        status = mapping(scaler.get("status"))
        used = [
            mapping(mapping(each.get("resource")).get("current")).get("averageUtilization")
            for each in mappings(status.get("currentMetrics"))
            if mapping(each.get("resource")).get("name") == "cpu"
        ]
        found.append(
            Size(
                time.time(),
                name,
                int(status.get("currentReplicas") or 0),
                int(status.get("desiredReplicas") or 0),
                int(used[0]) if used and used[0] is not None else None,
            )
        )
    return found


@contextmanager
def watched(environment: Environment, services: Sequence[str]) -> Generator[list[Size]]:
    """Sizes every two seconds while the block runs."""
    seen: list[Size] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(2.0):
            seen.extend(sizes(environment, services))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join(timeout=30)


def play(environment: Environment, everyone: Users, users: int, seconds: float) -> Clients:
    """So many of the users create for so long."""
    some = Users(everyone.names[:users], everyone.tokens[:users])
    clients = Clients(environment.url, some, name_of_run("scale"))
    end = time.monotonic() + seconds
    rate = users * REQUESTS_PER_USER_PER_SECOND
    asyncio.run(clients.play(rate, lambda _: time.monotonic() < end))
    return clients


def stage(users: int, clients: Clients, seen: Sequence[Size]) -> Stage:
    """The figures of one stage."""
    done = [create.latency for create in acknowledged(clients.creates)]
    return Stage(
        users,
        len(clients.creates),
        sum(len(create.failures) for create in clients.creates),
        round(quantile(done, 0.95) * 1000, 1),
        {size.service: size.pods for size in seen},
    )


def measure(asked: argparse.Namespace, console: Console) -> int:
    """Measure and print; 1 when a create failed or nothing grew."""
    stages: list[Stage] = []
    with open_environment(asked.environment) as environment:
        everyone = environment.users(name_of_run("users"), USERS[-1])
        with autoscaled(environment, asked.services, asked.most, console.log):
            _until_measured(environment, asked.services)
            with watched(environment, asked.services) as seen:
                began = time.time()
                for users in USERS:
                    clients = play(environment, everyone, users, RAMP_SECONDS / len(USERS))
                    stages.append(stage(users, clients, seen))
                    console.log(f"{users} users: {stages[-1].pods}, {stages[-1].failed} failed")
                clients = play(environment, everyone, USERS[-1], HOLD_SECONDS)
                stages.append(stage(USERS[-1], clients, seen))
    return report(asked, console, stages, (began, seen))


def _until_measured(environment: Environment, services: Sequence[str]) -> None:
    """An autoscaler knows nothing until the first metrics of the pods are there."""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        found = sizes(environment, services)
        if len(found) == len(services) and all(size.cpu is not None for size in found):
            return
        time.sleep(1)
    raise BallastError(
        "the autoscalers have no figures of their pods after 120 s",
        "Look whether metrics-server in kube-system is ready: no figures come without it.",
    )


def report(
    asked: argparse.Namespace,
    console: Console,
    stages: Sequence[Stage],
    watched_sizes: tuple[float, Sequence[Size]],
) -> int:
    """Print both tables; 1 when a create failed or nothing grew."""
    began, seen = watched_sizes
    table = Table("users", "creates", "failed", "p95, ms", "pods", title="10 to 100 users")
    for each in stages:
        pods = ", ".join(f"{name} {number}" for name, number in sorted(each.pods.items()))
        table.add_row(
            str(each.users), str(each.creates), str(each.failed), f"{each.p95_ms:.0f}", pods
        )
    console.print(table)
    grown = growth(began, seen)
    for service, (seconds, pods) in grown.items():
        console.print(f"{service}: {pods} pods, the first new one wanted after {seconds:.0f} s")
    failed = sum(each.failed for each in stages)
    console.print(f"{failed} requests failed ({load_of_machine()})")
    if asked.json:
        told = {"stages": [asdict(s) for s in stages], "sizes": [asdict(s) for s in seen]}
        asked.json.write_text(json.dumps(told, indent=1))
    return int(bool(failed) or not grown)


def growth(began: float, seen: Sequence[Size]) -> dict[str, tuple[float, int]]:
    """By service that grew: seconds until another pod was wanted, and the most pods there were."""
    grown: dict[str, tuple[float, int]] = {}
    for service in sorted({size.service for size in seen}):
        mine = [size for size in seen if size.service == service]
        wanted = next((size for size in mine if size.wanted > mine[0].wanted), None)
        if wanted:
            grown[service] = (wanted.at - began, max(size.pods for size in mine))
    return grown


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--services", type=lambda text: text.split(","), default=["api-gateway", "task-service"]
    )
    parser.add_argument("--most", type=int, default=3, help="pods of a service at most")
    parser.add_argument("--environment", default="dev")
    parser.add_argument("--json", type=Path, help="keep the figures in this file")
    try:
        return measure(parser.parse_args(), Console(width=150))
    except BallastError as wrong:
        print(f"{wrong}. {wrong.fix}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
