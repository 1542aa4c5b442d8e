"""Which field of which kind may be changed only by deleting the object and making it anew.

This is an allow-list written by hand. A field that is not on it is sent to the API server as an
update; when the server refuses, the run stops. Nothing is ever concluded from an error's text: a
claim whose resize is refused must not be answered by destroying the claim.
"""

from dataclasses import dataclass

from ballast.airgap.objects import SECRET_FIELDS, GroupKind, group_kind, group_of
from ballast.airgap.property_paths import Path, value_at
from ballast.kubeapi.shape import Json, mapping

# What these hold (data, everything in a namespace, every object of a kind) dies with them.
NEVER_REPLACED = frozenset(
    {
        GroupKind("", "Namespace"),
        GroupKind("", "PersistentVolume"),
        GroupKind("", "PersistentVolumeClaim"),
        GroupKind("apiextensions.k8s.io", "CustomResourceDefinition"),
    }
)

_POD_MUTABLE: tuple[Path, ...] = (
    ("spec", "activeDeadlineSeconds"),
    ("spec", "terminationGracePeriodSeconds"),
    ("spec", "tolerations"),
    ("spec", "schedulingGates"),
)

IMMUTABLE: dict[GroupKind, tuple[Path, ...]] = {
    GroupKind("apps", "Deployment"): (("spec", "selector"),),
    GroupKind("apps", "ReplicaSet"): (("spec", "selector"),),
    GroupKind("apps", "DaemonSet"): (("spec", "selector"),),
    GroupKind("apps", "StatefulSet"): (
        ("spec", "selector"),
        ("spec", "serviceName"),
        ("spec", "podManagementPolicy"),
        ("spec", "volumeClaimTemplates"),
    ),
    GroupKind("batch", "Job"): (
        ("spec", "selector"),
        ("spec", "template"),
        ("spec", "completions"),
        ("spec", "completionMode"),
        ("spec", "podFailurePolicy"),
        ("spec", "backoffLimitPerIndex"),
        ("spec", "managedBy"),
    ),
    GroupKind("", "Service"): (("spec", "clusterIP"), ("spec", "clusterIPs")),
    GroupKind("", "Secret"): (("type",),),
    GroupKind("rbac.authorization.k8s.io", "RoleBinding"): (("roleRef",),),
    GroupKind("rbac.authorization.k8s.io", "ClusterRoleBinding"): (("roleRef",),),
    GroupKind("storage.k8s.io", "StorageClass"): (
        ("provisioner",),
        ("parameters",),
        ("reclaimPolicy",),
        ("volumeBindingMode",),
    ),
    GroupKind("storage.k8s.io", "CSIDriver"): (
        ("spec", "attachRequired"),
        ("spec", "volumeLifecycleModes"),
        ("spec", "fsGroupPolicy"),
    ),
    GroupKind("scheduling.k8s.io", "PriorityClass"): (("value",), ("preemptionPolicy",)),
    GroupKind("networking.k8s.io", "IngressClass"): (("spec", "controller"),),
    GroupKind("node.k8s.io", "RuntimeClass"): (("handler",),),
}


@dataclass(frozen=True)
class Mutability:
    """How the provider was told to treat ConfigMap and Secret contents."""

    config_map: bool = False
    secret: bool = False


def needs_replacement(old: Json, path: Path, mutability: Mutability) -> bool:
    """Whether changing `path` of an object that was declared as `old` is on the allow-list."""
    about = group_kind(old)
    if any(_within(path, listed) for listed in IMMUTABLE.get(about, ())):
        return True
    if about == GroupKind("", "ConfigMap"):
        return _contents(old, path, ("data", "binaryData"), mutability.config_map)
    if about == GroupKind("", "Secret"):
        return _contents(old, path, SECRET_FIELDS, mutability.secret)
    if about == GroupKind("", "Pod") and path[:1] == ("spec",):
        return not _mutable_in_pod(path)
    return False


def is_other_kind(old: Json, new: Json) -> bool:
    """Whether the declaration now means another kind of object, not just another version."""
    if old.get("kind") != new.get("kind"):
        return True
    return group_of(str(old.get("apiVersion"))) != group_of(str(new.get("apiVersion")))


def why_never(old: Json) -> str | None:
    """Why an object must not be replaced, or None when it may."""
    about = group_kind(old)
    if about in NEVER_REPLACED:
        return f"replacing a {about.kind} would destroy what it holds"
    retention = mapping(value_at(old, ("spec", "persistentVolumeClaimRetentionPolicy")))
    if about == GroupKind("apps", "StatefulSet") and retention.get("whenDeleted") == "Delete":
        return "its persistentVolumeClaimRetentionPolicy deletes the data along with it"
    return None


def _within(path: Path, listed: Path) -> bool:
    shorter = min(len(path), len(listed))
    return path[:shorter] == listed[:shorter]


def _contents(old: Json, path: Path, fields: tuple[str, ...], mutable: bool) -> bool:
    if path == ("immutable",):
        return old.get("immutable") is True
    frozen = old.get("immutable") is True or not mutable
    return frozen and path[:1] in {(field,) for field in fields}


def _mutable_in_pod(path: Path) -> bool:
    if any(_within(path, listed) and len(path) >= len(listed) for listed in _POD_MUTABLE):
        return True
    in_container = path[1:2] in {("containers",), ("initContainers",)}
    return in_container and path[3:] == ("image",)
