"""Register Kubernetes objects that are written as manifests."""

from collections.abc import Mapping, Sequence
from importlib.metadata import version
from typing import Any, Final

import pulumi

Manifest = dict[str, Any]

PLUGIN: Final = version("pulumi-kubernetes")
_SECRET_FIELDS: Final = ("data", "stringData")


class KubernetesObject(pulumi.CustomResource):
    """One object, registered as the SDK's class of its kind would.

    Those classes are not used: what is registered here is a manifest already, and to import them
    takes longer than the whole rest of the program.
    """

    data: pulumi.Output[Mapping[str, str]]
    """What a Secret or a ConfigMap holds; an object of another kind has none."""

    def __init__(self, name: str, manifest: Manifest, opts: pulumi.ResourceOptions) -> None:
        group, kind = str(manifest["apiVersion"]), str(manifest["kind"])
        registered = f"kubernetes:{'core/v1' if group == 'v1' else group}:{kind}"
        options = pulumi.ResourceOptions(version=PLUGIN)
        properties = dict(manifest)
        if (group, kind) == ("v1", "Secret"):
            options.additional_secret_outputs = list(_SECRET_FIELDS)
            for field in _SECRET_FIELDS:
                if field in properties:
                    properties[field] = pulumi.Output.secret(properties[field])
        super().__init__(registered, name, properties, pulumi.ResourceOptions.merge(opts, options))


def declare(manifest: Manifest, options: pulumi.ResourceOptions) -> KubernetesObject:
    """Register one object. Its Pulumi name is namespace/name, so a URN reads like the object."""
    if manifest["kind"] == "Service":
        manifest = _not_awaited(manifest)
    metadata: Mapping[str, str] = manifest["metadata"]
    name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
    return KubernetesObject(name, manifest, options)


def _not_awaited(service: Manifest) -> Manifest:
    """A Service is ready when its pods are, and they come after it: awaiting it would deadlock."""
    metadata = dict(service["metadata"])
    metadata["annotations"] = {**metadata.get("annotations", {}), "pulumi.com/skipAwait": "true"}
    return {**service, "metadata": metadata}


def declare_all(
    manifests: Sequence[Manifest], options: pulumi.ResourceOptions
) -> list[KubernetesObject]:
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
