"""Redis: counters and caches that may be lost. Nothing that somebody would miss lives here."""

from collections.abc import Mapping

import pulumi

from ballast import names
from ballast.components import images, network
from ballast.components.credentials import random_text
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

NAME = "redis"
SECRET = "redis"  # noqa: S105 - the name of a Secret
_NAMESPACE = names.DATABASE_NAMESPACE
_PASSWORD_KEY = "password"  # noqa: S105 - the key in a Secret


def deployment() -> Manifest:
    """One replica in memory only; when it is full, the counters next to expire go first."""
    container = {
        "name": NAME,
        "image": images.REDIS,
        "imagePullPolicy": "IfNotPresent",
        "args": [
            *("--requirepass", "$(REDIS_PASSWORD)"),
            *("--save", ""),
            *("--appendonly", "no"),
            *("--maxmemory", "64mb"),
            *("--maxmemory-policy", "volatile-ttl"),
        ],
        "env": [
            {
                "name": "REDIS_PASSWORD",
                "valueFrom": {"secretKeyRef": {"name": SECRET, "key": _PASSWORD_KEY}},
            }
        ],
        "ports": [{"name": NAME, "containerPort": names.CACHE_PORT}],
        "resources": resources(cpu="10m", memory="16Mi", cpu_limit="500m", memory_limit="128Mi"),
        "securityContext": CONTAINER_SECURITY,
        **fast_probe({"tcpSocket": {"port": NAME}}),
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": NAME, "namespace": _NAMESPACE, "labels": labels(NAME)},
        "spec": {
            "replicas": 1,
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels(NAME)},
            "template": {
                "metadata": {"labels": labels(NAME)},
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 5,
                    "securityContext": pod_security(999, 1000),
                    "containers": [container],
                    "volumes": [{"name": "data", "emptyDir": {}}],
                },
            },
        },
    }


class Cache(pulumi.ComponentResource):
    """The server, and its password as Secret `redis` of each environment."""

    def __init__(
        self,
        environments: Mapping[str, pulumi.Resource],
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Cache", "cache", None, opts)
        options = child(self, [namespace])
        secret = GeneratedSecret(
            SECRET, namespace=_NAMESPACE, values={_PASSWORD_KEY: random_text()}, opts=options
        )
        account, *_ = declare_all(
            [
                service_account(NAME, _NAMESPACE),
                service(NAME, _NAMESPACE, {NAME: names.CACHE_PORT}),
                network.allow(NAME, _NAMESPACE, [network.environments()], [names.CACHE_PORT]),
            ],
            options,
        )
        declare(deployment(), child(self, [namespace, account, secret.secret]))
        for environment, place in environments.items():
            declare(
                {
                    "apiVersion": "v1",
                    "kind": "Secret",
                    "metadata": {
                        "name": SECRET,
                        "namespace": names.ENVIRONMENT_NAMESPACES[environment],
                    },
                    "stringData": {_PASSWORD_KEY: secret.value(_PASSWORD_KEY)},
                },
                child(self, [place]),
            )
        self.register_outputs({})
