"""What PostgreSQL holds: databases, their owners, and the users that Vault does not hand out."""

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi

from ballast import names
from ballast.components import images
from ballast.components.credentials import random_text
from ballast.components.generated_secret import GeneratedSecret
from ballast.components.objects import Manifest, child, declare
from ballast.components.pods import (
    CONTAINER_SECURITY,
    fingerprint,
    labels,
    pod_security,
    resources,
)

STATE_SECRET: Final = "postgres-secret"  # noqa: S105 - the name of a Secret
_NAME: Final = "postgres-layout"
_NAMESPACE: Final = names.DATABASE_NAMESPACE
_PASSWORDS: Final = "/run/secrets/state"


def layout_sql(environments: Sequence[str]) -> str:
    """A psql script that makes what is missing and can run again and again.

    Nobody can log in as an owner. Vault's short-lived users are members of the owner role and act
    as it, so a table made by one of them outlives it. The sidecars' state store cannot renew a
    credential, so its user has a password of its own, read from a file and never written here.
    """
    # A slow statement is logged as it is, and one of these carries a password.
    statements = ["SET log_min_duration_statement = -1;"]
    for environment in environments:
        for service in names.DATABASE_OWNERS:
            database = names.database_name(service, environment)
            statements += _owned(database, f"{database}_owner", "NOLOGIN")
        state = names.state_database(environment)
        statements += _owned(state, state, "LOGIN")
        statements += [
            f"\\set password `cat {_PASSWORDS}/{environment}`",
            f"ALTER ROLE {state} PASSWORD :'password';",
        ]
    return "\n".join(statements) + "\n"


def _owned(database: str, owner: str, login: str) -> list[str]:
    return [
        _unless_there("pg_roles", "rolname", owner, f"CREATE ROLE {owner} {login}"),
        _unless_there(
            "pg_database", "datname", database, f"CREATE DATABASE {database} OWNER {owner}"
        ),
        f"REVOKE ALL ON DATABASE {database} FROM PUBLIC;",
        f"GRANT CONNECT, TEMPORARY ON DATABASE {database} TO {owner};",
    ]


def _unless_there(catalog: str, column: str, name: str, statement: str) -> str:
    # psql runs what the query returns; PostgreSQL has no IF NOT EXISTS for these two.
    wanted = f"SELECT '{statement}' WHERE NOT EXISTS"
    return f"{wanted} (SELECT FROM {catalog} WHERE {column} = '{name}') \\gexec"


def connection_string(environment: str, password: str) -> str:
    """How the sidecars of an environment reach their state store, in libpq's format."""
    state = names.state_database(environment)
    return (
        f"host={names.DATABASE_HOST} port={names.DATABASE_PORT} dbname={state} user={state} "
        f"password={password} sslmode=disable"
    )


def job(sql: str, superuser: str) -> Manifest:
    """The script's run; its name carries the script, so a changed one is a new Job."""
    container = {
        "name": "psql",
        "image": images.POSTGRES,
        "imagePullPolicy": "IfNotPresent",
        "command": [
            "psql",
            "--set=ON_ERROR_STOP=1",
            "--quiet",
            "--no-psqlrc",
            f"--host={names.DATABASE_HOST}",
            "--dbname=postgres",
            "--file=/layout/layout.sql",
        ],
        "env": [
            {"name": variable, "valueFrom": {"secretKeyRef": {"name": superuser, "key": key}}}
            for variable, key in (("PGUSER", "username"), ("PGPASSWORD", "password"))
        ],
        "resources": resources(cpu="10m", memory="32Mi", cpu_limit="500m", memory_limit="128Mi"),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "layout", "mountPath": "/layout", "readOnly": True},
            {"name": "passwords", "mountPath": _PASSWORDS, "readOnly": True},
        ],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{_NAME}-{fingerprint(sql)[:8]}",
            "namespace": _NAMESPACE,
            "labels": labels(_NAME),
        },
        "spec": {
            "backoffLimit": 10,
            "activeDeadlineSeconds": 600,
            "template": {
                "metadata": {"labels": labels(_NAME)},
                "spec": {
                    "restartPolicy": "OnFailure",
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": pod_security(999),
                    "containers": [container],
                    "volumes": [
                        {"name": "layout", "configMap": {"name": _NAME}},
                        {"name": "passwords", "secret": {"secretName": STATE_SECRET}},
                    ],
                },
            },
        },
    }


class DatabaseLayout(pulumi.ComponentResource):
    """The layout of a running server, and the Secret that each environment's sidecars read."""

    def __init__(
        self,
        server: pulumi.Resource,
        superuser: str,
        environments: Mapping[str, pulumi.Resource],
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:DatabaseLayout", "database-layout", None, opts)
        options = child(self, [namespace])
        passwords = GeneratedSecret(
            STATE_SECRET,
            namespace=_NAMESPACE,
            values={environment: random_text() for environment in environments},
            opts=options,
        )
        sql = layout_sql(list(environments))
        script = declare(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": _NAME, "namespace": _NAMESPACE},
                "data": {"layout.sql": sql},
            },
            options,
        )
        self.done = declare(job(sql, superuser), child(self, [server, script, passwords.secret]))
        for environment, place in environments.items():
            declare(
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {
                        "name": STATE_SECRET,
                        "namespace": names.ENVIRONMENT_NAMESPACES[environment],
                    },
                    "stringData": {
                        "connection-string": passwords.value(environment).apply(
                            lambda password, environment=environment: connection_string(
                                environment, password
                            )
                        )
                    },
                },
                child(self, [place]),
            )
        self.register_outputs({})
