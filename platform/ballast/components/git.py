"""The Git server that Argo CD follows: soft-serve, with a hook that tells Argo CD of each push."""

from pathlib import Path

import pulumi

from ballast import names
from ballast.agents import git_hook
from ballast.clusters.access import ClusterFacts
from ballast.components import images
from ballast.components.credentials import random_text, ssh_key
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

NAME = "git"
PORTS = {"ssh": 23231, "http": 23232}
ADMIN_SECRET = "git-admin"  # noqa: S105 - the name of a Secret
WEBHOOK_SECRET = "git-webhook"  # noqa: S105 - the name of a Secret
_NAMESPACE = names.GIT_NAMESPACE
_HOOK_CONFIG = "git-hook"


def hook_text() -> str:
    """The post-receive hook, as soft-serve runs it."""
    return Path(str(git_hook.__file__)).read_text()


def stateful_set(facts: ClusterFacts) -> Manifest:
    """One server on a volume. Reading is open inside the cluster; pushing needs a token."""
    environment = {
        "SOFT_SERVE_DATA_PATH": "/soft-serve",
        "SOFT_SERVE_NAME": "Ballast",
        "SOFT_SERVE_HTTP_PUBLIC_URL": names.GIT_URL_IN_CLUSTER.rsplit("/", 1)[0],
        "SOFT_SERVE_STATS_ENABLED": "false",
        "SOFT_SERVE_GIT_ENABLED": "false",
        "HOME": "/soft-serve",
    }
    container = {
        "name": "soft-serve",
        "image": images.GIT_SERVER,
        "imagePullPolicy": "IfNotPresent",
        "env": [
            *({"name": key, "value": value} for key, value in environment.items()),
            {
                "name": "SOFT_SERVE_INITIAL_ADMIN_KEYS",
                "valueFrom": {"secretKeyRef": {"name": ADMIN_SECRET, "key": "id_ed25519.pub"}},
            },
        ],
        "ports": [{"name": port, "containerPort": number} for port, number in PORTS.items()],
        "resources": resources(cpu="20m", memory="64Mi", cpu_limit="1", memory_limit="256Mi"),
        "securityContext": CONTAINER_SECURITY,
        **fast_probe({"tcpSocket": {"port": "http"}}),
        "volumeMounts": [
            {"name": "data", "mountPath": "/soft-serve"},
            {"name": "hook", "mountPath": "/soft-serve/hooks", "readOnly": True},
            {"name": "webhook", "mountPath": "/etc/ballast/webhook", "readOnly": True},
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
                "metadata": {
                    "labels": labels(NAME),
                    "annotations": config_annotation(hook_text()),
                },
                "spec": {
                    "serviceAccountName": NAME,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "terminationGracePeriodSeconds": 10,
                    "securityContext": pod_security(1000),
                    "containers": [container],
                    "volumes": [
                        {
                            "name": "hook",
                            "configMap": {"name": _HOOK_CONFIG, "defaultMode": 0o555},
                        },
                        {
                            "name": "webhook",
                            "secret": {"secretName": WEBHOOK_SECRET, "defaultMode": 0o440},
                        },
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
                        "resources": {"requests": {"storage": facts.storage.git}},
                    },
                }
            ],
        },
    }


class Git(pulumi.ComponentResource):
    """`webhook_secret` is what the hook signs with, and Argo CD must know."""

    def __init__(
        self,
        facts: ClusterFacts,
        namespace: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("ballast:platform:Git", "git", None, opts)
        options = child(self, [namespace])
        key = ssh_key("ballast-admin")
        administrator = GeneratedSecret(
            ADMIN_SECRET,
            namespace=_NAMESPACE,
            values={"id_ed25519": key.private, "id_ed25519.pub": key.public},
            opts=options,
        )
        webhook = GeneratedSecret(
            WEBHOOK_SECRET, namespace=_NAMESPACE, values={"secret": random_text()}, opts=options
        )
        self.webhook_secret = webhook.value("secret")
        needed = declare_all(
            [
                service_account(NAME, _NAMESPACE),
                {
                    "apiVersion": "v1",
                    "kind": "ConfigMap",
                    "metadata": {"name": _HOOK_CONFIG, "namespace": _NAMESPACE},
                    "data": {"post-receive": hook_text()},
                },
            ],
            options,
        )
        declare(service(NAME, _NAMESPACE, PORTS), options)
        self.server = declare(
            stateful_set(facts),
            child(self, [namespace, administrator.secret, webhook.secret, *needed]),
        )
        self.register_outputs({})
