"""PostgreSQL: one server for the services of all environments."""

from collections.abc import Mapping

import pulumi

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import images, network
from ballast.components.credentials import random_text
from ballast.components.database_layout import DatabaseLayout
from ballast.components.generated_secret import GeneratedSecret
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

NAME = "postgres"
SUPERUSER = "postgres"
SUPERUSER_SECRET = "postgres-superuser"  # noqa: S105 - the name of a Secret
_NAMESPACE = names.DATABASE_NAMESPACE
_VOLUME = "/var/lib/postgresql/data"
# A pod that was deleted without grace serves on beside its successor, and each would write over
# what the other has acknowledged: PostgreSQL knows another server by its process id, and of a
# container that is always 1. The lock ends with the last process that could still write.
ALONE = ("flock", "--no-fork", f"{_VOLUME}/server.lock", "docker-entrypoint.sh")
# Asked to end by SIGTERM it would wait for its clients, which never leave.
_STOP = ("pg_ctl", "--mode=fast", "--no-wait", "stop")
_SERVER_OPTIONS = (
    "max_connections=200",
    "synchronous_commit=on",
    "shared_buffers=64MB",
    "password_encryption=scram-sha-256",
    "log_min_duration_statement=1000",
)


def stateful_set(facts: ClusterFacts) -> Manifest:
    """The server: one replica on a volume of its own."""
    arguments = ["postgres"]
    for option in _SERVER_OPTIONS:
        arguments += ["-c", option]
    container = {
        "name": "postgres",
        "image": images.POSTGRES,
        "imagePullPolicy": "IfNotPresent",
        "command": list(ALONE),
        "args": arguments,
        "lifecycle": {"preStop": {"exec": {"command": list(_STOP)}}},
        "env": [
            {"name": "POSTGRES_USER", "value": SUPERUSER},
            {"name": "POSTGRES_DB", "value": "postgres"},
            {"name": "POSTGRES_PASSWORD_FILE", "value": "/run/secrets/postgres/password"},
            {"name": "PGDATA", "value": f"{_VOLUME}/pgdata"},
        ],
        "ports": [{"name": "postgres", "containerPort": names.DATABASE_PORT}],
        "resources": resources(cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="512Mi"),
        "securityContext": CONTAINER_SECURITY,
        # The first start serves only its own socket while it sets itself up: ask by TCP.
        **fast_probe(
            {
                "exec": {
                    "command": [
                        "pg_isready",
                        "--quiet",
                        "--host=127.0.0.1",
                        f"--username={SUPERUSER}",
                    ]
                },
                "timeoutSeconds": 3,
            }
        ),
        "volumeMounts": [
            {"name": "data", "mountPath": _VOLUME},
            {"name": "password", "mountPath": "/run/secrets/postgres", "readOnly": True},
            {"name": "socket", "mountPath": "/var/run/postgresql"},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a private emptyDir
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": NAME, "namespace": _NAMESPACE, "labels": labels(NAME)},
        "spec": {
            "serviceName": NAME,
            "replicas": 1,
            "selector": {"matchLabels": labels(NAME)},
            "template": {
                "metadata": {"labels": labels(NAME)},
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 30,
                    "securityContext": pod_security(999),
                    "containers": [container],
                    "volumes": [
                        {"name": "password", "secret": {"secretName": SUPERUSER_SECRET}},
                        {"name": "socket", "emptyDir": {}},
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
                        "resources": {"requests": {"storage": facts.storage.database}},
                    },
                }
            ],
        },
    }


class Database(pulumi.ComponentResource):
    """The PostgreSQL server and its layout.

    `superuser` is the Secret that Vault's connection is made from.
    """

    def __init__(
        self,
        environments: Mapping[str, pulumi.Resource],
        facts: ClusterFacts,
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Database", "database", None, opts)
        options = child(self, [namespace])
        self.superuser = GeneratedSecret(
            SUPERUSER_SECRET,
            namespace=_NAMESPACE,
            values={"username": SUPERUSER, "password": random_text()},
            opts=options,
        )
        account, *_ = declare_all(
            [
                service_account(NAME, _NAMESPACE),
                service(NAME, _NAMESPACE, {"postgres": names.DATABASE_PORT}),
                network.allow(
                    NAME,
                    _NAMESPACE,
                    [
                        network.environments(),
                        network.namespace(names.VAULT_NAMESPACE),
                        network.namespace(_NAMESPACE),
                    ],
                    [names.DATABASE_PORT],
                ),
            ],
            options,
        )
        self.server = declare(
            stateful_set(facts), child(self, [namespace, account, self.superuser.secret])
        )
        self.layout = DatabaseLayout(
            self.server, SUPERUSER_SECRET, environments, namespace, child(self)
        )
        self.register_outputs({})
