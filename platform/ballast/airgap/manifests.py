"""Reading Kubernetes YAML the way Kubernetes does: dates and `=` are just text."""

from typing import Any, cast

import yaml

from ballast.airgap.failures import InvalidError
from ballast.kubeapi.shape import Json, mapping, mappings

_BASE: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NOT_TEXT_IN_KUBERNETES = {"tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:value"}


class _Loader(_BASE):
    yaml_implicit_resolvers = {  # noqa: RUF012 - PyYAML reads a class attribute
        first: [(tag, pattern) for tag, pattern in found if tag not in _NOT_TEXT_IN_KUBERNETES]
        for first, found in _BASE.yaml_implicit_resolvers.items()
    }


def load_objects(text: str) -> list[Json]:
    """All objects of a manifest, with lists opened; InvalidError when it is not YAML."""
    try:
        documents = [
            mapping(cast("object", document))
            for document in yaml.load_all(text, cast("Any", _Loader))
        ]
    except yaml.YAMLError as error:
        raise InvalidError(f"the manifest is not YAML: {error}") from error
    objects: list[Json] = []
    for document in documents:
        if str(document.get("kind", "")).endswith("List") and "items" in document:
            objects += mappings(document["items"])
        elif document:
            objects.append(document)
    return objects
