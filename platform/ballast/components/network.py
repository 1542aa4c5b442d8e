"""NetworkPolicies of the platform's namespaces: closed, then opened to named callers."""

from collections.abc import Sequence

from ballast.components.objects import Manifest
from ballast.components.pods import labels
from ballast.names import ENVIRONMENT_LABEL


def environments() -> Manifest:
    """Peer: every environment namespace."""
    return {
        "namespaceSelector": {
            "matchExpressions": [{"key": ENVIRONMENT_LABEL, "operator": "Exists"}]
        }
    }


def namespace(name: str) -> Manifest:
    """Peer: one namespace by name."""
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def allow(
    workload: str,
    in_namespace: str,
    peers: Sequence[Manifest],
    ports: Sequence[int],
    *,
    name: str = "",
) -> Manifest:
    """Let only `peers` reach `ports` of the workload; everything else into it is dropped.

    The policy is called `name`, or like its workload.
    """
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name or workload, "namespace": in_namespace},
        "spec": {
            "podSelector": {"matchLabels": labels(workload)},
            "policyTypes": ["Ingress"],
            "ingress": [
                {
                    "from": list(peers),
                    "ports": [{"port": port, "protocol": "TCP"} for port in ports],
                }
            ],
        },
    }
