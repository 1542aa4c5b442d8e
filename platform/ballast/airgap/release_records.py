"""Reading Helm's own records of releases from the cluster, without starting helm."""

import base64
import gzip
import json
from dataclasses import dataclass

from ballast.airgap.manifests import load_objects
from ballast.airgap.objects import metadata
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import Json, mapping

PENDING = frozenset({"pending-install", "pending-upgrade", "pending-rollback"})


@dataclass(frozen=True)
class ReleaseRecord:
    """The newest revision of a release."""

    secret_name: str
    revision: int
    status: str
    document: Json

    @property
    def values(self) -> Json:
        """The values the user gave."""
        return mapping(self.document.get("config"))

    @property
    def chart(self) -> Json:
        """Metadata of the chart: name, version, appVersion."""
        return mapping(mapping(self.document.get("chart")).get("metadata"))

    def objects(self) -> list[Json]:
        """The objects of the rendered manifest."""
        return load_objects(str(self.document.get("manifest") or ""))

    def resource_names(self, namespace: str) -> Json:
        """Names by kind, in the official plugin's form: {"Deployment/apps/v1": ["ns/name"]}."""
        names: dict[str, list[str]] = {}
        for obj in self.objects():
            where = metadata(obj).get("namespace") or namespace
            key = f"{obj.get('kind')}/{obj.get('apiVersion')}"
            names.setdefault(key, []).append(f"{where}/{metadata(obj).get('name')}")
        return dict(names)


def newest_record(api: KubeApi, namespace: str, name: str) -> ReleaseRecord | None:
    """The newest revision of a release, or None when there is no such release."""
    found = api.list("v1", "Secret", namespace, label_selector=f"owner=helm,name={name}")
    if not found:
        return None

    def revision(item: Json) -> int:
        return int(mapping(metadata(item).get("labels")).get("version") or 0)

    newest = max(found, key=revision)
    packed = base64.b64decode(base64.b64decode(mapping(newest.get("data"))["release"]))
    document = mapping(json.loads(gzip.decompress(packed)))
    status = str(mapping(document.get("info")).get("status") or "unknown")
    return ReleaseRecord(str(metadata(newest)["name"]), revision(newest), status, document)
