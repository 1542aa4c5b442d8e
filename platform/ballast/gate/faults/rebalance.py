"""A consumer drops out of its group in the middle of its work and joins again. Proof: the broker
names other members than before, and each partition has one of them.

A consumer's sidecar is its member of the group. The broker gives a new id to whoever joins, and
every join makes the group share its partitions anew.
"""

import contextlib
import os
import signal
import time
from typing import Final

from ballast.errors import BallastError
from ballast.gate.broker_view import Member, ask, broker_view
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.fault import Facts, Fault, one_container
from ballast.gate.order import Site
from ballast.node.containers import processes_of

# The broker waits ten seconds for a member that says nothing before it goes on without it.
SHARED_SECONDS: Final = 45.0
STABLE: Final = "Stable"


def group_name(site: Site) -> str:
    """The consumer group of the target: its user on the broker has the same name."""
    return f"{site.order.namespace}.{site.entry.target}"


def _prepare(site: Site) -> Facts:
    facts, group = one_container(site), group_name(site)
    with broker_view(site.api) as view:
        state, members = view.members(group)
    if state != STABLE:
        raise BallastError(f"group {group} is {state or 'unknown'} before the fault, not {STABLE}")
    return {
        **facts,
        "group": group,
        "members": sorted(member.id for member in members),
        "partitions": sum(member.partitions for member in members),
    }


def _inject(site: Site, facts: Facts) -> Facts:
    pids = processes_of(facts["uid"], facts["id"])
    if not pids:
        raise BallastError(
            f"no process of {facts['container']} in {facts['pod']} is on this machine",
            "This fault needs the embedded node: ballast node status.",
        )
    at = time.time()
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    seen: tuple[str, list[Member]] = ("", [])
    states: list[str] = []

    def shared_anew() -> bool:
        nonlocal seen
        seen = ask(site.api, lambda view: view.members(facts["group"])) or ("", [])
        states.extend([seen[0]] if seen[0] not in states[-1:] else [])
        joined = {member.id for member in seen[1]} - set(facts["members"])
        shared = sum(member.partitions for member in seen[1])
        return seen[0] == STABLE and bool(joined) and shared == facts["partitions"]

    shared = eventually(shared_anew, SHARED_SECONDS, 0.2)
    return {
        "at": at,
        "until": at,
        "proven_at": time.time(),
        "states": " > ".join(states),
        "shared_anew": shared,
        "members_new": len({member.id for member in seen[1]} - set(facts["members"])),
        "members_gone": len(set(facts["members"]) - {member.id for member in seen[1]}),
    }


def _doubt(facts: Facts, _: FaultProof) -> str:
    if not facts.get("partitions"):
        return f"group {facts['group']} read no partition before the fault"
    if not facts.get("members_gone"):
        return f"no member of {facts['group']} dropped out"
    if not facts.get("members_new"):
        return f"no member joined {facts['group']} anew"
    if not facts["shared_anew"]:
        return f"{facts['group']} did not share its {facts['partitions']} partitions anew"
    return ""


FAULT: Final = Fault(
    "Make the consumers of {target} share their partitions anew", _prepare, _inject, _doubt
)
