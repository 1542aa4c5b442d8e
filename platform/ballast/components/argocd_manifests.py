"""Argo CD's own install manifest, cut down to what runs here."""

from typing import Any, Final

import yaml

from ballast import names
from ballast.components import charts
from ballast.components.objects import Manifest
from ballast.components.pods import resources

CHART: Final = "argo-cd"
MANIFEST: Final = "install.yaml"
SECRET: Final = "argocd-secret"  # noqa: S105 - the name of a Secret
_NAMESPACE = names.ARGOCD_NAMESPACE
# One administrator signs in with a password: no Dex. Alerts come from Prometheus: no notifications.
_DROPPED: Final = ("dex", "notifications")
_CLUSTER_SCOPED: Final = ("ClusterRole", "ClusterRoleBinding")
_MEMORY: Final = {
    "argocd-application-controller": ("128Mi", "512Mi"),
    "argocd-applicationset-controller": ("48Mi", "192Mi"),
    "argocd-redis": ("16Mi", "64Mi"),
    "argocd-repo-server": ("96Mi", "512Mi"),
    "argocd-server": ("64Mi", "256Mi"),
}
PARAMETERS: Final = {
    # TLS ends at the ingress; inside the cluster and on 127.0.0.1 the server speaks plain HTTP.
    "server.insecure": "true",
    "applicationsetcontroller.requeue.after": "30s",
    "controller.sync.wave.delay.seconds": "0",
    "controller.status.processors": "4",
    "controller.operation.processors": "4",
    "controller.kubectl.parallelism.limit": "4",
    "reposerver.parallelism.limit": "2",
}
# Objects that change all the time, or that controllers make, and that nobody declares in Git.
_EXCLUDED: Final = [
    {
        "apiGroups": ["", "discovery.k8s.io"],
        "kinds": ["Endpoints", "EndpointSlice"],
        "clusters": ["*"],
    },
    {"apiGroups": ["coordination.k8s.io"], "kinds": ["Lease"], "clusters": ["*"]},
    {"apiGroups": ["", "events.k8s.io"], "kinds": ["Event"], "clusters": ["*"]},
    {
        "apiGroups": ["authentication.k8s.io", "authorization.k8s.io", "metrics.k8s.io"],
        "kinds": ["*"],
        "clusters": ["*"],
    },
    {
        "apiGroups": ["reports.kyverno.io", "wgpolicyk8s.io"],
        "kinds": ["*"],
        "clusters": ["*"],
    },
]


def settings() -> dict[str, str]:
    """Data of argocd-cm. Pushes are told by webhook; polling is the safety net."""
    return {
        "timeout.reconciliation": "120s",
        "timeout.reconciliation.jitter": "30s",
        "application.resourceTrackingMethod": "annotation",
        "resource.exclusions": yaml.safe_dump(_EXCLUDED, sort_keys=False),
    }


def install_manifests() -> list[Manifest]:
    """The objects of install.yaml that we keep, in our namespace, with limits and quick probes."""
    kept: list[Manifest] = []
    for manifest in charts.manifests(CHART, MANIFEST):
        kind, name = manifest["kind"], manifest["metadata"]["name"]
        if any(word in name for word in _DROPPED) or (kind, name) == ("Secret", SECRET):
            continue
        if kind not in _CLUSTER_SCOPED:
            manifest["metadata"]["namespace"] = _NAMESPACE
        for subject in manifest.get("subjects", ()):
            subject["namespace"] = _NAMESPACE
        if name == "argocd-cm":
            manifest["data"] = settings()
        elif name == "argocd-cmd-params-cm":
            manifest["data"] = dict(PARAMETERS)
        elif kind in {"Deployment", "StatefulSet"}:
            _harden(name, manifest["spec"]["template"]["spec"])
        kept.append(manifest)
    return kept


def _harden(name: str, pod: dict[str, Any]) -> None:
    request, limit = _MEMORY[name]
    for container in [*pod.get("initContainers", ()), *pod["containers"]]:
        container["imagePullPolicy"] = "IfNotPresent"
        container["resources"] = resources(
            cpu="20m", memory=request, cpu_limit="2", memory_limit=limit
        )
        if "readinessProbe" in container:
            container["readinessProbe"] |= {"initialDelaySeconds": 1, "periodSeconds": 2}
        if "/argocd:" in container["image"]:
            # The binary is shared by all roles and mostly waits: collect early, stay small.
            container.setdefault("env", []).append({"name": "GOGC", "value": "50"})
        security = container.setdefault("securityContext", {})
        security.setdefault("runAsNonRoot", True)
