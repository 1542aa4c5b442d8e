"""Apache Kafka in KRaft mode: the broker where Redpanda cannot be built from source."""

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

PORTS: Final = {"kafka": names.BROKER_PORT, "admin": ADMIN_PORT}
OPEN: Final = ("kafka",)
_TLS: Final = "/etc/kafka-tls"
_SCRAM: Final = "org.apache.kafka.common.security.scram.ScramLoginModule"


def security(tls: str) -> dict[str, str]:
    """Settings of listeners CLIENT, ADMIN and CONTROLLER, with the certificates of folder `tls`.

    Clients log in by password over TLS and may do what a right says. Broker, controller and
    administrator show a certificate of the broker's own authority, which signs for nobody else.
    """
    peers = (broker_authority.BROKER, broker_authority.ADMINISTRATOR)
    return {
        "listener.security.protocol.map": "CLIENT:SASL_SSL,ADMIN:SSL,CONTROLLER:SSL",
        "listener.name.client.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{_SCRAM} required;",
        "listener.name.admin.ssl.client.auth": "required",
        "listener.name.controller.ssl.client.auth": "required",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": f"{tls}/broker.pem",
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": f"{tls}/ca.crt",
        "ssl.enabled.protocols": "TLSv1.3",
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        "super.users": ";".join(f"User:CN={name}" for name in peers),
    }


def server_properties(name: str, namespace: str) -> str:
    """The configuration of a single node that is both broker and controller."""
    advertised = f"{name}-0.{name}.{namespace}.svc.cluster.local"
    settings = {
        "process.roles": "broker,controller",
        "node.id": "1",
        "controller.quorum.voters": "1@127.0.0.1:9093",
        "listeners": f"CLIENT://0.0.0.0:{names.BROKER_PORT},ADMIN://0.0.0.0:{ADMIN_PORT},"
        "CONTROLLER://127.0.0.1:9093",
        "advertised.listeners": f"CLIENT://{advertised}:{names.BROKER_PORT},"
        f"ADMIN://{advertised}:{ADMIN_PORT}",
        "inter.broker.listener.name": "ADMIN",
        "controller.listener.names": "CONTROLLER",
        **security(_TLS),
        "log.dirs": "/var/lib/kafka/data",
        # A topic that nobody declared is a mistake; a misspelt one must not come to life.
        "auto.create.topics.enable": "false",
        "num.partitions": "6",
        "default.replication.factor": "1",
        "min.insync.replicas": "1",
        "offsets.topic.replication.factor": "1",
        "offsets.topic.num.partitions": "6",
        "transaction.state.log.replication.factor": "1",
        "transaction.state.log.min.isr": "1",
        "transaction.state.log.num.partitions": "2",
        "share.coordinator.state.topic.replication.factor": "1",
        "share.coordinator.state.topic.min.isr": "1",
        "group.initial.rebalance.delay.ms": "0",
        "log.retention.hours": "168",
        "message.max.bytes": "1048588",
        "num.network.threads": "2",
        "num.io.threads": "2",
        "log.cleaner.dedupe.buffer.size": "10485760",
    }
    return "".join(f"{key}={value}\n" for key, value in settings.items())


def config_map(name: str, namespace: str, facts: ClusterFacts) -> Manifest:
    """server.properties, mounted at /etc/kafka."""
    del facts
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": f"{name}-config", "namespace": namespace},
        "data": {"server.properties": server_properties(name, namespace)},
    }


def stateful_set(name: str, namespace: str, facts: ClusterFacts) -> Manifest:
    """One Kafka node with its log on a volume."""
    container = {
        "name": "kafka",
        "image": images.KAFKA,
        "imagePullPolicy": "IfNotPresent",
        "env": [{"name": "KAFKA_HEAP_MAX", "value": "384m"}],
        "ports": [{"name": port, "containerPort": number} for port, number in PORTS.items()],
        "resources": resources(cpu="100m", memory="384Mi", cpu_limit="2", memory_limit="768Mi"),
        "securityContext": CONTAINER_SECURITY,
        **fast_probe({"tcpSocket": {"port": "kafka"}}),
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/kafka", "readOnly": True},
            {"name": "tls", "mountPath": _TLS, "readOnly": True},
            {"name": "data", "mountPath": "/var/lib/kafka"},
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
            "selector": {"matchLabels": labels(name)},
            "template": {
                "metadata": {
                    "labels": labels(name),
                    "annotations": config_annotation(server_properties(name, namespace)),
                },
                "spec": {
                    "serviceAccountName": name,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 30,
                    "securityContext": pod_security(1000),
                    "containers": [container],
                    "volumes": [
                        {"name": "config", "configMap": {"name": f"{name}-config"}},
                        broker_authority.volume("ca.crt", "broker.pem"),
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
