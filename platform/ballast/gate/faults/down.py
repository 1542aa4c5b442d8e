"""A backing store is gone for some seconds. Proof: no pod of it lives, and a client of it is
refused that was not refused before.
"""

import time
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.ending import end_pod
from ballast.gate.faults.fault import Facts, Fault
from ballast.gate.faults.peer import Peer, connects, peer_of, tries
from ballast.gate.order import Site
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping
from ballast.names import DATABASE_OWNERS

CONNECT_SECONDS: Final = 1.0
# Every store admits this service, which all of them serve.
CLIENT: Final = next(iter(DATABASE_OWNERS))


def _prepare(site: Site) -> Facts:
    target = site.target
    wanted = _replicas(site.api, target.kind, target.name, target.namespace)
    if not wanted:
        raise BallastError(f"{target.name} has no replica that could go down")
    return {
        "kind": target.kind,
        "name": target.name,
        "namespace": target.namespace,
        "replicas": wanted,
    }


def _inject(site: Site, facts: Facts) -> Facts:
    client = next((pod for pod in site.pods(CLIENT) if pod.serves), None)
    if client is None:
        raise BallastError(f"no ready pod of {CLIENT} could see {facts['name']} go down")
    peer = peer_of(site, site.entry.target)
    before = connects(client.uid, peer.address, peer.port, 10.0)
    at = time.time()
    try:
        _scale(site.api, facts, 0)
        for pod in site.pods():
            # Without grace: a store that says goodbye is the easier test, and takes half a minute.
            end_pod(site, pod.name, pod.uid)
        gone = eventually(lambda: not site.pods(), site.order.patience * 2)
        # Where its processes are out of reach, a pod is gone from the API before they are.
        eventually(lambda: bool(_refused(client.uid, peer)), site.order.patience)
        proven_at = time.time()
        wrong = tries(client.uid, peer, site.entry.seconds or 0, CONNECT_SECONDS)
    finally:
        _scale(site.api, facts, facts["replicas"])
    return {
        "at": at,
        "until": time.time(),
        "proven_at": proven_at,
        "before": before,
        "gone": gone,
        "tried": len(wrong),
        "refused": sum(bool(each) for each in wrong),
    }


def _refused(client: str, peer: Peer) -> str:
    return connects(client, peer.address, peer.port, CONNECT_SECONDS)


def _doubt(facts: Facts, _: FaultProof) -> str:
    name = facts["name"]
    if facts.get("before", "not tried"):
        return f"{name} could not be reached before the fault either: {facts.get('before')}"
    if not facts["gone"]:
        return f"pods of {name} lived on"
    if not facts["tried"] or facts["refused"] < facts["tried"]:
        return f"{name} took {facts['tried'] - facts['refused']} connections while it was down"
    return ""


def _undo(kubeconfig: Path, facts: Facts) -> None:
    with KubeApi.from_kubeconfig(kubeconfig) as api:
        found = _replicas(api, facts["kind"], facts["name"], facts["namespace"])
        if found != facts["replicas"]:
            _scale(api, facts, facts["replicas"])


def _replicas(api: KubeApi, kind: str, name: str, namespace: str) -> int:
    found = mapping(api.get("apps/v1", kind, name, namespace))
    return int(mapping(found.get("spec")).get("replicas") or 0)


def _scale(api: KubeApi, facts: Facts, replicas: int) -> None:
    body = {"spec": {"replicas": replicas}}
    api.patch("apps/v1", facts["kind"], facts["name"], facts["namespace"], body)


FAULT: Final = Fault("Take {target} down", _prepare, _inject, _doubt, _undo)
