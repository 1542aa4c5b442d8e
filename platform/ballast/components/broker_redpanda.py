"""Redpanda with its own schema registry: the broker of every cluster that can pull its image."""

import json
from typing import Final

from ballast.clusters.access import ClusterFacts
from ballast.components import images
from ballast.components.objects import Manifest
from ballast.components.pods import (
    CONTAINER_SECURITY,
    config_annotation,
    fast_probe,
    labels,
    pod_security,
    resources,
)

PORTS: Final = {"kafka": 9092, "registry": 8080, "rpc": 33145, "admin": 9644}


def bootstrap_settings(facts: ClusterFacts) -> str:
    """Cluster properties, read once by an empty cluster; the same promises as Kafka's."""
    return json.dumps(
        {
            "auto_create_topics_enabled": False,
            "default_topic_partitions": 6,
            "default_topic_replications": min(3, facts.broker_replicas),
            "group_initial_rebalance_delay": 0,
            "kafka_batch_max_bytes": 1048588,
            "log_retention_ms": 7 * 24 * 3600 * 1000,
        },
        indent=2,
    )


def config_map(name: str, namespace: str, facts: ClusterFacts) -> Manifest:
    """The bootstrap settings; YAML readers take JSON."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{name}-config", "namespace": namespace},
        "data": {".bootstrap.yaml": bootstrap_settings(facts)},
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
        f"--kafka-addr=client://0.0.0.0:{PORTS['kafka']}",
        f"--advertise-kafka-addr=client://{here}:{PORTS['kafka']}",
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
        **fast_probe({"httpGet": {"path": "/v1/status/ready", "port": "admin"}}),
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/redpanda/data"},
            # rpk writes redpanda.yaml beside the bootstrap file that it reads.
            {"name": "etc", "mountPath": "/etc/redpanda"},
            {
                "name": "config",
                "mountPath": "/etc/redpanda/.bootstrap.yaml",
                "subPath": ".bootstrap.yaml",
                "readOnly": True,
            },
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a private emptyDir
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
                    "annotations": config_annotation(bootstrap_settings(facts)),
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
                    "containers": [container],
                    "volumes": [
                        {"name": "config", "configMap": {"name": f"{name}-config"}},
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
