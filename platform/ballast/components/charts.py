"""Third-party charts and manifests, taken from pinned modules into .ballast/charts."""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast

import pulumi
import pulumi_kubernetes as k8s
import yaml

from ballast.components.objects import Manifest
from ballast.errors import BallastError
from ballast.paths import repository_root

_FOLDER: Final = ".ballast/charts"


class _Loader(yaml.CSafeLoader):
    """The C loader, plus the plain `=` that one CRD's list of operators contains."""


def _plain_equals(loader: _Loader, node: yaml.ScalarNode) -> str:
    return str(loader.construct_scalar(node))


_Loader.add_constructor("tag:yaml.org,2002:value", _plain_equals)


def release(
    name: str,
    *,
    namespace: str,
    values: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    timeout: int = 300,
) -> k8s.helm.v3.Release:
    """Install a local chart as a Helm release and wait for its workloads.

    The path is relative to the program's folder: an absolute one would differ on every machine.
    """
    require(name)
    return k8s.helm.v3.Release(
        name,
        name=name,
        chart=f"../{_FOLDER}/{name}",
        namespace=namespace,
        values=values,
        create_namespace=False,
        max_history=5,
        timeout=timeout,
        skip_await=False,
        opts=opts,
    )


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
    """The objects of a multi-document manifest. Parsed once: the result is kept beside it."""
    path = require(name) / file
    content = path.read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:16]
    kept = repository_root() / ".ballast" / "parsed" / f"{name}-{digest}.json"
    if not kept.is_file():
        documents: list[Manifest] = [
            document for document in yaml.load_all(content, Loader=_Loader) if document
        ]
        for document in documents:
            if document["kind"] == "CustomResourceDefinition":
                _drop_descriptions(document["spec"])
        kept.parent.mkdir(parents=True, exist_ok=True)
        draft = kept.with_suffix(".part")
        draft.write_text(json.dumps(documents))
        draft.replace(kept)
    return cast("list[Manifest]", json.loads(kept.read_text()))


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
