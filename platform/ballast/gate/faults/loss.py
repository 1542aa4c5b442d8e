"""Packets between a service and a peer are lost, some or all. Proof: the kernel counted them, and
new connections failed that had not failed before.
"""

import time
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults import firewall
from ballast.gate.faults.fault import Facts, Fault
from ballast.gate.faults.peer import Peer, connects, peer_of, tries
from ballast.gate.order import Site

# Shorter than the second after which the kernel sends a lost opening packet again: one that was
# lost is seen as a failure and not as a slow success.
CONNECT_SECONDS: Final = 0.8


def prepare(site: Site) -> Facts:
    """Every pod of the target that serves, by UID."""
    pods = [pod for pod in site.pods() if pod.serves]
    if not pods:
        raise BallastError(f"no ready pod of {site.target.name} in {site.target.namespace}")
    return {"uids": [pod.uid for pod in pods], "share": site.entry.share or 0}


def _inject(site: Site, facts: Facts) -> Facts:
    uids, share = facts["uids"], float(facts["share"])
    peer = peer_of(site, str(site.entry.peer))
    before = connects(uids[0], peer.address, peer.port, 10.0)
    at = time.time()
    try:
        for uid in uids:
            firewall.lose(uid, peer.addresses, share)
        wrong = tries(uids[0], peer, site.entry.seconds or 0, CONNECT_SECONDS)
        packets = sum(firewall.lost(uid) for uid in uids)
    finally:
        for uid in uids:
            firewall.restore(uid)
    return {
        "at": at,
        "until": time.time(),
        "proven_at": at + CONNECT_SECONDS,
        "peer": f"{peer.address}:{peer.port}",
        "before": before,
        "tried": len(wrong),
        "failed": sum(bool(each) for each in wrong),
        "packets_lost": packets,
        "connects_again": connects_again(site, uids[0], peer),
    }


def connects_again(site: Site, uid: str, peer: Peer) -> bool:
    """Whether a pod reaches the peer within the order's patience."""
    return eventually(lambda: not connects(uid, peer.address, peer.port, 2.0), site.order.patience)


def _doubt(facts: Facts, _: FaultProof) -> str:
    peer = facts.get("peer")
    if facts.get("before", "not tried"):
        return f"{peer} could not be reached before the fault either: {facts.get('before')}"
    if not facts["packets_lost"]:
        return f"no packet to or from {peer} was lost"
    if not facts["failed"]:
        return f"all {facts['tried']} new connections to {peer} succeeded during the fault"
    if facts["share"] >= 1 and facts["failed"] < facts["tried"]:
        return (
            f"{facts['tried'] - facts['failed']} of {facts['tried']} new connections to {peer} "
            "came through the partition"
        )
    return ""


def undo(_: Path, facts: Facts) -> None:
    """Take the rules out of the network of each pod that is still there."""
    for uid in facts["uids"]:
        firewall.restore(uid)


FAULT: Final = Fault(
    "Lose {share:.0%} of the packets between {target} and {peer}", prepare, _inject, _doubt, undo
)
