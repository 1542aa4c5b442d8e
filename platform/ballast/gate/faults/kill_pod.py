"""A pod dies without a chance to say goodbye. Proof: its UID was there and is gone."""

import time
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.ending import end_pod
from ballast.gate.faults.fault import Facts, Fault, victim_of
from ballast.gate.order import Site


def _prepare(site: Site) -> Facts:
    pod = victim_of(site)
    return {"pod": pod.name, "uid": pod.uid}


def _inject(site: Site, facts: Facts) -> Facts:
    at = time.time()
    name, uid = facts["pod"], facts["uid"]
    if not end_pod(site, name, uid):
        raise BallastError(f"pod {name} went away before it could be killed")
    eventually(lambda: uid not in {pod.uid for pod in site.pods()}, site.order.patience)
    return {"at": at, "until": at, "proven_at": time.time()}


def _doubt(facts: Facts, proof: FaultProof) -> str:
    if proof.before_of(facts["uid"]) is None:
        return f"pod {facts['pod']} was not there before the fault"
    if proof.after_of(facts["uid"]) is not None:
        return f"pod {facts['pod']} was not killed: its UID did not go"
    return ""


FAULT: Final = Fault("Kill one pod of {target}", _prepare, _inject, _doubt)
