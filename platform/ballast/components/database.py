"""PostgreSQL: one server, a database and an owner role for each service of each environment."""

from collections.abc import Sequence

import pulumi

from ballast import names
from ballast.clusters.access import ClusterFacts
from ballast.components import images, network
from ballast.components.credentials import random_text
from ballast.components.generated_secret import GeneratedSecret
from ballast.components.objects import Manifest, child, declare, declare_all
from ballast.components.pods import (
    CONTAINER_SECURITY,
    config_annotation,
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
_SERVER_OPTIONS = (
    "max_connections=200",
    "synchronous_commit=on",
    "shared_buffers=64MB",
    "password_encryption=scram-sha-256",
    "log_min_duration_statement=1000",
)


def initialisation_sql(environments: Sequence[str]) -> str:
    """SQL of an empty server: databases whose owners nobody can log in as.

    Vault's short-lived users are members of the owner role and act as it, so a table made by one
    of them outlives it.
    """
    statements: list[str] = []
    for environment in environments:
        for owner in names.DATABASE_OWNERS:
            database = names.database_name(owner, environment)
            statements += [
                f"CREATE ROLE {database}_owner NOLOGIN;",
                f"CREATE DATABASE {database} OWNER {database}_owner;",
                f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
                f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {database}_owner;",
            ]
    return "\n".join(statements) + "\n"


def stateful_set(facts: ClusterFacts, sql: str) -> Manifest:
    """The server: one replica on a volume of its own."""
    arguments = ["postgres"]
    for option in _SERVER_OPTIONS:
        arguments += ["-c", option]
    container = {
        "name": "postgres",
        "image": images.POSTGRES,
        "imagePullPolicy": "IfNotPresent",
        "args": arguments,
        "env": [
            {"name": "POSTGRES_USER", "value": SUPERUSER},
            {"name": "POSTGRES_DB", "value": "postgres"},
            {"name": "POSTGRES_PASSWORD_FILE", "value": "/run/secrets/postgres/password"},
            {"name": "PGDATA", "value": "/var/lib/postgresql/data/pgdata"},
        ],
        "ports": [{"name": "postgres", "containerPort": names.DATABASE_PORT}],
        "resources": resources(cpu="50m", memory="128Mi", cpu_limit="1", memory_limit="512Mi"),
        "securityContext": CONTAINER_SECURITY,
        # The first start serves only its own socket while it creates the databases: ask by TCP.
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
            {"name": "data", "mountPath": "/var/lib/postgresql/data"},
            {"name": "password", "mountPath": "/run/secrets/postgres", "readOnly": True},
            {"name": "initialisation", "mountPath": "/docker-entrypoint-initdb.d"},
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
                "metadata": {"labels": labels(NAME), "annotations": config_annotation(sql)},
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 30,
                    "securityContext": pod_security(999),
                    "containers": [container],
                    "volumes": [
                        {"name": "password", "secret": {"secretName": SUPERUSER_SECRET}},
                        {"name": "initialisation", "configMap": {"name": "postgres-init"}},
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
    """The PostgreSQL server; `superuser` is the Secret that Vault's connection is made from."""

    def __init__(
        self,
        environments: Sequence[str],
        facts: ClusterFacts,
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Database", "database", None, opts)
        options = child(self, [namespace])
        sql = initialisation_sql(environments)
        self.superuser = GeneratedSecret(
            SUPERUSER_SECRET,
            namespace=_NAMESPACE,
            values={"username": SUPERUSER, "password": random_text()},
            opts=options,
        )
        initialisation = declare(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": "postgres-init", "namespace": _NAMESPACE},
                "data": {"10-databases.sql": sql},
            },
            options,
        )
        account, *_ = declare_all(
            [
                service_account(NAME, _NAMESPACE),
                service(NAME, _NAMESPACE, {"postgres": names.DATABASE_PORT}),
                network.allow(
                    NAME,
                    _NAMESPACE,
                    [network.environments(), network.namespace(names.VAULT_NAMESPACE)],
                    [names.DATABASE_PORT],
                ),
            ],
            options,
        )
        self.server = declare(
            stateful_set(facts, sql),
            child(self, [namespace, account, initialisation, self.superuser.secret]),
        )
        self.register_outputs({})
