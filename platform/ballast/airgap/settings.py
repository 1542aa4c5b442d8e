"""The provider resource's own configuration."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ballast.airgap.failures import RpcError
from ballast.airgap.objects import is_true
from ballast.airgap.property_paths import compare
from ballast.airgap.values import UNKNOWN, has_unknown, plain_bag, secret, signature
from ballast.kubeapi import Endpoint, load_kubeconfig
from ballast.kubeapi.kubeconfig import is_inline
from ballast.kubeapi.shape import Json

_REFUSED = {
    "renderYamlToDirectory": "it cannot render manifests to a directory; use `helm template`",
    "skipUpdateUnreachable": "it never skips an update; bring the cluster up first",
}
_TARGET = ("kubeconfig", "context", "cluster")


@dataclass(frozen=True)
class ProviderSettings:
    """Which cluster, and how strict to be about changes."""

    kubeconfig: str
    context: str | None = None
    cluster: str | None = None
    namespace: str | None = None
    config_map_mutable: bool = False
    secret_mutable: bool = False
    patch_force: bool = False
    upsert: bool = False
    delete_unreachable: bool = False

    def endpoint(self) -> Endpoint:
        """The cluster these settings point at; BallastError when the kubeconfig is unusable."""
        return load_kubeconfig(
            self.kubeconfig, self.context, cluster=self.cluster, namespace=self.namespace
        )


def read_settings(arguments: Json, environment: Mapping[str, str] = os.environ) -> ProviderSettings:
    """Settings from plain provider inputs, then environment; RpcError for what we cannot do."""
    for name, why in _REFUSED.items():
        if arguments.get(name) not in (None, "", False, "false"):
            raise RpcError(f"the offline stand-in does not support {name}: {why}")

    def flag(name: str, variable: str) -> bool:
        value = arguments.get(name)
        return is_true(environment.get(variable, "") if value is None else value)

    default = environment.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    return ProviderSettings(
        kubeconfig=str(arguments.get("kubeconfig") or default),
        context=_text(arguments.get("context")),
        cluster=_text(arguments.get("cluster")),
        namespace=_text(arguments.get("namespace")),
        config_map_mutable=flag("enableConfigMapMutable", "PULUMI_K8S_ENABLE_CONFIGMAP_MUTABLE"),
        secret_mutable=flag("enableSecretMutable", "PULUMI_K8S_ENABLE_SECRET_MUTABLE"),
        patch_force=flag("enablePatchForce", "PULUMI_K8S_ENABLE_PATCH_FORCE"),
        upsert=flag("upsertExistingObjects", "PULUMI_K8S_UPSERT_EXISTING_OBJECTS"),
        delete_unreachable=flag("deleteUnreachable", "PULUMI_K8S_DELETE_UNREACHABLE"),
    )


def hide_credentials(arguments: Json) -> Json:
    """Provider inputs with an inline kubeconfig marked secret: it would be stored in clear."""
    kubeconfig = arguments.get("kubeconfig")
    inline = isinstance(kubeconfig, str) and is_inline(kubeconfig)
    if inline and signature(kubeconfig) is None:
        return {**arguments, "kubeconfig": secret(kubeconfig)}
    return arguments


@dataclass(frozen=True)
class SettingsChange:
    """What differs between two provider configurations, and what forces a new provider."""

    changed: tuple[str, ...]
    replaces: tuple[str, ...]


def compare_settings(old: Json, new: Json) -> SettingsChange:
    """Replacing the provider replaces every object behind it: only for another cluster.

    A stable clusterIdentifier decides alone; without one, the server's address does.
    """
    before, after = plain_bag(old), plain_bag(new)
    changed = tuple(sorted({str(path[0]) for path in compare(before, after)}))
    identifiers = before.get("clusterIdentifier"), after.get("clusterIdentifier")
    if any(identifiers):
        moved = identifiers[0] != identifiers[1] and UNKNOWN not in identifiers
        return SettingsChange(changed, ("clusterIdentifier",) if moved else ())
    aimed = tuple(name for name in changed if name in _TARGET)
    if not aimed:
        return SettingsChange(changed, ())
    if has_unknown(after):
        return SettingsChange(changed, aimed)
    same = read_settings(before).endpoint().server == read_settings(after).endpoint().server
    return SettingsChange(changed, () if same else aimed)


def _text(value: object) -> str | None:
    return str(value) if value else None
