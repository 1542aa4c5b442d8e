"""No file of a store may grow, as on a full disk. Proof: the kernel refused writes, and the store
said so in its log.

A volume of the embedded node is a folder of the machine's own disk and has no size, and filling
that disk would hit everything on it. What is full here is the room of the store's processes: their
limit on the size of a file (RLIMIT_FSIZE) is nothing, so a write fails with EFBIG where a full disk
gives ENOSPC. It is the harder case: not even a file's existing part can be written over.
"""

import contextlib
import datetime
import errno
import os
import resource
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.fault import Facts, Fault, one_container
from ballast.gate.order import Site
from ballast.kubeapi.errors import KubeApiError
from ballast.node.containers import processes_of

# What C libraries and Java alike say of EFBIG.
REFUSAL: Final = os.strerror(errno.EFBIG)
LOOK_SECONDS: Final = 0.05
SAID_SECONDS: Final = 2.0
_PROGRAM: Final = Path(__file__).with_name("file_limit.py")


def _prepare(site: Site) -> Facts:
    facts = one_container(site)
    pids = processes_of(facts["uid"])
    if not pids:
        raise BallastError(
            f"no process of {facts['pod']} is on this machine",
            "This fault needs the embedded node: ballast node status.",
        )
    limits = {limit for pid in pids if (limit := _limit(pid)) is not None}
    if len(limits) != 1:
        raise BallastError(f"processes of {facts['pod']} have several limits on files already")
    return {**facts, "limit": limits.pop()}


def _inject(site: Site, facts: Facts) -> Facts:
    limited: set[int] = set()
    at = time.time()
    try:
        # A store that dies of it comes back in new processes: the disk is as full for them.
        while time.time() < at + (site.entry.seconds or 0):
            limited |= _set(processes_of(facts["uid"]), 0)
            time.sleep(LOOK_SECONDS)
        eventually(lambda: _refusals(site, facts, at) > 0, SAID_SECONDS)
    finally:
        _undo(Path(), facts)
    return {
        "at": at,
        "until": time.time(),
        "proven_at": at + LOOK_SECONDS,
        "processes_limited": len(limited),
        "refusals_logged": _refusals(site, facts, at),
    }


def _doubt(facts: Facts, _: FaultProof) -> str:
    if not facts.get("processes_limited"):
        return f"no process of {facts['pod']} was kept from writing"
    if facts["refusals_logged"] < 1:
        return f"{facts['container']} of {facts['pod']} told of no write that was refused"
    return ""


def _undo(_: Path, facts: Facts) -> None:
    _set(processes_of(facts["uid"]), facts["limit"])
    left = [pid for pid in processes_of(facts["uid"]) if _limit(pid) not in {None, facts["limit"]}]
    if left:
        raise BallastError(
            f"processes of {facts['pod']} still may not write: {left}",
            "Delete the pod: it is replaced.",
        )


def _limit(pid: int) -> int | None:
    """The soft limit of a process, as the kernel tells everybody; None of one that has ended."""
    try:
        rows = Path(f"/proc/{pid}/limits").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    soft = next(row for row in rows if row.startswith("Max file size")).split()[3]
    return resource.RLIM_INFINITY if soft == "unlimited" else int(soft)


def _owner(pid: int) -> tuple[int, int]:
    """User and group of a process. Who owns its folder says less: one that may not be dumped shows
    as root's.
    """
    rows = [row.split() for row in Path(f"/proc/{pid}/status").read_text().splitlines()]
    found = {row[0]: int(row[1]) for row in rows if row and row[0] in {"Uid:", "Gid:"}}
    return found["Uid:"], found["Gid:"]


def _set(pids: list[int], soft: int) -> set[int]:
    """Give processes a limit, each as its own user; those that did not have it and have it now."""
    users: dict[tuple[int, int], list[int]] = defaultdict(list)
    for pid in pids:
        if _limit(pid) not in {None, soft}:
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                users[_owner(pid)].append(pid)
    done: set[int] = set()
    for (user, group), theirs in users.items():
        command = [
            sys.executable,
            "-I",
            "-S",
            str(_PROGRAM),
            *map(str, (user, group, soft, *theirs)),
        ]
        set_limits = subprocess.run(command, capture_output=True, check=False)
        if set_limits.returncode != 0:
            raise BallastError(f"processes {theirs} take no limit: {set_limits.stderr.decode()}")
        done |= {pid for pid in theirs if _limit(pid) == soft}
    return done


def _refusals(site: Site, facts: Facts, at: float) -> int:
    """Lines that the container, and the one before a restart, said of refusals since a time."""
    path = f"/api/v1/namespaces/{site.target.namespace}/pods/{facts['pod']}/log"
    since = f"{datetime.datetime.fromtimestamp(at, datetime.UTC):%Y-%m-%dT%H:%M:%SZ}"
    told = 0
    for previous in ("false", "true"):
        with contextlib.suppress(KubeApiError):  # there was no container before
            said = site.api.text(
                path, container=facts["container"], sinceTime=since, previous=previous
            )
            told += sum(REFUSAL.lower() in line.lower() for line in said.splitlines())
    return told


FAULT: Final = Fault(
    "Leave {container} of {target} no room on its disk", _prepare, _inject, _doubt, _undo
)
