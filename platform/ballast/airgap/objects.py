"""Kubernetes objects as Pulumi resources: type tokens, ids, and the form that is sent."""

import base64
import copy
from dataclasses import dataclass

from ballast.airgap.values import UNKNOWN, plain_bag
from ballast.kubeapi.shape import Json, mapping

SECRET_FIELDS = ("data", "stringData")
LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
AUTONAMED = "pulumi.com/autonamed"
PATCH_FORCE = "pulumi.com/patchForce"
SKIP_AWAIT = "pulumi.com/skipAwait"
TIMEOUT_SECONDS = "pulumi.com/timeoutSeconds"
WAIT_FOR = "pulumi.com/waitFor"
PROPAGATION = "pulumi.com/deletionPropagationPolicy"

# Written by the server or meaningless to repeat: never part of what a user declares.
SERVER_METADATA = (
    "managedFields",
    "uid",
    "resourceVersion",
    "creationTimestamp",
    "generation",
    "selfLink",
)


@dataclass(frozen=True)
class GroupKind:
    """A kind without its version: what policies about kinds are keyed by."""

    group: str
    kind: str


DEFINITION = GroupKind("apiextensions.k8s.io", "CustomResourceDefinition")


@dataclass(frozen=True)
class ObjectId:
    """A Pulumi id of a Kubernetes object: `namespace/name`, or `name` for cluster scope."""

    namespace: str | None
    name: str

    def __str__(self) -> str:
        return f"{self.namespace}/{self.name}" if self.namespace else self.name

    @classmethod
    def parse(cls, text: str) -> "ObjectId":
        """Read an id as the engine gives it."""
        namespace, _, name = text.rpartition("/")
        return cls(namespace or None, name)


def group_of(api_version: str) -> str:
    """`apps` of apps/v1; empty for the core group."""
    return api_version.rpartition("/")[0]


def group_kind(obj: Json) -> GroupKind:
    """Group and kind of an object."""
    return GroupKind(group_of(str(obj.get("apiVersion", ""))), str(obj.get("kind", "")))


def split_token(token: str) -> tuple[str, str]:
    """`kubernetes:core/v1:Namespace` as apiVersion and kind."""
    _, version, kind = token.split(":")
    return version.removeprefix("core/"), kind


def is_core_secret(obj: Json) -> bool:
    """Whether the object is a core/v1 Secret."""
    return obj.get("kind") == "Secret" and obj.get("apiVersion") == "v1"


def metadata(obj: Json) -> Json:
    """Metadata of an object, empty when it is absent or not known yet."""
    return mapping(obj.get("metadata"))


def annotation(obj: Json, name: str) -> str:
    """One annotation, empty when absent."""
    return str(mapping(metadata(obj).get("annotations")).get(name) or "")


def is_true(text: object) -> bool:
    """How Pulumi spells yes in annotations and configuration."""
    return str(text).lower() in {"true", "1"}


def wire_form(inputs: Json, namespaced: bool) -> Json:
    """What is sent to the API server: no wrappers, no status, stringData folded into data."""
    obj = copy.deepcopy(plain_bag(inputs))
    obj.pop("status", None)
    if is_core_secret(obj) and "stringData" in obj:
        folded = {
            name: base64.b64encode(str(text).encode()).decode()
            for name, text in mapping(obj.pop("stringData")).items()
        }
        obj["data"] = {**mapping(obj.get("data")), **folded}
    if not namespaced:
        metadata(obj).pop("namespace", None)
    return obj


def known(value: object) -> str | None:
    """The text when it is decided already, None when absent or unknown."""
    return str(value) if value is not None and value != UNKNOWN else None
