"""Places inside a property bag, and what differs between two bags at which place."""

import json
import re
from typing import Literal, cast

from ballast.kubeapi.shape import mapping, sequence

Path = tuple[str | int, ...]
Change = Literal["ADD", "DELETE", "UPDATE"]
_SIMPLE = re.compile(r"[A-Za-z_$][A-Za-z0-9_$-]*")


def render(path: Path) -> str:
    """A path in Pulumi's notation: spec.containers[0].env["a.b"]."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif _SIMPLE.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part)}]"
    return text


def compare(old: object, new: object, at: Path = ()) -> dict[Path, Change]:
    """Every place where two plain values differ, as deep as both have the same shape."""
    changes: dict[Path, Change] = {}
    if isinstance(old, dict) and isinstance(new, dict):
        before, after = mapping(cast("object", old)), mapping(cast("object", new))
        for name in sorted({*before, *after}):
            if name not in before:
                changes[(*at, name)] = "ADD"
            elif name not in after:
                changes[(*at, name)] = "DELETE"
            else:
                changes |= compare(before[name], after[name], (*at, name))
    elif isinstance(old, list) and isinstance(new, list):
        first, second = sequence(cast("object", old)), sequence(cast("object", new))
        for index in range(max(len(first), len(second))):
            if index >= len(first):
                changes[(*at, index)] = "ADD"
            elif index >= len(second):
                changes[(*at, index)] = "DELETE"
            else:
                changes |= compare(first[index], second[index], (*at, index))
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        changes[at] = "UPDATE"  # True equals 1 in Python, but not in a manifest
    return changes


def value_at(value: object, path: Path) -> object:
    """What a bag holds at a path, or None."""
    for part in path:
        if isinstance(part, int):
            items = sequence(value)
            value = items[part] if part < len(items) else None
        else:
            value = mapping(value).get(part)
    return value
