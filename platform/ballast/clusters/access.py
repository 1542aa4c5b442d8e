"""What a cluster builder hands to the platform: how to reach it, and the few facts that differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import pulumi

CLUSTER_TYPE: Final = "ballast:platform:Cluster"


@dataclass(frozen=True)
class StorageSizes:
    """Sizes of the persistent volumes, as Kubernetes quantities."""

    database: str
    broker: str
    vault: str
    prometheus: str
    git: str


COMPACT: Final = StorageSizes(
    database="2Gi", broker="2Gi", vault="256Mi", prometheus="2Gi", git="1Gi"
)
STANDARD: Final = StorageSizes(
    database="20Gi", broker="20Gi", vault="10Gi", prometheus="20Gi", git="5Gi"
)


@dataclass(frozen=True)
class ClusterFacts:
    """Facts about a kind of cluster, all known before it exists; nothing else may differ.

    `broker` names the software behind the Service `redpanda`; `registry_path` is where the schema
    registry serves the Confluent API.
    """

    kind: str
    storage_class: str
    storage: StorageSizes
    broker: Literal["kafka", "redpanda"]
    broker_replicas: int
    registry_path: str
    load_balancer_annotations: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class ClusterAccess:
    """A reachable cluster. `identifier` never changes while the cluster lives: it keeps a changed
    kubeconfig from replacing every object."""

    kubeconfig: pulumi.Input[str]
    identifier: str
    facts: ClusterFacts
    cluster: pulumi.Resource | None = None
