"""Users of the broker, their rights, and the Secret of each: one credential a service."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi

from ballast import names
from ballast.components import broker_authority, broker_rights, images
from ballast.components.generated_secret import GeneratedSecret
from ballast.components.objects import Manifest, child, declare
from ballast.components.pods import (
    CONTAINER_SECURITY,
    fingerprint,
    labels,
    pod_security,
    resources,
)

NAME: Final = "broker-access"
ADMIN_PORT: Final = names.BROKER_ADMIN_PORT
_NAMESPACE: Final = names.MESSAGING_NAMESPACE
_AUTHORITY: Final = "/run/secrets/authority"
_USERS: Final = "/run/secrets/users"


def job(plan: Mapping[str, Any], generation: int) -> Manifest:
    """One reconciliation; its name carries what it does, so that a change is a new Job."""
    container = {
        "name": "access",
        "image": images.PLATFORM_AGENTS,
        "imagePullPolicy": "IfNotPresent",
        "args": ["/agents/broker_access.py"],
        "env": [
            {"name": "BROKER", "value": f"{names.BROKER_HOST}:{ADMIN_PORT}"},
            {"name": "PLAN", "value": "/etc/broker-access/plan.json"},
            {"name": "AUTHORITY", "value": _AUTHORITY},
            {"name": "USERS", "value": _USERS},
        ],
        "resources": resources(cpu="10m", memory="32Mi", cpu_limit="500m", memory_limit="96Mi"),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [
            {"name": "plan", "mountPath": "/etc/broker-access", "readOnly": True},
            {"name": "tls", "mountPath": _AUTHORITY, "readOnly": True},
            {"name": "users", "mountPath": _USERS, "readOnly": True},
        ],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {
            "name": f"{NAME}-{fingerprint(plan, generation)[:8]}",
            "namespace": _NAMESPACE,
            "labels": labels(NAME),
        },
        "spec": {
            "backoffLimit": 10,
            "activeDeadlineSeconds": 600,
            "template": {
                "metadata": {"labels": labels(NAME)},
                "spec": {
                    "restartPolicy": "OnFailure",
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": pod_security(1000),
                    "containers": [container],
                    "volumes": [
                        {"name": "plan", "configMap": {"name": NAME}},
                        {"name": "users", "secret": {"secretName": names.BROKER_USERS}},
                        broker_authority.volume("ca.crt", "admin.crt", "admin.key"),
                    ],
                },
            },
        },
    }


class BrokerAccess(pulumi.ComponentResource):
    """What the broker admits. `done` is the Job after which every user can log in."""

    def __init__(
        self,
        server: pulumi.Resource,
        authority: GeneratedSecret,
        environments: Mapping[str, pulumi.Resource],
        namespace: pulumi.Resource,
        *,
        generation: int,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:BrokerAccess", NAME, None, opts)
        seed, ca = authority.value(broker_authority.SEED), authority.value(broker_authority.CA)

        def password(user: str) -> pulumi.Output[str]:
            made = seed.apply(lambda text: broker_authority.password(text, user, generation))
            return pulumi.Output.secret(made)

        plan = broker_rights.plan(list(environments))
        content = {user: password(user) for user in plan["users"]} | {broker_authority.CA: ca}
        options = child(self, [namespace])
        users = declare(_secret(names.BROKER_USERS, _NAMESPACE, content), options)
        written = declare(
            {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": NAME, "namespace": _NAMESPACE},
                "data": {"plan.json": json.dumps(plan, indent=1)},
            },
            options,
        )
        self.done = declare(job(plan, generation), child(self, [server, users, written]))
        for environment, place in environments.items():
            for name in (*names.SERVICES, names.TOPICS_USER):
                user = names.broker_user(name, environment)
                content = {"username": user, "password": password(user), broker_authority.CA: ca}
                where = names.ENVIRONMENT_NAMESPACES[environment]
                secret = _secret(names.broker_secret(name), where, content)
                declare(secret, child(self, [place]))
        self.register_outputs({})


def _secret(name: str, namespace: str, content: Mapping[str, Any]) -> Manifest:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": dict(content),
    }
