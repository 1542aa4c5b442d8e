"""Third-party charts and manifests, taken from pinned modules into .ballast/charts."""

import hashlib
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import pulumi
import yaml

from ballast.components.objects import PLUGIN, Manifest
from ballast.errors import BallastError
from ballast.paths import repository_root

_FOLDER: Final = ".ballast/charts"
_SECONDS: Final = 300
_OBJECTS: Final = "objects.json"
_DEFINITIONS: Final = "definitions"
_LAYOUT: Final = b"3"
"""Part of the digest: changes with what is made of a manifest."""
_UNUSED: Final = frozenset(
    {"prometheusagents.monitoring.coreos.com", "thanosrulers.monitoring.coreos.com"}
)
"""Definitions of kinds that no component has: each costs the API server memory and start time."""


class _Loader(yaml.CSafeLoader):
    """The C loader, plus the plain `=` that one CRD's list of operators contains."""


def _plain_equals(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:value", _plain_equals)


class Release(pulumi.CustomResource):
    """A Helm release of a local chart, which is waited for.

    `chart` is relative to the repository; registered is a path relative to the program's folder,
    for an absolute one would differ on every machine. As the SDK's class registers it, without the
    time that its import takes.
    """

    def __init__(
        self,
        name: str,
        chart: Path,
        *,
        namespace: str,
        values: Mapping[str, Any] | None = None,
        opts: pulumi.ResourceOptions,
    ) -> None:
        properties = {
            "name": name,
            "chart": f"../{chart}",
            "namespace": namespace,
            "values": values,
            "createNamespace": False,
            "maxHistory": 5,
            "timeout": _SECONDS,
            "skipAwait": False,
            "compat": "true",
        }
        options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(version=PLUGIN))
        super().__init__("kubernetes:helm.sh/v3:Release", name, properties, options)


def release(
    name: str, *, namespace: str, values: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> Release:
    """Install a pinned chart. Raises BallastError when it is not there."""
    require(name)
    return Release(name, Path(_FOLDER, name), namespace=namespace, values=values, opts=opts)


def require(name: str) -> Path:
    """Folder of a materialised chart. Raises BallastError when it is not there."""
    folder = repository_root() / _FOLDER / name
    if not folder.is_dir():
        raise BallastError(
            f"chart '{name}' is not in {folder}",
            fix="fetch the pinned charts first: ballast supply charts",
        )
    return folder


def manifests(name: str, file: str) -> list[Manifest]:
    """The objects of a multi-document manifest, without its definitions."""
    return cast("list[Manifest]", json.loads((_split(name, file) / _OBJECTS).read_text()))


def definitions(name: str, file: str, *, namespace: str, opts: pulumi.ResourceOptions) -> Release:
    """The CustomResourceDefinitions of a manifest as one Helm release.

    As resources of their own they are most of the bytes that the engine encrypts, compares and
    writes at every run. The chart's folder is named for the manifest's content: what changes in it
    changes the release.
    """
    chart = (_split(name, file) / _DEFINITIONS).relative_to(repository_root())
    return Release(f"{name}-{_DEFINITIONS}", chart, namespace=namespace, opts=opts)


def _split(name: str, file: str) -> Path:
    """Folder with a manifest's objects and a chart of its definitions. Parsed once and kept."""
    content = (require(name) / file).read_bytes()
    digest = hashlib.sha256(content + _LAYOUT).hexdigest()[:16]
    kept = repository_root() / ".ballast" / "parsed" / f"{name}-{digest}"
    if not kept.is_dir():
        documents: list[Manifest] = [
            document for document in yaml.load_all(content, Loader=_Loader) if document
        ]
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent, prefix=f".{name}-") as folder:
            draft = Path(folder) / "draft"
            defined = [d for d in documents if _is_definition(d)]
            used = [d for d in defined if d["metadata"]["name"] not in _UNUSED]
            _write_chart(name, draft / _DEFINITIONS, used)
            others = [d for d in documents if not _is_definition(d)]
            (draft / _OBJECTS).write_text(json.dumps(others))
            try:
                draft.rename(kept)
            except OSError:
                if not kept.is_dir():  # else another program was quicker
                    raise
    return kept


def _write_chart(name: str, chart: Path, documents: list[Manifest]) -> None:
    """A chart that renders the documents as they are: `{{` inside them means nothing to it."""
    for document in documents:
        _drop_descriptions(document["spec"])
    (chart / "templates").mkdir(parents=True)
    facts = {"apiVersion": "v2", "name": f"{name}-{_DEFINITIONS}", "version": "1.0.0"}
    (chart / "Chart.yaml").write_text(json.dumps(facts))
    (chart / "documents.yaml").write_text("".join(f"---\n{json.dumps(d)}\n" for d in documents))
    (chart / "templates" / "documents.yaml").write_text('{{ .Files.Get "documents.yaml" }}\n')


def _is_definition(document: Manifest) -> bool:
    return document["kind"] == "CustomResourceDefinition"


def _drop_descriptions(node: Any, *, names_fields: bool = False) -> None:
    """Remove the prose from a CRD's schemas: it is most of their bytes, in every state file.

    Under `properties` a key called description is a field's name, and stays.
    """
    if isinstance(node, dict):
        members = cast("dict[str, Any]", node)
        if not names_fields and isinstance(members.get("description"), str):
            del members["description"]
        for key, value in members.items():
            _drop_descriptions(value, names_fields=key == "properties" and not names_fields)
    elif isinstance(node, list):
        for item in cast("list[Any]", node):
            _drop_descriptions(item)
