"""The Prometheus and Alertmanager that the operator runs, and what they watch."""

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import images
from ballast.components.alerting import CONFIG_SECRET
from ballast.components.objects import Manifest
from ballast.components.pods import pod_security, resources, service

_NAMESPACE = names.MONITORING_NAMESPACE
_API = "monitoring.coreos.com/v1"
_RBAC = "rbac.authorization.k8s.io"
_EVERYWHERE: dict[str, object] = {}


def prometheus(facts: ClusterFacts) -> Manifest:
    """One Prometheus that takes rules and monitors from every namespace."""
    return {
        "apiVersion": _API,
        "kind": "Prometheus",
        "metadata": {"name": "prometheus", "namespace": _NAMESPACE},
        "spec": {
            "image": images.PROMETHEUS,
            "version": "v3.10.0",
            "replicas": 1,
            "serviceAccountName": "prometheus",
            "externalLabels": {"cluster": facts.kind},
            "scrapeInterval": "15s",
            "evaluationInterval": "15s",
            "retention": "15d",
            "serviceMonitorSelector": _EVERYWHERE,
            "serviceMonitorNamespaceSelector": _EVERYWHERE,
            "podMonitorSelector": _EVERYWHERE,
            "podMonitorNamespaceSelector": _EVERYWHERE,
            "ruleSelector": _EVERYWHERE,
            "ruleNamespaceSelector": _EVERYWHERE,
            "alerting": {
                "alertmanagers": [
                    {
                        "namespace": _NAMESPACE,
                        "name": "alertmanager-operated",
                        "port": "web",
                        "apiVersion": "v2",
                    }
                ]
            },
            "enableAdminAPI": False,
            "securityContext": pod_security(65534),
            "resources": resources(cpu="100m", memory="192Mi", cpu_limit="1", memory_limit="768Mi"),
            "storage": {
                "volumeClaimTemplate": {
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "storageClassName": facts.storage_class,
                        "resources": {"requests": {"storage": facts.storage.prometheus}},
                    }
                }
            },
        },
    }


def alertmanager() -> Manifest:
    """One Alertmanager; silences and notification history may be lost with its pod."""
    return {
        "apiVersion": _API,
        "kind": "Alertmanager",
        "metadata": {"name": "alertmanager", "namespace": _NAMESPACE},
        "spec": {
            "image": images.ALERTMANAGER,
            "version": "v0.25.0",
            "replicas": 1,
            "configSecret": CONFIG_SECRET,
            "securityContext": pod_security(65534),
            "resources": resources(
                cpu="10m", memory="48Mi", cpu_limit="500m", memory_limit="128Mi"
            ),
        },
    }


def services() -> list[Manifest]:
    """A stable address for each; the operator's own Services are headless."""
    return [_service("prometheus", 9090), _service("alertmanager", 9093)]


def _service(name: str, port: int) -> Manifest:
    instance = {"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name}
    return service(name, _NAMESPACE, {"web": port}, selector=instance)


def access_manifests() -> list[Manifest]:
    """What Prometheus may read to find its targets."""
    rules = [
        {
            "apiGroups": [""],
            "resources": ["services", "endpoints", "pods"],
            "verbs": ["get", "list", "watch"],
        },
        {
            "apiGroups": ["discovery.k8s.io"],
            "resources": ["endpointslices"],
            "verbs": ["get", "list", "watch"],
        },
        {"nonResourceURLs": ["/metrics"], "verbs": ["get"]},
    ]
    subject = {"kind": "ServiceAccount", "name": "prometheus", "namespace": _NAMESPACE}
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {"name": "prometheus", "namespace": _NAMESPACE},
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "ballast-prometheus"},
            "rules": rules,
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "ballast-prometheus"},
            "roleRef": {"apiGroup": _RBAC, "kind": "ClusterRole", "name": "ballast-prometheus"},
            "subjects": [subject],
        },
    ]


def monitors() -> list[Manifest]:
    """Every service labelled monitoring=true, every Dapr sidecar, and the platform's own parts."""
    return [
        _service_monitor("services", {"monitoring": "true"}, "http"),
        _service_monitor("argocd", {"app.kubernetes.io/part-of": "argocd"}, "metrics"),
        {
            "apiVersion": _API,
            "kind": "PodMonitor",
            "metadata": {"name": "dapr-sidecars", "namespace": _NAMESPACE},
            "spec": {
                "namespaceSelector": {"any": True},
                "selector": {"matchLabels": {"dapr.io/sidecar-injected": "true"}},
                "podTargetLabels": ["dapr.io/app-id"],
                "podMetricsEndpoints": [{"port": "dapr-metrics", "interval": "15s"}],
            },
        },
    ]


def _service_monitor(name: str, selected: dict[str, str], port: str) -> Manifest:
    return {
        "apiVersion": _API,
        "kind": "ServiceMonitor",
        "metadata": {"name": name, "namespace": _NAMESPACE},
        "spec": {
            "namespaceSelector": {"any": True},
            "selector": {"matchLabels": selected},
            "endpoints": [{"port": port, "path": "/metrics", "interval": "15s"}],
        },
    }
