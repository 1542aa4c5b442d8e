"""CPU seconds by part of the platform, from the control groups of its containers."""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from ballast.gate.pods import pod_state
from ballast.names import DATABASE_NAMESPACE, MESSAGING_NAMESPACE
from ballast.node.cgroups import mounted
from ballast.node.containers import group_of, is_unified
from ballast.node.layout import Layout
from workload.environment import SIDECAR, Environment

CONTROLLER: Final = "cpuacct"
STORES: Final = {
    f"{MESSAGING_NAMESPACE}/redpanda": "broker",
    f"{DATABASE_NAMESPACE}/postgres": "database",
    f"{DATABASE_NAMESPACE}/redis": "redis",
}
REST: Final = "rest of the platform"
Seconds = dict[str, float]


def cpu_seconds(environment: Environment) -> Seconds:
    """Seconds that each part has used so far; parts of services are `<service> app|sidecar`.

    The rest is everything else on the node: its daemons, the forwarder of its ports, other
    environments, Argo CD, monitoring.
    """
    used: Seconds = {}
    for pod in environment.api.list("v1", "Pod"):
        state = pod_state(pod)
        namespace, _, app = state.workload.partition("/")
        for container, identity in state.ids.items():
            if namespace == environment.namespace and not state.job:
                part = f"{app} {'sidecar' if container == SIDECAR else 'app'}"
            else:
                part = STORES.get(state.workload, "")
            group = group_of(state.uid, identity, controller=CONTROLLER) if part else None
            if group is not None:
                used[part] = used.get(part, 0.0) + seconds_of(group)
    used[REST] = _node() - sum(used.values())
    return used


def since(earlier: Mapping[str, float], now: Mapping[str, float]) -> Seconds:
    """Seconds that each part used between two readings."""
    return {part: seconds - earlier.get(part, 0.0) for part, seconds in now.items()}


def by_kind(parts: Mapping[str, float]) -> Seconds:
    """The parts of all services as two: apps and sidecars."""
    kinds: Seconds = {}
    for part, seconds in parts.items():
        kind = {"app": "apps", "sidecar": "sidecars"}.get(part.split(" ")[-1], part)
        kinds[kind] = kinds.get(kind, 0.0) + seconds
    return kinds


def seconds_of(group: Path) -> float:
    """CPU seconds of a control group, of either version."""
    if is_unified(group):
        rows = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
        return int(rows["usage_usec"]) / 1e6
    return int((group / "cpuacct.usage").read_text()) / 1e9


def _node() -> float:
    name = Layout.default().cgroup
    trees = sorted(
        (tree for tree in mounted() if tree.unified or CONTROLLER in tree.controllers),
        key=lambda tree: tree.unified,
    )
    return seconds_of(trees[0].path / name)
