"""The end of a pod that has no chance to say goodbye."""

import contextlib
import os
import signal

from ballast.errors import BallastError
from ballast.gate.eventually import eventually
from ballast.gate.order import Site
from ballast.node.containers import processes_of

GONE_SECONDS = 10.0


def end_pod(site: Site, name: str, uid: str) -> bool:
    """Kill every process of a pod and delete it; False when it was deleted before.

    Deleting alone is no crash: the API server forgets the pod at once, while its processes are
    told to stop and serve on for as long as their grace lasts, beside their successor. Where they
    are not on this machine it is all that can be done. BallastError when one lives on.
    """
    _kill(uid)
    deleted = site.api.delete("v1", "Pod", name, site.target.namespace, uid=uid, grace_seconds=0)
    # What was started again before kubelet heard of the deletion.
    if not eventually(lambda: _kill(uid) == 0, GONE_SECONDS, 0.05):
        raise BallastError(f"processes of {name} live on: {processes_of(uid)}")
    return deleted


def _kill(uid: str) -> int:
    pids = processes_of(uid)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(pids)
