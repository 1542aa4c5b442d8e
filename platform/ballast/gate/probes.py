"""Probes of chaos experiments: what the users saw, and what the cluster says."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ballast.gate.controls import read_proof
from ballast.gate.pods import pods_of, ready_uids
from ballast.gate.samples import read_samples, within
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping

Configuration = dict[str, Any]
POLL_SECONDS = 0.5
# Answers of the newest requests are still under way; what is older has been written.
SETTLE_SECONDS = 1.0


def gateway_answers(
    configuration: Configuration, seconds: float, share: float, within_seconds: float
) -> bool:
    """Whether, within a time, at least `share` of the last `seconds` of requests succeeded.

    No request at all is not an answer.
    """
    path = Path(configuration["samples"])

    def answered() -> bool:
        if not path.exists():
            return False
        end = time.time() - SETTLE_SECONDS
        recent = within(read_samples(path), end - seconds, end)
        return bool(recent) and sum(s.succeeded for s in recent) >= share * len(recent)

    return eventually(answered, float(within_seconds))


def every_replica_is_ready(configuration: Configuration, within_seconds: float) -> bool:
    """Whether, within a time, all replicas that the Deployment wants are ready."""
    with KubeApi.from_kubeconfig(configuration["kubeconfig"]) as api:

        def ready() -> bool:
            found = api.get(
                "apps/v1", "Deployment", configuration["service"], configuration["namespace"]
            )
            wanted = mapping(mapping(found).get("spec")).get("replicas", 0)
            return wanted > 0 and mapping(mapping(found).get("status")).get("readyReplicas") == (
                wanted
            )

        return eventually(ready, float(within_seconds))


def killed_pod_is_gone(configuration: Configuration, within_seconds: float) -> bool:
    """Whether, within a time, one of the pods seen before the fault does not exist any more."""
    before = {pod["uid"] for pod in read_proof(Path(configuration["proof_file"])).before}
    with KubeApi.from_kubeconfig(configuration["kubeconfig"]) as api:

        def gone() -> bool:
            pods = pods_of(api, configuration["namespace"], configuration["service"])
            return bool(before - {pod.uid for pod in pods})

        return eventually(gone, float(within_seconds))


def replacement_is_ready(configuration: Configuration, within_seconds: float) -> bool:
    """Whether, within a time, a pod serves that was not there before the fault."""
    before = {pod["uid"] for pod in read_proof(Path(configuration["proof_file"])).before}
    with KubeApi.from_kubeconfig(configuration["kubeconfig"]) as api:

        def replaced() -> bool:
            pods = pods_of(api, configuration["namespace"], configuration["service"])
            return bool(ready_uids(pods) - before)

        return eventually(replaced, float(within_seconds))


def eventually(holds: Callable[[], bool], seconds: float) -> bool:
    """Poll until a condition holds; False when it did not in time."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True
