"""What one experiment is told: the order that lies beside its journal."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from ballast.errors import BallastError
from ballast.gate.catalogue import Entry
from ballast.gate.pods import PodState, pods_of
from ballast.gate.targets import Target, target_of
from ballast.kubeapi import KubeApi
from ballast.names import ENVIRONMENT_NAMESPACES

Configuration = dict[str, Any]


class Order(BaseModel):
    """Which experiment, where, under which samples; its files are left in `folder`.

    `patience`, in seconds, bounds the wait for a fault to show.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    entry: Entry
    kubeconfig: Path
    namespace: str
    samples: Path
    seed: int
    folder: Path
    patience: float = 30.0

    @property
    def file(self) -> Path:
        """The order itself."""
        return self.folder / "order.json"

    @property
    def injected_file(self) -> Path:
        """What was injected and whether it has been undone."""
        return self.folder / "injected.json"

    @property
    def proof_file(self) -> Path:
        """What the witness saw."""
        return self.folder / "fault-proof.json"

    @property
    def environment(self) -> str:
        """The environment of the namespace; BallastError when it is none's."""
        for name, namespace in ENVIRONMENT_NAMESPACES.items():
            if namespace == self.namespace:
                return name
        raise BallastError(f"{self.namespace} is the namespace of no environment")

    @property
    def target(self) -> Target:
        """The workload under fault."""
        return target_of(self.entry.target, self.namespace)

    @property
    def radius(self) -> frozenset[str]:
        """Workloads that may change."""
        return frozenset({self.target.workload, *self.entry.may_change})


def read_order(configuration: Configuration) -> Order:
    """The order that a chaostoolkit configuration names."""
    return Order.model_validate_json(Path(configuration["order"]).read_text())


@dataclass(frozen=True)
class Site:
    """An order with the cluster at hand."""

    api: KubeApi
    order: Order

    @property
    def target(self) -> Target:
        """The workload under fault."""
        return self.order.target

    @property
    def entry(self) -> Entry:
        """The experiment."""
        return self.order.entry

    def pods(self, name: str | None = None) -> list[PodState]:
        """Pods of the target, or of another workload."""
        target = target_of(name, self.order.namespace) if name else self.target
        return pods_of(self.api, target.namespace, target.selector)
