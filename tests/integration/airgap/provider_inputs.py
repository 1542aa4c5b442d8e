"""Inputs of the objects that the provider's tests make."""

from typing import Any

from provider_process import Provider

SECRET = "kubernetes:core/v1:Secret"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
CLAIM = "kubernetes:core/v1:PersistentVolumeClaim"
PASSWORD = "correct horse battery staple"


def config_map(namespace: str, data: dict[str, Any], name: str = "settings") -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": namespace},
        "data": data,
    }


def deployment(namespace: str) -> dict[str, Any]:
    labels = {"app": "web"}
    pod = {"containers": [{"name": "web", "image": "registry.invalid/web:1"}]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def made(provider: Provider, token: str, inputs: Any, **options: Any) -> tuple[str, Any, Any]:
    checked = provider.checked(token, inputs)
    identifier, state = provider.create(token, checked, **options)
    return identifier, checked, state
