"""Every namespace of the platform, with its Pod Security level, and the environments' quotas."""

from collections.abc import Sequence
from typing import Final

import pulumi

from ballast import names
from ballast.components.objects import Manifest, child, declare, declare_all

_PLATFORM: Final = (
    names.DATABASE_NAMESPACE,
    names.MESSAGING_NAMESPACE,
    names.VAULT_NAMESPACE,
    names.DAPR_NAMESPACE,
    names.MONITORING_NAMESPACE,
    names.POLICY_NAMESPACE,
    names.ARGOCD_NAMESPACE,
    names.GIT_NAMESPACE,
)


def namespace_manifest(name: str, *, environment: str | None = None) -> Manifest:
    """A Namespace whose pods run under Pod Security `restricted`; environments are marked."""
    return {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": name,
            "labels": {
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
                **({names.ENVIRONMENT_LABEL: environment} if environment else {}),
            },
        },
    }


def quota_manifests(namespace: str) -> list[Manifest]:
    """Room for one environment with all of its services rolling at once, and container defaults."""
    return [
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "environment", "namespace": namespace},
            "spec": {
                "hard": {
                    "requests.cpu": "4",
                    "requests.memory": "4Gi",
                    "limits.cpu": "24",
                    "limits.memory": "8Gi",
                    "pods": "50",
                    "persistentvolumeclaims": "5",
                    "services.loadbalancers": "1",
                }
            },
        },
        {
            "apiVersion": "v1",
            "kind": "LimitRange",
            "metadata": {"name": "environment", "namespace": namespace},
            "spec": {
                "limits": [
                    {
                        "type": "Container",
                        "default": {"cpu": "500m", "memory": "256Mi"},
                        "defaultRequest": {"cpu": "20m", "memory": "64Mi"},
                        "max": {"cpu": "2", "memory": "1Gi"},
                    }
                ]
            },
        },
    ]


class Namespaces(pulumi.ComponentResource):
    """All namespaces; `of` finds one, `environments` are those that Argo CD fills."""

    def __init__(
        self, environments: Sequence[str], opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("ballast:platform:Namespaces", "namespaces", None, opts)
        options = child(self)
        self._by_name = {name: declare(namespace_manifest(name), options) for name in _PLATFORM}
        self.environments: dict[str, pulumi.CustomResource] = {}
        for environment in environments:
            name = names.ENVIRONMENT_NAMESPACES[environment]
            made = declare(namespace_manifest(name, environment=environment), options)
            self.environments[environment] = self._by_name[name] = made
            declare_all(quota_manifests(name), child(self, [made]))
        self.register_outputs({})

    def of(self, name: str) -> pulumi.CustomResource:
        """The Namespace resource called `name`, to depend on."""
        return self._by_name[name]

    def all(self) -> list[pulumi.CustomResource]:
        """Every Namespace."""
        return list(self._by_name.values())
