"""Seconds from the deletion of a pod until the one that takes its place is Ready, by service.

python benchmarks/cold_start.py [--repeats 5] [--service task-service] [--json FILE]

A pod is deleted without grace; the API server is asked ten times a second for what became of the
new one. Exit code 1 when a median is above 5 s.
"""

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table
from workload.environment import SIDECAR, Environment, load_of_machine, open_environment

from ballast.errors import BallastError
from ballast.gate.pods import PodState, pod_state
from ballast.kubeapi.shape import Json, mapping, mappings
from ballast.names import SERVICES

LIMIT_SECONDS = 5.0
PATIENCE_SECONDS = 120.0
POLL_SECONDS = 0.1
# In this order; each is the first moment at which the API server shows it.
MARKS = ("made", "scheduled", "sandbox", "app runs", "sidecar answers", "app answers", "ready")


def seen(pod: Json) -> set[str]:
    """The marks that a pod shows."""
    status = mapping(pod.get("status"))
    conditions = {
        str(each.get("type")) for each in mappings(status.get("conditions"))
        if each.get("status") == "True"
    }  # fmt: skip
    containers = {str(each.get("name")): each for each in mappings(status.get("containerStatuses"))}
    marks = {"made"}
    if "PodScheduled" in conditions:
        marks.add("scheduled")
    if "PodReadyToStartContainers" in conditions or status.get("podIP"):
        marks.add("sandbox")
    for name, container in containers.items():
        shown = {
            "sidecar answers": name == SIDECAR and container.get("ready"),
            "app runs": name != SIDECAR and "running" in mapping(container.get("state")),
            "app answers": name != SIDECAR and container.get("started"),
        }
        marks |= {mark for mark, holds in shown.items() if holds}
    if "Ready" in conditions:
        marks.add("ready")
    return marks


def cold_start(environment: Environment, service: str) -> dict[str, float]:
    """Seconds after the deletion at which each mark was first seen. BallastError without one."""
    selector = f"app={service}"
    old = {pod_state(pod).uid: pod_state(pod) for pod in environment.pods(selector)}
    victim = next((pod for pod in old.values() if pod.serves), None)
    if victim is None:
        raise BallastError(f"no pod of {service} is ready", "Wait until the environment is whole.")
    api, namespace = environment.api, environment.namespace
    began = time.monotonic()
    api.delete("v1", "Pod", victim.name, namespace, uid=victim.uid, grace_seconds=0)
    marks: dict[str, float] = {}
    while "ready" not in marks:
        now = time.monotonic() - began
        if now > PATIENCE_SECONDS:
            raise BallastError(f"{service} is not ready {now:.0f} s after {victim.name} went")
        for pod in environment.pods(selector):
            if pod_state(pod).uid not in old:
                for mark in seen(pod):
                    marks.setdefault(mark, now)
        time.sleep(POLL_SECONDS)
    return marks


def await_whole(environment: Environment, service: str, wanted: int) -> None:
    """Wait until so many pods serve; BallastError when they do not in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    while sum(each.serves for each in states(environment, service)) < wanted:
        if time.monotonic() > end:
            raise BallastError(f"{service} has no {wanted} pods that serve")
        time.sleep(POLL_SECONDS)


def states(environment: Environment, service: str) -> list[PodState]:
    """The pods of a service."""
    return [pod_state(pod) for pod in environment.pods(f"app={service}")]


def table_of(found: dict[str, list[dict[str, float]]]) -> Table:
    """A line a service: median and most, and the median moment of each mark."""
    table = Table("service", "median, s", "most, s", *MARKS[:-1])
    table.title = "pod deleted to Ready; marks are seconds after the deletion"
    for service, runs in found.items():
        moments = [
            statistics.median([run.get(mark, run["ready"]) for run in runs]) for mark in MARKS[:-1]
        ]
        table.add_row(
            service,
            f"{median(runs):.1f}",
            f"{max(run['ready'] for run in runs):.1f}",
            *(f"{moment:.1f}" for moment in moments),
        )
    return table


def median(runs: Sequence[dict[str, float]]) -> float:
    """Seconds to Ready in the middle run."""
    return statistics.median(run["ready"] for run in runs)


def measure(asked: argparse.Namespace, console: Console) -> int:
    """Delete pods of each service in turn; 1 when a median is above the limit."""
    found: dict[str, list[dict[str, float]]] = {name: [] for name in asked.service}
    with open_environment(asked.environment) as environment:
        whole = {name: len(states(environment, name)) for name in asked.service}
        for _ in range(asked.repeats):
            for service, runs in found.items():
                await_whole(environment, service, whole[service])
                time.sleep(asked.rest)
                runs.append(cold_start(environment, service))
                console.log(f"{service}: {runs[-1]['ready']:.1f} s, {load_of_machine()}")
        for service in found:
            await_whole(environment, service, whole[service])
    console.print(table_of(found))
    slow = [service for service, runs in found.items() if median(runs) > LIMIT_SECONDS]
    console.print(f"above {LIMIT_SECONDS:g} s: {', '.join(slow) or 'none'} ({load_of_machine()})")
    if asked.json:
        asked.json.write_text(json.dumps(found, indent=1))
    return int(bool(slow))


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--rest", type=float, default=2.0, help="seconds before a deletion")
    parser.add_argument("--service", action="append", choices=SERVICES)
    parser.add_argument("--environment", default="dev")
    parser.add_argument("--json", type=Path, help="keep all runs in this file")
    asked = parser.parse_args()
    asked.service = asked.service or list(SERVICES)
    try:
        return measure(asked, Console(width=150))
    except BallastError as wrong:
        print(f"{wrong}. {wrong.fix}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
