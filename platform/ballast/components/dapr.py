"""Dapr's control plane: operator, injector, sentry and placement, with mTLS on."""

from typing import Any

import pulumi

from ballast import names
from ballast.components import images
from ballast.components.charts import release
from ballast.components.objects import child
from ballast.components.pods import resources

_READINESS = {"initialDelaySeconds": 1, "periodSeconds": 2, "failureThreshold": 15}
_LIVENESS = {"initialDelaySeconds": 10, "periodSeconds": 10, "failureThreshold": 5}


def values() -> dict[str, Any]:
    """Values of the Dapr chart.

    The scheduler is off (no Jobs, no workflows), yet its StatefulSet stays with no replicas: the
    injector looks for it. A sidecar must run as 65532:65532; without the two runAs values a pod's
    own user would reach it, and it would exit.
    """
    return {
        "global": {
            "registry": images.DAPR_REGISTRY,
            "tag": images.DAPR_TAG,
            "imagePullPolicy": "IfNotPresent",
            "seccompProfile": "RuntimeDefault",
            "logAsJson": True,
            "ha": {"enabled": False},
            "mtls": {"enabled": True, "workloadCertTTL": "24h", "allowedClockSkew": "15m"},
            "scheduler": {"enabled": False},
        },
        "dapr_sidecar_injector": {
            "webhookFailurePolicy": "Fail",
            "namespaceSelector": {
                "matchExpressions": [{"key": names.ENVIRONMENT_LABEL, "operator": "Exists"}]
            },
            "sidecarRunAsUser": 65532,
            "sidecarRunAsGroup": 65532,
            "sidecarDropALLCapabilities": True,
            **_pod(cpu_limit="500m", memory_limit="128Mi"),
        },
        "dapr_operator": _pod(cpu_limit="500m", memory_limit="192Mi"),
        "dapr_sentry": _pod(cpu_limit="500m", memory_limit="128Mi"),
        "dapr_placement": {
            "cluster": {"forceInMemoryLog": True},
            **_pod(cpu_limit="500m", memory_limit="128Mi"),
        },
        "dapr_scheduler": {
            "resources": resources(cpu="10m", memory="64Mi", cpu_limit="500m", memory_limit="256Mi")
        },
    }


def _pod(*, cpu_limit: str, memory_limit: str) -> dict[str, Any]:
    return {
        "resources": resources(
            cpu="10m", memory="48Mi", cpu_limit=cpu_limit, memory_limit=memory_limit
        ),
        "readinessProbe": _READINESS,
        "livenessProbe": _LIVENESS,
    }


class Dapr(pulumi.ComponentResource):
    """The Dapr release in namespace dapr-system."""

    def __init__(
        self, namespace: pulumi.Resource, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ballast:platform:Dapr", "dapr", None, opts)
        self.release = release(
            "dapr", namespace=names.DAPR_NAMESPACE, values=values(), opts=child(self, [namespace])
        )
        self.register_outputs({})
