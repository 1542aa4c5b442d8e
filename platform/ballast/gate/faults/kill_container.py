"""A process of a pod dies and the pod lives on. Proof: another container id, one restart more."""

import contextlib
import os
import signal
import time
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.fault import Facts, Fault, one_container
from ballast.gate.order import Site
from ballast.node.containers import processes_of


def _inject(site: Site, facts: Facts) -> Facts:
    at = time.time()
    pids = processes_of(facts["uid"], facts["id"])
    if not pids:
        raise BallastError(
            f"no process of {facts['container']} in {facts['pod']} is on this machine",
            "This fault needs the embedded node: ballast node status.",
        )
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    def another() -> bool:
        pods = [pod for pod in site.pods() if pod.uid == facts["uid"]]
        return all(pod.ids.get(facts["container"], "") not in {"", facts["id"]} for pod in pods)

    eventually(another, site.order.patience)
    return {"at": at, "until": at, "proven_at": time.time(), "processes": len(pids)}


def _doubt(facts: Facts, proof: FaultProof) -> str:
    before, after = proof.before_of(facts["uid"]), proof.after_of(facts["uid"])
    name, pod = facts["container"], facts["pod"]
    if before is None or after is None:
        return f"pod {pod} did not live through the fault: it was to lose {name} alone"
    if after.restarts.get(name, 0) <= before.restarts.get(name, 0):
        return f"{name} of {pod} was not killed: its restart count stayed"
    if after.ids.get(name) == before.ids.get(name):
        return f"{name} of {pod} was not killed: its container id stayed"
    return ""


FAULT: Final = Fault("Kill {container} of one pod of {target}", one_container, _inject, _doubt)
