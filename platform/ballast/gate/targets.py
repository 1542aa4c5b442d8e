"""What experiments aim at: the services of an environment and what they stand on."""

from dataclasses import dataclass
from typing import Final

from ballast.errors import BallastError
from ballast.names import (
    DATABASE_NAMESPACE,
    MESSAGING_NAMESPACE,
    SERVICES,
    VAULT_NAMESPACE,
)

# Name in the catalogue: name in the cluster, namespace, kind. The broker's object is called
# redpanda on every cluster, whether the software in it is Redpanda or Kafka.
BACKING: Final = {
    "postgres": ("postgres", DATABASE_NAMESPACE, "StatefulSet"),
    "redis": ("redis", DATABASE_NAMESPACE, "Deployment"),
    "broker": ("redpanda", MESSAGING_NAMESPACE, "StatefulSet"),
    "schema-registry": ("schema-registry", MESSAGING_NAMESPACE, "Deployment"),
    "vault": ("vault", VAULT_NAMESPACE, "StatefulSet"),
}


@dataclass(frozen=True)
class Target:
    """A workload: its object's name, namespace and kind, and the selector of its pods."""

    name: str
    namespace: str
    kind: str
    selector: str

    @property
    def workload(self) -> str:
        """As pods name it."""
        return f"{self.namespace}/{self.name}"


def target_of(name: str, environment: str) -> Target:
    """The workload of a name; a service is looked for in the environment's namespace."""
    if name in SERVICES:
        return Target(name, environment, "Deployment", f"app={name}")
    if name not in BACKING:
        known = ", ".join([*SERVICES, *BACKING])
        raise BallastError(f"no experiment can aim at {name}", f"One of: {known}.")
    found, namespace, kind = BACKING[name]
    return Target(found, namespace, kind, f"app.kubernetes.io/name={found}")
