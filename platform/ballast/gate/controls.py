"""Independent witness of an experiment: all pods, and how far the consumers of events have come,
before and after, whatever the actions claim.
"""

import json
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ballast.errors import BallastError
from ballast.gate import consumers
from ballast.gate.order import Order, read_order
from ballast.gate.pods import PodState, pods_of
from ballast.kubeapi import KubeApi

Configuration = dict[str, Any]
# For a run without a stated time to recover.
CAUGHT_UP_SECONDS = 60.0


@dataclass(frozen=True)
class FaultProof:
    """All pods of the cluster, as the API server told the witness. Times are Unix seconds."""

    before_at: float
    before: list[PodState]
    after_at: float = 0.0
    after: list[PodState] = field(default_factory=list[PodState])

    def before_of(self, uid: str) -> PodState | None:
        """A pod as it was before the fault."""
        return next((pod for pod in self.before if pod.uid == uid), None)

    def after_of(self, uid: str) -> PodState | None:
        """A pod as it was in the end."""
        return next((pod for pod in self.after if pod.uid == uid), None)

    def missing(self, workload: str) -> str:
        """A sentence when fewer pods of a workload serve in the end than before, else nothing."""
        before, after = (
            sum(pod.serves for pod in pods if pod.workload == workload)
            for pods in (self.before, self.after)
        )
        return f"{after} of {before} pods of {workload} serve again" if after < before else ""


def read_proof(path: Path) -> FaultProof:
    """The witness's record; BallastError when there is none or it is not one."""
    try:
        read = json.loads(path.read_text())
        for when in ("before", "after"):
            read[when] = [PodState(**pod) for pod in read[when]]
        return FaultProof(**read)
    except (OSError, ValueError, TypeError, KeyError) as wrong:
        raise BallastError(
            f"no fault proof at {path}: {wrong}", "Run the experiment again."
        ) from wrong


def before_method_control(configuration: Configuration, **_: Any) -> None:
    """Record the pods that live before the fault, and where the consumers stand."""
    order = read_order(configuration)
    with KubeApi.from_kubeconfig(order.kubeconfig) as api:
        _write(order, FaultProof(time.time(), pods_of(api, None, None)))
        consumers.see_before(api, order.folder, order.namespace)


def after_experiment_control(configuration: Configuration, **_: Any) -> None:
    """Record the pods that live when everything is over, the undoing of the fault as well, and
    the consumers once they have caught up.
    """
    order = read_order(configuration)
    if not order.proof_file.exists():
        return
    before = read_proof(order.proof_file)
    seconds = float(configuration.get("recover_within", CAUGHT_UP_SECONDS))
    with KubeApi.from_kubeconfig(order.kubeconfig) as api:
        after = pods_of(api, None, None)
        _write(order, FaultProof(before.before_at, before.before, time.time(), after))
        consumers.see_after(api, order.folder, order.namespace, seconds)


def _write(order: Order, proof: FaultProof) -> None:
    partial = order.proof_file.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(proof), indent=1))
    partial.replace(order.proof_file)
