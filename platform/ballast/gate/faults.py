"""Actions of chaos experiments. They return what they did; whether it happened is proven apart."""

import random
import time
from typing import Any

from ballast.errors import BallastError
from ballast.gate.pods import pods_of
from ballast.kubeapi import KubeApi

Configuration = dict[str, Any]


def kill_one_pod(configuration: Configuration) -> dict[str, Any]:
    """Delete one ready pod without grace; the seed chooses which. Returns name, UID and time.

    Raises BallastError when no pod is ready or the API server did not accept the deletion.
    """
    namespace, service = configuration["namespace"], configuration["service"]
    with KubeApi.from_kubeconfig(configuration["kubeconfig"]) as api:
        ready = [pod for pod in pods_of(api, namespace, service) if pod.ready and not pod.leaving]
        if not ready:
            raise BallastError(f"no ready pod of {service} in {namespace} to kill")
        victim = random.Random(configuration["seed"]).choice(ready)  # noqa: S311 - reproducible
        at = time.time()
        if not api.delete("v1", "Pod", victim.name, namespace, uid=victim.uid, grace_seconds=0):
            raise BallastError(f"pod {victim.name} went away before it could be killed")
    return {"name": victim.name, "uid": victim.uid, "at": at}
