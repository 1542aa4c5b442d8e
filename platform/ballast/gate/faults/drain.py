"""A node lets nothing new in and its pods of one service are evicted. Proof: the node said that it
was closed, and evicted pods are gone. Pods that a PodDisruptionBudget kept are counted apart.
"""

import time
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.faults.fault import Facts, Fault, victim_of
from ballast.gate.order import Site
from ballast.gate.pods import PodState
from ballast.kubeapi import KubeApi
from ballast.kubeapi.errors import KubeApiError
from ballast.kubeapi.shape import mapping

REFUSED: Final = 429


def _prepare(site: Site) -> Facts:
    victim = victim_of(site)
    pod = mapping(site.api.get("v1", "Pod", victim.name, site.target.namespace))
    node = str(mapping(pod.get("spec")).get("nodeName", ""))
    if _closed(site.api, node):
        raise BallastError(f"node {node} is closed already", f"kubectl uncordon {node}")
    return {"node": node, "pod": victim.name, "uid": victim.uid}


def _inject(site: Site, facts: Facts) -> Facts:
    at = time.time()
    try:
        _close(site.api, facts["node"], True)
        closed = _closed(site.api, facts["node"])
        pods = sorted(site.pods(), key=lambda pod: pod.uid != facts["uid"])
        evicted = [pod.uid for pod in pods if _evict(site, pod)]
        proven_at = time.time()
        time.sleep(site.entry.seconds or 0)
    finally:
        _close(site.api, facts["node"], False)
    return {
        "at": at,
        "until": time.time(),
        "proven_at": proven_at,
        "closed": closed,
        "evicted": evicted,
        "kept_by_budget": [pod.uid for pod in pods if pod.uid not in evicted],
    }


def _doubt(facts: Facts, proof: FaultProof) -> str:
    if not facts.get("closed"):
        return f"node {facts['node']} was never closed"
    gone = [uid for uid in facts["evicted"] if proof.before_of(uid) and proof.after_of(uid) is None]
    if not facts["evicted"] or gone != facts["evicted"]:
        return f"{len(gone)} of {len(facts['evicted'])} evicted pods are gone"
    return ""


def _undo(kubeconfig: Path, facts: Facts) -> None:
    with KubeApi.from_kubeconfig(kubeconfig) as api:
        if _closed(api, facts["node"]):
            _close(api, facts["node"], False)


def _closed(api: KubeApi, node: str) -> bool:
    return mapping(mapping(api.get("v1", "Node", node)).get("spec")).get("unschedulable") is True


def _close(api: KubeApi, node: str, closed: bool) -> None:
    api.patch("v1", "Node", node, None, {"spec": {"unschedulable": closed or None}})


def _evict(site: Site, pod: PodState) -> bool:
    eviction = {
        "apiVersion": "policy/v1",
        "kind": "Eviction",
        "metadata": {"name": pod.name, "namespace": site.target.namespace},
    }
    path = site.api.path("v1", "Pod", pod.name, site.target.namespace)
    # The client tries a refused request again until its deadline; a budget's no is an answer here.
    with KubeApi.from_kubeconfig(site.order.kubeconfig, deadline=1.0) as once:
        try:
            once.request("POST", f"{path}/eviction", eviction)
        except KubeApiError as refused:
            if refused.status != REFUSED:
                raise
            return False
    return True


FAULT: Final = Fault("Close the node and evict {target} from it", _prepare, _inject, _doubt, _undo)
