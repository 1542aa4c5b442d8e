"""The actions of an experiment: inject one fault, undo it. What was begun is written down first."""

import json
from pathlib import Path
from typing import Any

from ballast.gate.faults import FAULTS
from ballast.gate.order import Order, Site, read_order
from ballast.kubeapi import KubeApi
from ballast.kubeapi.shape import mapping

Configuration = dict[str, Any]
INJECTED = "injected.json"


def inject(configuration: Configuration) -> dict[str, Any]:
    """Inject the ordered fault and return its facts; BallastError when it cannot be done."""
    order = read_order(configuration)
    fault = FAULTS[order.entry.fault]
    with KubeApi.from_kubeconfig(order.kubeconfig) as api:
        site = Site(api, order)
        facts = fault.prepare(site)
        _write(order.folder, {"order": order.model_dump(mode="json"), "facts": facts})
        return facts | fault.inject(site, facts)


def undo(configuration: Configuration) -> bool:
    """Undo what was injected, if it has not been; BallastError when it is still there."""
    return undo_in(read_order(configuration).folder)


def undo_in(folder: Path) -> bool:
    """Undo what an experiment of this folder injected; False when nothing was left to undo."""
    path = folder / INJECTED
    written = mapping(json.loads(path.read_text())) if path.exists() else {}
    if not written or written.get("undone"):
        return False
    order = Order.model_validate(written["order"])
    FAULTS[order.entry.fault].undo(order.kubeconfig, mapping(written["facts"]))
    _write(folder, {**written, "undone": True})
    return True


def _write(folder: Path, content: object) -> None:
    partial = folder / f"{INJECTED}.partial"
    partial.write_text(json.dumps(content, indent=1))
    partial.replace(folder / INJECTED)
