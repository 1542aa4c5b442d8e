"""What a node says about itself."""

import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from ballast.node import cgroups
from ballast.node.layout import Layout
from ballast.node.liveness import load_identity

State = Literal["stopped", "dead", "starting", "running", "degraded"]


class Exit(BaseModel):
    """One end of a component: when (seconds since 1970), why, after how many seconds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    at: float
    reason: str
    ran: float
    log: tuple[str, ...]


class ComponentStatus(BaseModel):
    """One component; `pid` is the node's number, `host_pid` this machine's, 0 when not running."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    state: Literal["waiting", "running", "backoff", "stopped"]
    pid: int
    host_pid: int = 0
    restarts: int
    started_at: float
    next_start: float
    exits: tuple[Exit, ...]


class Report(BaseModel):
    """The supervisor's status file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    started_at: float
    updated_at: float
    stopping: bool
    components: tuple[ComponentStatus, ...]


class NodeStatus(BaseModel):
    """The node as seen from the machine; `reason` says why it is not simply running."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    state: State
    reason: str = ""
    kubeconfig: Path
    supervisor_pid: int = 0
    started_at: float = 0.0
    ready: bool = False
    forwards: dict[int, str] = {}
    forward_problems: dict[int, str] = {}
    components: tuple[ComponentStatus, ...] = ()


class Forwards(BaseModel):
    """The forwarder's report; targets are pairs of address and port."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    wanted: dict[int, tuple[str, int]]
    served: dict[int, tuple[str, int]]
    problems: dict[int, str]


def read_status(layout: Layout) -> NodeStatus:
    """State of the node from its files and processes, without asking its API."""
    kubeconfig = layout.admin_kubeconfig
    identity = load_identity(layout.identity)
    if identity is None:
        return NodeStatus(state="stopped", reason="not started", kubeconfig=kubeconfig)
    if not identity.alive():
        return NodeStatus(
            state="dead",
            reason=f"its supervisor (pid {identity.pid}) ended without an orderly stop; "
            "`ballast node up` cleans up and starts it again",
            kubeconfig=kubeconfig,
            started_at=identity.started,
        )
    report = read_report(layout.status)
    forwards = read_forwards(layout.forwards_applied)
    known = _host_pids(layout.cgroup)
    components = tuple(
        each.model_copy(update={"host_pid": known.get(each.pid, 0)})
        for each in (report.components if report else ())
    )
    failing = [each for each in components if each.state == "backoff"]
    waiting = [each.name for each in components if each.state == "waiting"]
    state: State = "running"
    reason = ""
    if failing:
        state = "degraded"
        reason = "; ".join(f"{each.name} ended: {each.exits[-1].reason}" for each in failing)
    elif waiting or not components:
        state, reason = "starting", f"waiting to start: {', '.join(waiting) or 'everything'}"
    return NodeStatus(
        state=state,
        reason=reason,
        kubeconfig=kubeconfig,
        supervisor_pid=identity.pid,
        started_at=identity.started,
        forwards={port: f"{ip}:{inner}" for port, (ip, inner) in forwards.served.items()},
        forward_problems=forwards.problems,
        components=components,
    )


def read_report(path: Path) -> Report | None:
    """The supervisor's last word, or None when it has not spoken yet."""
    try:
        return Report.model_validate_json(path.read_text())
    except FileNotFoundError:
        return None


def read_forwards(path: Path) -> Forwards:
    """What the forwarder serves; nothing when it has not started yet."""
    try:
        return Forwards.model_validate(json.loads(path.read_text()))
    except FileNotFoundError:
        return Forwards(wanted={}, served={}, problems={})


def _host_pids(cgroup: str) -> dict[int, int]:
    """The machine's pid of each process of the node, by its pid inside."""
    known: dict[int, int] = {}
    for pid in cgroups.processes(f"{cgroup}/system", cgroups.mounted()):
        try:
            text = Path(f"/proc/{pid}/status").read_text()
        except OSError:  # it ended since it was listed: before the file was opened, or after
            continue
        line = next(each for each in text.splitlines() if each.startswith("NSpid:"))
        numbers = line.split()[1:]
        if len(numbers) == 2:
            known[int(numbers[1])] = pid
    return known
