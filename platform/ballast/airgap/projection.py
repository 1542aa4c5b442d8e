"""What a refresh tells the engine about inputs: only what somebody really changed.

The server fills in and rewrites fields. Comparing inputs with the live object would call all of
that drift; so an input keeps its value unless the live value moved since the state was written.
"""

import base64
import copy
import json
from typing import Any, cast

from ballast.airgap.objects import LAST_APPLIED, SERVER_METADATA, is_core_secret, metadata
from ballast.airgap.values import SECRET, contains_secret, plain_bag, secret, signature
from ballast.kubeapi.shape import Json, mapping, sequence

_REVISION = "deployment.kubernetes.io/revision"


def project(inputs: object, live: object, recorded: object) -> Any:
    """The inputs as they would have to be to describe the live object."""
    if signature(inputs) == SECRET:
        return secret(project(mapping(inputs).get("value"), live, recorded))
    if live == recorded:
        return inputs
    if isinstance(inputs, dict) and isinstance(live, dict):
        now, before = mapping(cast("object", live)), mapping(recorded)
        # What the server never kept, such as an empty list, is no drift when it is absent.
        return {
            name: project(item, now[name], before.get(name)) if name in now else item
            for name, item in mapping(cast("object", inputs)).items()
            if name in now or name not in before
        }
    if isinstance(inputs, list) and isinstance(live, list):
        declared, items = sequence(cast("object", inputs)), sequence(cast("object", live))
        if len(declared) == len(items):
            before_items = sequence(recorded)
            if len(before_items) != len(items):
                before_items = [None] * len(items)
            return [project(item, items[at], before_items[at]) for at, item in enumerate(declared)]
    # The shape changed: which part was secret can no longer be told, so all of it is.
    moved = cast("Any", live)
    return secret(moved) if contains_secret(cast("object", inputs)) else moved


def refreshed_inputs(inputs: Json, live: Json, recorded: Json) -> Json:
    """Inputs after a refresh, for an object whose state was `recorded` (plain)."""
    declared = plain_bag(inputs)
    now, before = copy.deepcopy(live), copy.deepcopy(recorded)
    if is_core_secret(live) and "stringData" in declared:
        names = mapping(declared["stringData"])
        for obj in (now, before):
            obj["stringData"] = _decoded(mapping(obj.get("data")), names)
    return mapping(project(inputs, now, before))


def imported_inputs(live: Json) -> Json:
    """Inputs for an object that is imported: what its author declared, as far as can be seen."""
    applied = mapping(metadata(live).get("annotations")).get(LAST_APPLIED)
    if isinstance(applied, str):
        return mapping(json.loads(applied))
    declared = {name: copy.deepcopy(item) for name, item in live.items() if name != "status"}
    about = metadata(declared)
    for name in SERVER_METADATA:
        about.pop(name, None)
    mapping(about.get("annotations")).pop(_REVISION, None)
    return declared


def _decoded(data: Json, names: Json) -> Json:
    return {
        name: base64.b64decode(str(data[name])).decode("utf-8", "replace")
        for name in names
        if name in data
    }
