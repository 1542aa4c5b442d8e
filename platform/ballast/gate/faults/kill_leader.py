"""The broker that leads most partitions dies. Proof: its pod's UID is gone, and every partition
that it led has been given a leader anew, which the broker counts.

With one broker that leader is the same broker again, once it is back: what shows is that producers
and consumers wait for an election and go on. With several, another one takes over.
"""

import time
from collections import Counter
from typing import Final

from ballast.errors import BallastError
from ballast.gate.broker_view import Leader, ask, broker_view
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.ending import end_pod
from ballast.gate.faults.fault import Facts, Fault
from ballast.gate.order import Site
from ballast.names import topic_prefix

ELECTION_SECONDS: Final = 60.0


def _prepare(site: Site) -> Facts:
    with broker_view(site.api) as view:
        leaders = view.leaders(topic_prefix(site.order.environment))
    counted = Counter(leader.pod for leader in leaders.values() if leader.pod)
    if not counted:
        raise BallastError("no topic of this environment has a leader")
    name = counted.most_common(1)[0][0]
    pod = next((pod for pod in site.pods() if pod.name == name), None)
    if pod is None:
        raise BallastError(f"the leader {name} is no pod of {site.target.name}")
    epochs = {place: leader.epoch for place, leader in leaders.items() if leader.pod == name}
    return {"pod": name, "uid": pod.uid, "epochs": epochs}


def _inject(site: Site, facts: Facts) -> Facts:
    at = time.time()
    name, uid = facts["pod"], facts["uid"]
    if not end_pod(site, name, uid):
        raise BallastError(f"pod {name} went away before it could be killed")
    eventually(lambda: uid not in {pod.uid for pod in site.pods()}, site.order.patience)
    proven_at = time.time()
    prefix, elected = topic_prefix(site.order.environment), 0

    def all_elected() -> bool:
        nonlocal elected
        leaders: dict[str, Leader] = ask(site.api, lambda view: view.leaders(prefix)) or {}
        elected = sum(
            place in leaders and bool(leaders[place].pod) and leaders[place].epoch > epoch
            for place, epoch in facts["epochs"].items()
        )
        return elected == len(facts["epochs"])

    eventually(all_elected, ELECTION_SECONDS)
    return {
        "at": at,
        "until": at,
        "proven_at": proven_at,
        "partitions_led": len(facts["epochs"]),
        "elected_again": elected,
        "elected_after_s": round(time.time() - at, 1),
    }


def _doubt(facts: Facts, proof: FaultProof) -> str:
    if proof.before_of(facts["uid"]) is None:
        return f"pod {facts['pod']} was not there before the fault"
    if proof.after_of(facts["uid"]) is not None:
        return f"pod {facts['pod']} was not killed: its UID did not go"
    led, elected = facts.get("partitions_led", 0), facts.get("elected_again", 0)
    if not led or elected < led:
        return f"{elected} of {led} partitions that {facts['pod']} led got a leader anew"
    return ""


FAULT: Final = Fault("Kill the {target} that leads most partitions", _prepare, _inject, _doubt)
