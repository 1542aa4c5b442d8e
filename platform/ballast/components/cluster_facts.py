"""What Git may know about the cluster: facts as annotations on Argo CD's cluster Secret."""

import json
from collections.abc import Sequence

import pulumi

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components.objects import Manifest, child, declare

PREFIX = "ballast.dev"


def annotations(facts: ClusterFacts, domain: str, environments: Sequence[str]) -> dict[str, str]:
    """The facts; an ApplicationSet's cluster generator reads them as values."""
    return {
        f"{PREFIX}/kind": facts.kind,
        f"{PREFIX}/domain": domain,
        f"{PREFIX}/environments": ",".join(environments),
        f"{PREFIX}/storage-class": facts.storage_class,
        f"{PREFIX}/schema-registry-url": f"{names.SCHEMA_REGISTRY_URL}{facts.registry_path}",
        f"{PREFIX}/load-balancer-annotations": json.dumps(dict(facts.load_balancer_annotations)),
    }


def cluster_secret(facts: ClusterFacts, domain: str, environments: Sequence[str]) -> Manifest:
    """Argo CD's own cluster, declared, so that it can carry the facts."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": "cluster-facts",
            "namespace": names.ARGOCD_NAMESPACE,
            "labels": {"argocd.argoproj.io/secret-type": "cluster"},
            "annotations": annotations(facts, domain, environments),
        },
        "type": "Opaque",
        "stringData": {
            "name": "in-cluster",
            "server": "https://kubernetes.default.svc",
            "config": '{"tlsClientConfig": {"insecure": false}}',
        },
    }


class ClusterFactsSecret(pulumi.ComponentResource):
    """The cluster Secret in Argo CD's namespace."""

    def __init__(
        self,
        facts: ClusterFacts,
        domain: str,
        environments: Sequence[str],
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:ClusterFacts", "cluster-facts", None, opts)
        declare(cluster_secret(facts, domain, environments), child(self, [namespace]))
        self.register_outputs({})
