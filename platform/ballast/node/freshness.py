"""Pods that still call themselves Ready from before the node's last start."""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from ballast.kubeapi import KubeApi
from ballast.node.clock import seconds_since_1970

DEADLINE: Final = 60.0


def is_stale(pod: Mapping[str, Any], since: float) -> bool:
    """Whether a pod claims to be Ready with a container from before `since` (seconds since 1970).

    A deployment counts such a pod as available, although nothing of it runs any more.
    """
    status = pod.get("status", {})
    ready = any(
        each["type"] == "Ready" and each["status"] == "True"
        for each in status.get("conditions", [])
    )
    starts = [
        each["state"]["running"]["startedAt"]
        for each in status.get("containerStatuses", [])
        if "running" in each.get("state", {})
    ]
    # Start times carry whole seconds.
    return ready and any(seconds_since_1970(each) < int(since) for each in starts)


def wait_for_fresh_pods(
    api: KubeApi, since: float, progress: Callable[[str], None], seconds: float = DEADLINE
) -> None:
    """Wait until the node has looked at every pod again; says which it has not after `seconds`."""
    end = time.monotonic() + seconds
    while stale := [each for each in api.list("v1", "Pod") if is_stale(each, since)]:
        if time.monotonic() > end:
            names = ", ".join(_name(each) for each in stale)
            progress(f"these pods still show their state from before the start: {names}")
            return
        time.sleep(0.2)


def _name(pod: Mapping[str, Any]) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
