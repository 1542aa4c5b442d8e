"""Kyverno's admission controller; the policies themselves come from Git."""

from typing import Any, Final

import pulumi

from ballast import names
from ballast.components.charts import release
from ballast.components.objects import child, declare
from ballast.components.pods import resources

WEBHOOK_OWNER: Final = "kyverno:webhook"
"""Kyverno lets a ClusterRole of such a name and label own the webhooks that it makes, so that the
cluster collects them with it. Its own removal, at its end, loses a race against the removal of its
rights, and a webhook without a server refuses what it watches."""


def values() -> dict[str, Any]:
    """Values of the Kyverno chart: admission only, and without its own ways to remove webhooks: a
    Job with an image that we do not have, or finalizers that would wait for a pod whose account is
    already gone. WEBHOOK_OWNER takes them along."""
    return {
        "global": {"image": {"registry": "ghcr.io"}},
        "crds": {"install": True, "migration": {"enabled": False}},
        "config": {"preserve": False},
        "webhooksCleanup": {"enabled": False, "autoDeleteWebhooks": {"enabled": False}},
        "features": {
            "policyReports": {"enabled": False},
            "admissionReports": {"enabled": False},
            "aggregateReports": {"enabled": False},
            "validatingAdmissionPolicyReports": {"enabled": False},
            "backgroundScan": {"enabled": False},
            "generateValidatingAdmissionPolicy": {"enabled": False},
            "logging": {"format": "json"},
        },
        "admissionController": {
            "replicas": 1,
            "podSecurityContext": {
                "runAsNonRoot": True,
                "runAsUser": 65534,
                "runAsGroup": 65534,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "initContainer": {
                "resources": resources(
                    cpu="10m", memory="64Mi", cpu_limit="1", memory_limit="256Mi"
                )
            },
            "container": {
                "resources": resources(
                    cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="384Mi"
                )
            },
            "startupProbe": {
                "httpGet": {"path": "/health/liveness", "port": 9443, "scheme": "HTTPS"},
                "periodSeconds": 1,
                "failureThreshold": 120,
            },
            "readinessProbe": {
                "httpGet": {"path": "/health/readiness", "port": 9443, "scheme": "HTTPS"},
                "initialDelaySeconds": 1,
                "periodSeconds": 3,
                "timeoutSeconds": 5,
                "failureThreshold": 6,
            },
        },
        "backgroundController": {"enabled": False},
        "cleanupController": {"enabled": False},
        "reportsController": {"enabled": False},
    }


class Policy(pulumi.ComponentResource):
    """The Kyverno release in namespace kyverno."""

    def __init__(
        self, namespace: pulumi.Resource, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ballast:platform:Policy", "policy", None, opts)
        owner = declare(
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": "ClusterRole",
                "metadata": {
                    "name": WEBHOOK_OWNER,
                    "labels": {"app.kubernetes.io/component": "kyverno"},
                },
                "rules": [],
            },
            child(self, [namespace]),
        )
        self.release = release(
            "kyverno",
            namespace=names.POLICY_NAMESPACE,
            values=values(),
            opts=child(self, [namespace, owner]),
        )
        self.register_outputs({})
