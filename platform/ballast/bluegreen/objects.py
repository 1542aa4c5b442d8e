"""What a second release needs in its namespace before Argo CD can fill it."""

from collections.abc import Sequence
from typing import Any, Final

import yaml

from ballast.bluegreen.place import Green
from ballast.components.evidence_admission import access_manifests
from ballast.components.namespaces import namespace_manifest, quota_manifests
from ballast.gate.admission import GUARDED, Admitted
from ballast.gate.admission_objects import ledger
from ballast.kubeapi.shape import Json, mapping

MANAGER: Final = "ballast-green"


def room(green: Green) -> list[Json]:
    """Namespace, quota and, where evidence is asked for, the verifier's right to its ledger."""
    made = [
        namespace_manifest(green.namespace, environment=green.environment),
        *quota_manifests(green.namespace),
    ]
    if green.environment in GUARDED:
        made += [_moved(green, one) for one in access_manifests(green.environment)]
    return made


def logins(green: Green, secrets: Sequence[Json]) -> list[Json]:
    """The environment's Secrets once more: the same broker users, keys and passwords."""
    return [
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "metadata": {
                "name": mapping(secret.get("metadata"))["name"],
                "namespace": green.namespace,
            },
            "type": "Opaque",
            "data": secret.get("data") or {},
        }
        for secret in secrets
        if secret.get("type") == "Opaque"
    ]


def green_ledger(green: Green, admitted: Admitted) -> Json:
    """What the environment admits, for the second release as for the first."""
    return _moved(green, ledger(admitted))


def files(
    green: Green, values: str, release: str, *, subscribes: bool = True
) -> dict[str, str | None]:
    """Its folder in Git: the environment's own settings, at home in the first namespace.

    A canary takes requests alone: it does not subscribe.
    """
    said: dict[str, Any] = yaml.safe_load(values)
    here = {"home": green.blue} | ({} if subscribes else {"subscribes": False})
    said["global"] = said["global"] | here
    header = f"# Written by `ballast green open {green.environment}`; gone with `close`.\n"
    return {
        f"{green.folder}/values.yaml": header + yaml.safe_dump(said, sort_keys=False),
        f"{green.folder}/release.yaml": release,
    }


def canary_file(green: Green) -> str:
    """Path of the file that gives the second release a share; it exists only while it has one."""
    return f"gitops/environments/{green.environment}/canary.yaml"


def canary(green: Green, percent: float) -> dict[str, str | None]:
    """The second release's share of the users."""
    said = {"global": {"canary": {"namespace": green.namespace, "percent": percent}}}
    header = f"# Written by `ballast green canary {green.environment}`; gone when it is over.\n"
    return {canary_file(green): header + yaml.safe_dump(said, sort_keys=False)}


def _moved(green: Green, manifest: Json) -> Json:
    return manifest | {"metadata": manifest["metadata"] | {"namespace": green.namespace}}
