"""Monitoring: the operator from its pinned bundle, then Prometheus, Alertmanager and a receiver."""

from typing import Final

import pulumi

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import alerting, charts, prometheus
from ballast.components.objects import Manifest, child, declare, declare_all
from ballast.components.pods import resources, service, service_account

_NAMESPACE = names.MONITORING_NAMESPACE
_CHART: Final = "prometheus-operator"
_MANIFEST: Final = "bundle.yaml"
_OPERATOR_ARGUMENTS: Final = (
    "--prometheus-config-reloader=quay.io/prometheus-operator/prometheus-config-reloader:v0.85.0",
    "--config-reloader-cpu-request=10m",
    "--config-reloader-cpu-limit=200m",
    "--config-reloader-memory-request=24Mi",
    "--config-reloader-memory-limit=64Mi",
    "--enable-config-reloader-probes=true",
)


def operator_manifests() -> list[Manifest]:
    """The bundle, moved to our namespace; kubelet discovery is off, for it would write objects
    that nobody owns into kube-system."""
    kept: list[Manifest] = []
    for manifest in charts.manifests(_CHART, _MANIFEST):
        metadata = manifest["metadata"]
        if "namespace" in metadata:
            metadata["namespace"] = _NAMESPACE
        for subject in manifest.get("subjects", ()):
            subject["namespace"] = _NAMESPACE
        if manifest["kind"] == "Deployment":
            container = manifest["spec"]["template"]["spec"]["containers"][0]
            container["args"] = list(_OPERATOR_ARGUMENTS)
            container["imagePullPolicy"] = "IfNotPresent"
            container["resources"] = resources(
                cpu="20m", memory="64Mi", cpu_limit="500m", memory_limit="200Mi"
            )
        kept.append(manifest)
    return kept


class Monitoring(pulumi.ComponentResource):
    """`definitions` are the CRDs that rules from Git need."""

    def __init__(
        self,
        facts: ClusterFacts,
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Monitoring", "monitoring", None, opts)
        options = child(self, [namespace])
        bundle = operator_manifests()
        self.definitions = charts.definitions(_CHART, _MANIFEST, namespace=_NAMESPACE, opts=options)
        access = declare_all([m for m in bundle if m["kind"] != "Deployment"], options)
        needed = [namespace, self.definitions, *access]
        declare_all([m for m in bundle if m["kind"] == "Deployment"], child(self, needed))
        configuration = declare(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": alerting.CONFIG_SECRET, "namespace": _NAMESPACE},
                "type": "Opaque",
                "stringData": {"alertmanager.yaml": alerting.routing_text()},
            },
            options,
        )
        rights = declare_all([*prometheus.access_manifests(), *prometheus.services()], options)
        declare_all(
            [prometheus.prometheus(facts), prometheus.alertmanager(), *prometheus.monitors()],
            child(self, [namespace, self.definitions, *rights, configuration]),
        )
        sink, *_ = declare_all(
            [
                service_account(alerting.SINK, _NAMESPACE),
                service(alerting.SINK, _NAMESPACE, {"http": 8080}),
            ],
            options,
        )
        declare(alerting.sink_deployment(), child(self, [namespace, sink]))
        self.register_outputs({})
