"""How long each component took here last time, to say how long it is expected to take."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ballast.paths import cache_dir
from ballast.supply.go_spec import Component


@dataclass(frozen=True)
class Timings:
    """Seconds by component and version, in one small file; losing it costs only the estimate."""

    file: Path

    @classmethod
    def default(cls) -> "Timings":
        """The record in this machine's cache."""
        return cls(cache_dir() / "bin" / "timings.json")

    def expected(self, component: Component) -> float | None:
        """Seconds of the last build here, else what the lock says, else None."""
        return self._read().get(_key(component), component.seconds)

    def record(self, component: Component, seconds: float) -> None:
        """Remember a build that ended well."""
        known = self._read() | {_key(component): round(seconds, 1)}
        self.file.parent.mkdir(parents=True, exist_ok=True)
        draft = self.file.with_name(f".{self.file.name}.{os.getpid()}")
        draft.write_text(json.dumps(known, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(self.file)

    def _read(self) -> dict[str, float]:
        try:
            found: object = json.loads(self.file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return cast("dict[str, float]", found) if isinstance(found, dict) else {}


def _key(component: Component) -> str:
    return f"{component.component}@{component.version}"
