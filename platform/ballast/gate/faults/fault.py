"""What every kind of fault can do."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.order import Site
from ballast.gate.pods import PodState

Facts = dict[str, Any]


def nothing(_: Path, __: Facts) -> None:
    """Undo what heals by itself."""


@dataclass(frozen=True)
class Fault:
    """One kind of fault. `title` is a sentence with the fields of an entry.

    `prepare` finds what will be touched, enough to undo it, and touches nothing. `inject` does it,
    measures it from outside, ends it when it lasts, and returns what it measured with `at` and
    `until` (Unix seconds). `doubt` says why the facts and the witness do not prove it, or nothing.
    `undo` may be called at any time and any number of times; it raises BallastError when the fault
    is still there afterwards.
    """

    title: str
    prepare: Callable[[Site], Facts]
    inject: Callable[[Site, Facts], Facts]
    doubt: Callable[[Facts, FaultProof], str]
    undo: Callable[[Path, Facts], None] = nothing


def victim_of(site: Site) -> PodState:
    """One pod of the target that serves; the seed chooses which. BallastError without any."""
    ready = [pod for pod in site.pods() if pod.serves]
    if not ready:
        raise BallastError(f"no ready pod of {site.target.name} in {site.target.namespace}")
    return random.Random(site.order.seed).choice(ready)  # noqa: S311 - reproducible


def container_of(site: Site, pod: PodState) -> str:
    """Id of the entry's container in a pod; BallastError naming those that it has."""
    name = site.entry.container or ""
    if not pod.ids.get(name):
        raise BallastError(
            f"pod {pod.name} has no running container {name}", f"It has: {', '.join(pod.ids)}."
        )
    return pod.ids[name]


def one_container(site: Site) -> Facts:
    """Which container of one pod will be touched: all that is needed to find it again."""
    pod = victim_of(site)
    return {
        "pod": pod.name,
        "uid": pod.uid,
        "container": site.entry.container,
        "id": container_of(site, pod),
    }
