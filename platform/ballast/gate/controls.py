"""Independent witness of an experiment: the pods before and after, whatever the actions claim."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from ballast.errors import BallastError
from ballast.gate.pods import PodState, pods_of
from ballast.kubeapi import KubeApi

Configuration = dict[str, Any]
Witness = Callable[[Configuration], list[PodState]]


@dataclass(frozen=True)
class FaultProof:
    """Pods of the service under fault, as the API server told the witness. Times are Unix."""

    service: str
    before_at: float
    before: list[dict[str, Any]]
    after_at: float = 0.0
    after: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])

    def killed(self, uid: str) -> bool:
        """Whether the pod lived before and is gone after."""
        lived = any(pod["uid"] == uid for pod in self.before)
        return lived and self.after_at > 0 and all(pod["uid"] != uid for pod in self.after)

    @property
    def replacements(self) -> list[str]:
        """Names of pods that serve after the fault and were not there before."""
        old = {pod["uid"] for pod in self.before}
        return [pod["name"] for pod in self.after if pod["ready"] and pod["uid"] not in old]


def read_proof(path: Path) -> FaultProof:
    """The witness's record; BallastError when there is none or it is not one."""
    try:
        return FaultProof(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as wrong:
        raise BallastError(
            f"no fault proof at {path}: {wrong}", "Run the experiment again."
        ) from wrong


def before_method_control(configuration: Configuration, **_: Any) -> None:
    """Record the pods that live before the fault."""
    proof = FaultProof(configuration["service"], time.time(), _witness(configuration))
    _write(Path(configuration["proof_file"]), proof)


def after_method_control(configuration: Configuration, **_: Any) -> None:
    """Record the pods that live after it."""
    path = Path(configuration["proof_file"])
    before = read_proof(path)
    _write(
        path,
        FaultProof(
            before.service, before.before_at, before.before, time.time(), _witness(configuration)
        ),
    )


def _witness(configuration: Configuration) -> list[dict[str, Any]]:
    with KubeApi.from_kubeconfig(configuration["kubeconfig"]) as api:
        pods = pods_of(api, configuration["namespace"], configuration["service"])
    return [asdict(pod) for pod in pods]


def _write(path: Path, proof: FaultProof) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(asdict(proof), indent=1))
    partial.replace(path)
