"""Redpanda with its own schema registry: the broker of every cluster that can pull its image."""

import json
from typing import Final

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import broker_authority, images
from ballast.components.broker_access import ADMIN_PORT
from ballast.components.objects import Manifest
from ballast.components.pods import (
    CONTAINER_SECURITY,
    config_annotation,
    fast_probe,
    labels,
    pod_security,
    resources,
)

# `admin` is the Kafka port of the administrator, `http` answers the probes and nothing else.
PORTS: Final = {
    "kafka": names.BROKER_PORT,
    "registry": 8080,
    "admin": ADMIN_PORT,
    "rpc": 33145,
    "http": 9644,
}
OPEN: Final = ("kafka", "registry")
_TLS: Final = "/etc/redpanda-tls"


def bootstrap_settings(facts: ClusterFacts) -> str:
    """Cluster properties, read once by an empty cluster; the same promises as Kafka's.

    Nobody can log in to the administration over HTTP: it asks for a password of a superuser, and
    superusers have certificates instead.
    """
    return json.dumps(
        {
            "admin_api_require_auth": True,
            "kafka_enable_authorization": True,
            "kafka_mtls_principal_mapping_rules": [r"RULE:^CN=([^,]+).*$/$1/", "DEFAULT"],
            "sasl_mechanisms": ["SCRAM"],
            "superusers": [broker_authority.BROKER, broker_authority.ADMINISTRATOR],
            "auto_create_topics_enabled": False,
            "default_topic_partitions": 6,
            "default_topic_replications": min(3, facts.broker_replicas),
            "group_initial_rebalance_delay": 0,
            "kafka_batch_max_bytes": 1048588,
            "log_retention_ms": 7 * 24 * 3600 * 1000,
        },
        indent=2,
    )


def node_settings(name: str, namespace: str) -> str:
    """redpanda.yaml: two listeners, told apart by how one proves who one is, as Kafka has them."""
    certificate = {
        "enabled": True,
        "cert_file": f"{_TLS}/broker.crt",
        "key_file": f"{_TLS}/broker.key",
        "truststore_file": f"{_TLS}/ca.crt",
    }
    listeners = {"client": ("kafka", "sasl"), "admin": ("admin", "mtls_identity")}
    return json.dumps(
        {
            "redpanda": {
                "kafka_api": [
                    {
                        "name": listener,
                        "address": "0.0.0.0",  # noqa: S104 - a pod is reached on its pod address
                        "port": PORTS[port],
                        "authentication_method": method,
                    }
                    for listener, (port, method) in listeners.items()
                ],
                "kafka_api_tls": [
                    {"name": listener, "require_client_auth": method != "sasl", **certificate}
                    for listener, (_, method) in listeners.items()
                ],
                "rpc_server_tls": {"require_client_auth": True, **certificate},
            },
            # The registry keeps its schemas in a topic, as the broker itself.
            "schema_registry_client": {
                "brokers": [
                    {"address": f"{name}.{namespace}.svc.cluster.local", "port": ADMIN_PORT}
                ],
                "broker_tls": certificate,
            },
        },
        indent=2,
    )


def config_map(name: str, namespace: str, facts: ClusterFacts) -> Manifest:
    """Settings of the cluster and of a node; YAML readers take JSON."""
    settings = {
        ".bootstrap.yaml": bootstrap_settings(facts),
        "redpanda.yaml": node_settings(name, namespace),
    }
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{name}-config", "namespace": namespace},
        "data": settings,
    }


def start_arguments(name: str, namespace: str, facts: ClusterFacts) -> list[str]:
    """`rpk redpanda start` for one broker of the set; $(POD_NAME) is filled in by Kubernetes."""
    here = f"$(POD_NAME).{name}.{namespace}.svc.cluster.local"
    seeds = ",".join(
        f"{name}-{index}.{name}.{namespace}.svc.cluster.local:{PORTS['rpc']}"
        for index in range(facts.broker_replicas)
    )
    return [
        "redpanda",
        "start",
        "--smp=1",
        "--memory=1G",
        "--reserve-memory=0M",
        "--overprovisioned",
        "--default-log-level=info",
        f"--seeds={seeds}",
        f"--advertise-kafka-addr=client://{here}:{PORTS['kafka']},admin://{here}:{ADMIN_PORT}",
        f"--schema-registry-addr=0.0.0.0:{PORTS['registry']}",
        f"--rpc-addr=0.0.0.0:{PORTS['rpc']}",
        f"--advertise-rpc-addr={here}:{PORTS['rpc']}",
        "--set=redpanda.empty_seed_starts_cluster=false",
    ]


def stateful_set(name: str, namespace: str, facts: ClusterFacts) -> Manifest:
    """The brokers, started together because each waits for the others."""
    container = {
        "name": "redpanda",
        "image": images.REDPANDA,
        "imagePullPolicy": "IfNotPresent",
        "args": start_arguments(name, namespace, facts),
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "ports": [{"name": port, "containerPort": number} for port, number in PORTS.items()],
        "resources": resources(cpu="250m", memory="1280Mi", cpu_limit="1", memory_limit="1536Mi"),
        "securityContext": CONTAINER_SECURITY,
        **fast_probe({"httpGet": {"path": "/v1/status/ready", "port": "http"}}),
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/redpanda/data"},
            {"name": "etc", "mountPath": "/etc/redpanda"},
            {"name": "tls", "mountPath": _TLS, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a private emptyDir
        ],
    }
    # rpk adds to redpanda.yaml what its arguments say, so it gets a copy that it may write.
    copy = {
        "name": "settings",
        "image": images.REDPANDA,
        "imagePullPolicy": "IfNotPresent",
        "command": ["cp", "/config/.bootstrap.yaml", "/config/redpanda.yaml", "/etc/redpanda/"],
        "resources": resources(cpu="10m", memory="16Mi", cpu_limit="500m", memory_limit="64Mi"),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "config", "mountPath": "/config", "readOnly": True},
            {"name": "etc", "mountPath": "/etc/redpanda"},
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": namespace, "labels": labels(name)},
        "spec": {
            "serviceName": name,
            "replicas": facts.broker_replicas,
            "podManagementPolicy": "Parallel",
            "selector": {"matchLabels": labels(name)},
            "template": {
                "metadata": {
                    "labels": labels(name),
                    "annotations": config_annotation(
                        bootstrap_settings(facts), node_settings(name, namespace)
                    ),
                },
                "spec": {
                    "serviceAccountName": name,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 60,
                    "securityContext": pod_security(101),
                    "topologySpreadConstraints": [
                        {
                            "maxSkew": 1,
                            "topologyKey": "kubernetes.io/hostname",
                            "whenUnsatisfiable": "ScheduleAnyway",
                            "labelSelector": {"matchLabels": labels(name)},
                        }
                    ],
                    "initContainers": [copy],
                    "containers": [container],
                    "volumes": [
                        {"name": "config", "configMap": {"name": f"{name}-config"}},
                        broker_authority.volume("ca.crt", "broker.crt", "broker.key"),
                        {"name": "etc", "emptyDir": {}},
                        {"name": "tmp", "emptyDir": {}},
                    ],
                },
            },
            "volumeClaimTemplates": [
                {
                    "metadata": {"name": "data"},
                    "spec": {
                        "accessModes": ["ReadWriteOnce"],
                        "storageClassName": facts.storage_class,
                        "resources": {"requests": {"storage": facts.storage.broker}},
                    },
                }
            ],
        },
    }
