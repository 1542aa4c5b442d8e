"""The pulumi.com/waitFor annotation: what a user asks to wait for on any kind."""

import json
import re
from dataclasses import dataclass
from typing import Any, cast

from ballast.airgap.failures import InvalidError
from ballast.airgap.property_paths import Path, value_at
from ballast.kubeapi.shape import Json, mapping, mappings

_STEP = re.compile(r"\.([A-Za-z0-9_-]+)|\[(\d+)\]")


@dataclass(frozen=True)
class Expectation:
    """One condition or field that must hold; `text` is how the user wrote it."""

    text: str
    condition: str | None
    path: Path
    value: str | None

    def holds(self, obj: Json) -> bool:
        """Whether the live object satisfies it."""
        if self.condition is not None:
            found = mappings(mapping(obj.get("status")).get("conditions"))
            return any(
                item.get("type") == self.condition and str(item.get("status")) == self.value
                for item in found
            )
        actual = value_at(obj, self.path)
        if self.value is None:
            return actual is not None
        shown = json.dumps(actual) if isinstance(actual, bool) else str(actual)
        return shown == self.value


def parse_conditions(text: str) -> list[Expectation]:
    """Read one expression or a JSON list of them; InvalidError names what is not understood."""
    items: list[Any] = [text]
    if text.lstrip().startswith("["):
        try:
            items = cast("list[Any]", json.loads(text))
        except ValueError as error:
            raise InvalidError(f"pulumi.com/waitFor is not a JSON list: {text}") from error
    return [_parse(str(item)) for item in items]


def _parse(text: str) -> Expectation:
    form, _, rest = text.partition("=")
    if form == "condition" and rest:
        name, _, status = rest.partition("=")
        return Expectation(text, name, (), status or "True")
    if form == "jsonpath" and rest.startswith("{"):
        inner, _, tail = rest[1:].partition("}")
        steps = _STEP.findall(inner)
        rebuilt = "".join(f".{name}" if name else f"[{index}]" for name, index in steps)
        if steps and rebuilt == inner:
            path: Path = tuple(name or int(index) for name, index in steps)
            return Expectation(text, None, path, tail[1:] if tail.startswith("=") else None)
    raise InvalidError(
        f"pulumi.com/waitFor does not understand {text!r}",
        "write condition=Ready, condition=Ready=False or jsonpath={.status.phase}=Running",
    )
