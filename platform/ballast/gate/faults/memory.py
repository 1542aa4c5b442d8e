"""A container gets no more memory than it has. Proof: the kernel refused it some, or killed it for
want of it, and Kubernetes says so.
"""

import errno
import time
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.fault import Facts, Fault, one_container
from ballast.gate.order import Site
from ballast.kubeapi.shape import mapping, mappings
from ballast.node.containers import group_of, is_unified

ATTEMPTS: Final = 50
LOOK_SECONDS: Final = 0.05


def _group(facts: Facts) -> Path | None:
    return group_of(facts["uid"], facts["id"], controller="memory")


def _prepare(site: Site) -> Facts:
    facts = one_container(site)
    group = _group(facts)
    if group is None:
        raise BallastError(
            f"{facts['container']} of {facts['pod']} has no memory group on this machine",
            "This fault needs the embedded node: ballast node status.",
        )
    return {**facts, "limit": _limit_file(group).read_text().strip()}


def _inject(site: Site, facts: Facts) -> Facts:
    group = _group(facts)
    if group is None:
        raise BallastError(f"{facts['container']} of {facts['pod']} went away before the fault")
    before = last = _refused(group)
    proven_at: float | None = None
    at = time.time()
    try:
        left = _tighten(group)
        while time.time() < at + (site.entry.seconds or 0) and group.exists():
            last = max(last, _refused(group))
            # What it gives back it does not get again.
            _follow(group)
            proven_at = proven_at or (time.time() if last > before else None)
            time.sleep(LOOK_SECONDS)
    finally:
        _undo(Path(), facts)
    until = time.time()
    gone = not group.exists()
    # Its control group dies with a container; why it ended is Kubernetes' to say, a moment later.
    killed = gone and eventually(lambda: _killed(site, facts), site.order.patience)
    return {
        "at": at,
        "until": until,
        "proven_at": proven_at or until,
        "bytes_left": left,
        "times_refused": last - before,
        "killed_for_memory": killed,
    }


def _doubt(facts: Facts, _: FaultProof) -> str:
    if not facts.get("times_refused") and not facts.get("killed_for_memory"):
        return f"{facts['container']} of {facts['pod']} got all the memory that it asked for"
    return ""


def _undo(_: Path, facts: Facts) -> None:
    group = _group(facts)
    if group is None:
        return  # what replaced the container has its own group
    try:
        _limit_file(group).write_text(facts["limit"])
        found = _limit_file(group).read_text().strip()
    except OSError:
        if group.exists():
            raise
        return
    if found != facts["limit"]:
        raise BallastError(
            f"{group} still has another limit: {found}", "Delete the pod: it is replaced."
        )


def _tighten(group: Path) -> int:
    """Set the lowest limit that the kernel takes: what cannot be taken back. In bytes.

    Version 1 takes back what it can and then refuses a limit below the rest; version 2 takes any
    limit and kills for it, so there it is set to what is used.
    """
    if not is_unified(group):
        _accepts(group, _used(group) // 2)
    for _ in range(ATTEMPTS):
        used = _used(group)
        if _accepts(group, used):
            return used
    raise BallastError(f"{group} takes no limit: it grows too fast", "Run the experiment again.")


def _follow(group: Path) -> None:
    """Lower the limit to what is used now; a group that is gone needs none."""
    try:
        _accepts(group, _used(group))
    except OSError:
        if group.exists():
            raise


def _accepts(group: Path, limit: int) -> bool:
    try:
        _limit_file(group).write_text(str(limit))
    except OSError as refused:
        if refused.errno != errno.EBUSY:
            raise
        return False
    return True


def _limit_file(group: Path) -> Path:
    return group / ("memory.max" if is_unified(group) else "memory.limit_in_bytes")


def _used(group: Path) -> int:
    name = "memory.current" if is_unified(group) else "memory.usage_in_bytes"
    return int((group / name).read_text())


def _refused(group: Path) -> int:
    """How often the limit was hit; 0 for a group that is gone."""
    try:
        if not is_unified(group):
            return int((group / "memory.failcnt").read_text())
        rows = dict(line.split() for line in (group / "memory.events").read_text().splitlines())
        return int(rows.get("max", 0))
    except OSError:
        return 0


def _killed(site: Site, facts: Facts) -> bool:
    pod = mapping(site.api.get("v1", "Pod", facts["pod"], site.target.namespace))
    for container in mappings(mapping(pod.get("status")).get("containerStatuses")):
        if container.get("name") == facts["container"]:
            states = [mapping(container.get(when)) for when in ("state", "lastState")]
            ends = [mapping(state.get("terminated")) for state in states]
            return any(
                end.get("reason") == "OOMKilled"
                and str(end.get("containerID", "")).endswith(facts["id"])
                for end in ends
            )
    return False


FAULT: Final = Fault(
    "Leave {container} of one pod of {target} no more memory than it has",
    _prepare, _inject, _doubt, _undo,
)  # fmt: skip
