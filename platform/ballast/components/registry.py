"""The schema registry behind Service `schema-registry`: Apicurio beside Kafka, else Redpanda's."""

import pulumi

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import images, network
from ballast.components.broker import NAME as BROKER
from ballast.components.broker_redpanda import PORTS as REDPANDA_PORTS
from ballast.components.objects import Manifest, child, declare, declare_all
from ballast.components.pods import (
    CONTAINER_SECURITY,
    fast_probe,
    labels,
    pod_security,
    resources,
    service,
    service_account,
)

NAME = "schema-registry"
PORT = 8080
_NAMESPACE = names.MESSAGING_NAMESPACE


def apicurio() -> Manifest:
    """Apicurio with in-memory storage: the services register their schemas when they start."""
    container = {
        "name": "apicurio",
        "image": images.APICURIO,
        "imagePullPolicy": "IfNotPresent",
        "env": [
            {"name": "QUARKUS_HTTP_PORT", "value": str(PORT)},
            {"name": "JAVA_MAX_MEM_RATIO", "value": "60"},
        ],
        "ports": [{"name": "http", "containerPort": PORT}],
        "resources": resources(cpu="50m", memory="256Mi", cpu_limit="2", memory_limit="640Mi"),
        "securityContext": CONTAINER_SECURITY,
        **fast_probe(
            {
                "httpGet": {"path": "/apis/registry/v3/system/info", "port": "http"},
                "timeoutSeconds": 3,
            }
        ),
        "volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}],  # noqa: S108 - a private emptyDir
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": _NAMESPACE, "labels": labels(NAME)},
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 3,
            "selector": {"matchLabels": labels(NAME)},
            "template": {
                "metadata": {"labels": labels(NAME)},
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": pod_security(1000),
                    "containers": [container],
                    "volumes": [{"name": "tmp", "emptyDir": {}}],
                },
            },
        },
    }


class Registry(pulumi.ComponentResource):
    """The registry's address is the same everywhere; what answers there follows the broker."""

    def __init__(
        self,
        facts: ClusterFacts,
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Registry", "registry", None, opts)
        options = child(self, [namespace])
        address = service(NAME, _NAMESPACE, {"http": PORT})
        if facts.broker == "redpanda":
            address["spec"]["selector"] = labels(BROKER)
            address["spec"]["ports"][0]["targetPort"] = REDPANDA_PORTS["registry"]
            declare(address, options)
        else:
            account, *_ = declare_all(
                [
                    service_account(NAME, _NAMESPACE),
                    address,
                    network.allow(
                        NAME,
                        _NAMESPACE,
                        [network.environments(), network.namespace(_NAMESPACE)],
                        [PORT],
                    ),
                ],
                options,
            )
            declare(apicurio(), child(self, [namespace, account]))
        self.register_outputs({})
