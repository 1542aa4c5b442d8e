"""Probes of chaos experiments: what the users saw, and what the cluster says."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

from ballast.gate.controls import read_proof
from ballast.gate.eventually import eventually
from ballast.gate.order import read_order
from ballast.gate.pods import PodState, pods_of
from ballast.gate.samples import read_samples, within
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping

Configuration = dict[str, Any]
# Answers of the newest requests are still under way; what is older has been written.
SETTLE_SECONDS = 1.0


def gateway_answers(
    configuration: Configuration, seconds: float, share: float, within_seconds: float
) -> bool:
    """Whether, within a time, at least `share` of the last `seconds` of requests succeeded.

    No request at all is not an answer.
    """
    path: Path = read_order(configuration).samples

    def answered() -> bool:
        if not path.exists():
            return False
        end = time.time() - SETTLE_SECONDS
        recent = within(read_samples(path), end - seconds, end)
        return bool(recent) and sum(s.succeeded for s in recent) >= share * len(recent)

    return eventually(answered, float(within_seconds))


def every_replica_is_ready(configuration: Configuration, within_seconds: float) -> bool:
    """Whether, within a time, all replicas that the target wants are ready."""
    order = read_order(configuration)
    target = order.target
    with KubeApi.from_kubeconfig(order.kubeconfig) as api:

        def ready() -> bool:
            found = api.get("apps/v1", target.kind, target.name, target.namespace)
            wanted = mapping(mapping(found).get("spec")).get("replicas", 0)
            return wanted > 0 and mapping(mapping(found).get("status")).get("readyReplicas") == (
                wanted
            )

        return eventually(ready, float(within_seconds))


def as_many_pods_serve_as_before(configuration: Configuration, within_seconds: float) -> bool:
    """Whether, within a time, every workload of the cluster has the pods that it had before."""
    order = read_order(configuration)
    before = _serving(read_proof(order.proof_file).before)
    with KubeApi.from_kubeconfig(order.kubeconfig) as api:
        return eventually(
            lambda: not before - _serving(pods_of(api, None, None)), float(within_seconds)
        )


def _serving(pods: list[PodState]) -> "Counter[str]":
    return Counter(pod.workload for pod in pods if pod.serves)
