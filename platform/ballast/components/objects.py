"""Register Kubernetes objects that are written as manifests."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
import pulumi_kubernetes as k8s
from pulumi_kubernetes.apiextensions import CustomResource

Manifest = dict[str, Any]

_CLASSES: Final[Mapping[tuple[str, str], type[pulumi.CustomResource]]] = {
    ("v1", "ConfigMap"): k8s.core.v1.ConfigMap,
    ("v1", "LimitRange"): k8s.core.v1.LimitRange,
    ("v1", "Namespace"): k8s.core.v1.Namespace,
    ("v1", "PersistentVolumeClaim"): k8s.core.v1.PersistentVolumeClaim,
    ("v1", "ResourceQuota"): k8s.core.v1.ResourceQuota,
    ("v1", "Secret"): k8s.core.v1.Secret,
    ("v1", "Service"): k8s.core.v1.Service,
    ("v1", "ServiceAccount"): k8s.core.v1.ServiceAccount,
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"): (
        k8s.apiextensions.v1.CustomResourceDefinition
    ),
    ("apps/v1", "Deployment"): k8s.apps.v1.Deployment,
    ("apps/v1", "StatefulSet"): k8s.apps.v1.StatefulSet,
    ("networking.k8s.io/v1", "NetworkPolicy"): k8s.networking.v1.NetworkPolicy,
    ("policy/v1", "PodDisruptionBudget"): k8s.policy.v1.PodDisruptionBudget,
    ("rbac.authorization.k8s.io/v1", "ClusterRole"): k8s.rbac.v1.ClusterRole,
    ("rbac.authorization.k8s.io/v1", "ClusterRoleBinding"): k8s.rbac.v1.ClusterRoleBinding,
    ("rbac.authorization.k8s.io/v1", "Role"): k8s.rbac.v1.Role,
    ("rbac.authorization.k8s.io/v1", "RoleBinding"): k8s.rbac.v1.RoleBinding,
}
_ARGUMENTS: Final = {"roleRef": "role_ref", "stringData": "string_data"} | {
    "automountServiceAccountToken": "automount_service_account_token",
    "aggregationRule": "aggregation_rule",
    "binaryData": "binary_data",
    "imagePullSecrets": "image_pull_secrets",
}


def declare(manifest: Manifest, options: pulumi.ResourceOptions) -> pulumi.CustomResource:
    """Register one object. Its Pulumi name is namespace/name, so a URN reads like the object."""
    version, kind = str(manifest["apiVersion"]), str(manifest["kind"])
    if kind == "Service":
        manifest = _not_awaited(manifest)
    metadata: Mapping[str, str] = manifest["metadata"]
    name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    rest = {
        _ARGUMENTS.get(key, key): value
        for key, value in manifest.items()
        if key not in {"apiVersion", "kind"}
    }
    found = _CLASSES.get((version, kind))
    if found is None:
        return CustomResource(name, api_version=version, kind=kind, opts=options, **rest)
    return found(name, opts=options, **rest)


def _not_awaited(service: Manifest) -> Manifest:
    """A Service is ready when its pods are, and they come after it: awaiting it would deadlock."""
    metadata = dict(service["metadata"])
    metadata["annotations"] = {**metadata.get("annotations", {}), "pulumi.com/skipAwait": "true"}
    return {**service, "metadata": metadata}


def declare_all(
    manifests: Sequence[Manifest], options: pulumi.ResourceOptions
) -> list[pulumi.CustomResource]:
    """Register several objects that share parent and dependencies."""
    return [declare(manifest, options) for manifest in manifests]


def child(
    parent: pulumi.Resource,
    depends_on: Sequence[pulumi.Resource] = (),
    ignore_changes: Sequence[str] = (),
) -> pulumi.ResourceOptions:
    """Options of a component's child: the parent brings the provider with it."""
    return pulumi.ResourceOptions(
        parent=parent,
        depends_on=list(depends_on),
        ignore_changes=list(ignore_changes) or None,
    )
