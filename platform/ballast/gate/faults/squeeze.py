"""A container gets a fraction of a core. Proof: the kernel held it back, again and again."""

import time
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.fault import Facts, Fault, container_of
from ballast.gate.order import Site
from ballast.node.containers import group_of, is_unified

PERIOD: Final = 100_000  # microseconds, the kernel's own default


def _group(each: Facts) -> Path | None:
    return group_of(each["uid"], each["id"], controller="cpu")


def _prepare(site: Site) -> Facts:
    squeezed: list[Facts] = []
    for pod in site.pods():
        if pod.serves:
            each: Facts = {"uid": pod.uid, "id": container_of(site, pod)}
            group = _group(each)
            if group is None:
                raise BallastError(
                    f"{site.entry.container} of {pod.name} has no processor group here",
                    "This fault needs the embedded node: ballast node status.",
                )
            squeezed.append({**each, "quota": _quota_file(group).read_text().strip()})
    if not squeezed:
        raise BallastError(f"no ready pod of {site.target.name} in {site.target.namespace}")
    return {"containers": squeezed}


def _inject(site: Site, facts: Facts) -> Facts:
    containers: list[Facts] = facts["containers"]
    before = [_throttled(each) for each in containers]
    seconds = site.entry.seconds or 0
    quota = int((site.entry.share or 1) * PERIOD)
    at = time.time()
    try:
        for each in containers:
            _write(each, f"{quota} {PERIOD}", str(quota))
        eventually(lambda: [_throttled(each) for each in containers] != before, seconds)
        proven_at = time.time()
        time.sleep(max(0.0, at + seconds - time.time()))
        after = [_throttled(each) for each in containers]
    finally:
        _undo(Path(), facts)
    held_back = [now - then for then, now in zip(before, after, strict=True)]
    return {
        "at": at,
        "until": time.time(),
        "proven_at": proven_at,
        "times_throttled": sum(held_back),
    }


def _doubt(facts: Facts, _: FaultProof) -> str:
    if not facts.get("times_throttled"):
        return "no container was held back: it needed less than the share left to it"
    return ""


def _undo(_: Path, facts: Facts) -> None:
    for each in facts["containers"]:
        _write(each, each["quota"], each["quota"])
        group = _group(each)
        if group is not None and _quota_file(group).read_text().strip() != each["quota"]:
            raise BallastError(
                f"{group} still has another quota", "Delete the pod: it is replaced."
            )


def _quota_file(group: Path) -> Path:
    return group / ("cpu.max" if is_unified(group) else "cpu.cfs_quota_us")


def _write(each: Facts, unified: str, legacy: str) -> None:
    group = _group(each)
    if group is not None:
        _quota_file(group).write_text(unified if is_unified(group) else legacy)


def _throttled(each: Facts) -> int:
    group = _group(each)
    if group is None:
        return 0
    rows = dict(line.split() for line in (group / "cpu.stat").read_text().splitlines())
    return int(rows.get("nr_throttled", 0))


FAULT: Final = Fault(
    "Leave {container} of {target} {share:.0%} of a core", _prepare, _inject, _doubt, _undo
)
