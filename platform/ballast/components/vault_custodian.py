"""The Deployment that keeps Vault unsealed and configured, with exactly the rights it needs."""

import json
from typing import Any

from ballast import names
from ballast.components import images
from ballast.components.objects import Manifest
from ballast.components.pods import (
    CONTAINER_SECURITY,
    config_annotation,
    labels,
    pod_security,
    resources,
)
from ballast.components.vault_plan import AUDIENCE, CUSTODIAN, CUSTODY

ADMINISTRATOR_SECRET = "database-administrator"  # noqa: S105 - the name of a Secret
PLUGIN_FOLDER = "/usr/local/lib/vault"
_NAMESPACE = names.VAULT_NAMESPACE
_CONFIG = f"{CUSTODIAN}-plan"


def access_manifests() -> list[Manifest]:
    """ServiceAccount, and the right to read and extend one Secret, which it cannot create."""
    subject = {"kind": "ServiceAccount", "name": CUSTODIAN, "namespace": _NAMESPACE}
    rule = {
        "apiGroups": [""],
        "resources": ["secrets"],
        "resourceNames": [CUSTODY],
        "verbs": ["get", "patch"],
    }
    metadata = {"name": CUSTODIAN, "namespace": _NAMESPACE}
    rbac = "rbac.authorization.k8s.io"
    return [
        {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": metadata,
            "automountServiceAccountToken": False,
        },
        {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": [rule]},
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": rbac, "kind": "Role", "name": CUSTODIAN},
            "subjects": [subject],
        },
    ]


def plan_manifest(plan: dict[str, Any]) -> Manifest:
    """The plan as a ConfigMap: it names things, it holds no secret."""
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": _CONFIG, "namespace": _NAMESPACE},
        "data": {"plan.json": json.dumps(plan, indent=2)},
    }


def deployment(plan: dict[str, Any]) -> Manifest:
    """One replica. Vault's own image tells the plugin's SHA-256, so the two cannot disagree."""
    measure = (
        f"if [ -f {PLUGIN_FOLDER}/postgresql-database-plugin ]; then "
        f"sha256sum {PLUGIN_FOLDER}/postgresql-database-plugin | cut -d' ' -f1; fi > /plugin/sha256"
    )
    plugin_sha = {
        "name": "plugin-sha",
        "image": f"{images.VAULT_REPOSITORY}:{images.VAULT_TAG}",
        "imagePullPolicy": "IfNotPresent",
        "command": ["/bin/sh", "-ec", measure],
        "resources": resources(cpu="10m", memory="16Mi", cpu_limit="1", memory_limit="64Mi"),
        "securityContext": CONTAINER_SECURITY,
        "volumeMounts": [{"name": "plugin", "mountPath": "/plugin"}],
    }
    container = {
        "name": "custodian",
        "image": images.PLATFORM_AGENTS,
        "imagePullPolicy": "IfNotPresent",
        "args": ["/agents/vault_custodian.py"],
        "env": [
            {"name": "VAULT_ADDR", "value": names.VAULT_ADDRESS},
            {"name": "PLAN", "value": "/etc/vault-custodian/plan.json"},
            {"name": "PYTHONDONTWRITEBYTECODE", "value": "1"},
        ],
        "ports": [{"name": "health", "containerPort": 8080}],
        "resources": resources(cpu="10m", memory="32Mi", cpu_limit="500m", memory_limit="96Mi"),
        "securityContext": CONTAINER_SECURITY,
        "livenessProbe": {
            "tcpSocket": {"port": "health"},
            "periodSeconds": 20,
            "failureThreshold": 3,
        },
        "readinessProbe": {
            "httpGet": {"path": "/healthz", "port": "health"},
            "periodSeconds": 5,
        },
        "volumeMounts": [
            {"name": "plan", "mountPath": "/etc/vault-custodian", "readOnly": True},
            {"name": "plugin", "mountPath": "/plugin", "readOnly": True},
            {
                "name": "database",
                "mountPath": "/var/run/secrets/database",
                "readOnly": True,
            },
            {"name": "vault-token", "mountPath": "/var/run/secrets/vault", "readOnly": True},
            {
                "name": "cluster-token",
                "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount",
                "readOnly": True,
            },
        ],
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": CUSTODIAN, "namespace": _NAMESPACE, "labels": labels(CUSTODIAN)},
        "spec": {
            "replicas": 1,
            "revisionHistoryLimit": 3,
            # Two of them would race to initialise.
            "strategy": {"type": "Recreate"},
            "selector": {"matchLabels": labels(CUSTODIAN)},
            "template": {
                "metadata": {
                    "labels": labels(CUSTODIAN),
                    "annotations": config_annotation(plan),
                },
                "spec": {
                    "serviceAccountName": CUSTODIAN,
                    "automountServiceAccountToken": False,
                    "enableServiceLinks": False,
                    "securityContext": pod_security(1000),
                    "initContainers": [plugin_sha],
                    "containers": [container],
                    "volumes": _volumes(),
                },
            },
        },
    }


def _volumes() -> list[Manifest]:
    cluster_token = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
        {
            "configMap": {
                "name": "kube-root-ca.crt",
                "items": [{"key": "ca.crt", "path": "ca.crt"}],
            }
        },
    ]
    vault_token = [
        {
            "serviceAccountToken": {
                "path": "token",
                "audience": AUDIENCE,
                "expirationSeconds": 3600,
            }
        }
    ]
    return [
        {"name": "plan", "configMap": {"name": _CONFIG}},
        {"name": "plugin", "emptyDir": {}},
        {"name": "database", "secret": {"secretName": ADMINISTRATOR_SECRET}},
        {"name": "vault-token", "projected": {"sources": vault_token}},
        {"name": "cluster-token", "projected": {"sources": cluster_token}},
    ]
