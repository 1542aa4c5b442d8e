"""Witness of the consumers: how far they had come before a fault, and whether they caught up."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from ballast.errors import BallastError
from ballast.gate.broker_view import Objects, Progress, broker_view
from ballast.gate.eventually import eventually
from ballast.kubeapi.shape import mapping

MOST_LAG: Final = 100
_FILE: Final = "consumers.json"


@dataclass(frozen=True)
class Consumers:
    """What the broker said before and after; `unknown` says why it is not known."""

    before: Progress | None = None
    after: Progress | None = None
    unknown: str = ""

    @property
    def lag(self) -> tuple[str, int]:
        """The group that was furthest behind in the end, and by how many events."""
        lags = self.after.lags if self.after else {}
        return max(lags.items(), key=lambda each: each[1], default=("", 0))


def see_before(api: Objects, folder: Path, namespace: str) -> None:
    """Write down where the groups of an environment stand."""
    _write(folder, _asked(api, namespace, "before"))


def see_after(api: Objects, folder: Path, namespace: str, seconds: float) -> None:
    """Wait until no group is further behind than allowed, at most so long, and write it down.

    A broker that has just come back serves before it has read what groups have committed: what
    still lacks something of before is asked for again.
    """
    written = _read(folder)
    if "before" not in written:
        return
    before = _progress(written["before"])
    seen: dict[str, Any] = {}

    def caught_up() -> bool:
        nonlocal seen
        seen = _asked(api, namespace, "after")
        if "after" not in seen:
            return False
        after = _progress(seen["after"])
        return Consumers(after=after).lag[1] <= MOST_LAG and not after.behind(before)

    eventually(caught_up, seconds)
    _write(folder, {**written, **seen})


def read_consumers(folder: Path) -> Consumers | None:
    """What was written down, None when nothing was."""
    written = _read(folder)
    if not written:
        return None
    before, after = (
        _progress(written[when]) if when in written else None for when in ("before", "after")
    )
    return Consumers(before, after, str(written.get("unknown", "")))


def _asked(api: Objects, namespace: str, when: str) -> dict[str, Any]:
    try:
        with broker_view(api) as view:
            return {when: asdict(view.progress(f"{namespace}."))}
    except (BallastError, OSError) as unknown:
        return {"unknown": f"{when} the fault: {unknown}"}


def _progress(written: object) -> Progress:
    return Progress(**mapping(written))


def _read(folder: Path) -> dict[str, Any]:
    path = folder / _FILE
    return mapping(json.loads(path.read_text())) if path.exists() else {}


def _write(folder: Path, content: object) -> None:
    partial = folder / f"{_FILE}.partial"
    partial.write_text(json.dumps(content, indent=1))
    partial.replace(folder / _FILE)
