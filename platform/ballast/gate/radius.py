"""The blast radius: what changed where nothing was to change."""

from collections.abc import Callable
from typing import Final

from ballast.gate.controls import FaultProof
from ballast.gate.pods import PodState

_CHANGES: Final[dict[str, Callable[[PodState, PodState], bool]]] = {
    "was restarted": lambda before, after: (
        sum(after.restarts.values()) > sum(before.restarts.values())
    ),
    "serves no more": lambda before, after: before.serves and not after.serves,
}


def changes_outside(proof: FaultProof, radius: frozenset[str]) -> list[str]:
    """One sentence for each pod outside the radius that came, went, restarted or stopped serving.

    Pods of Jobs come and go by nature and are left out.
    """
    before, after = (
        {pod.uid: pod for pod in pods if pod.workload not in radius and not pod.job}
        for pods in (proof.before, proof.after)
    )
    changed = [f"{_named(before[uid])} went away" for uid in before if uid not in after]
    changed += [f"{_named(after[uid])} appeared" for uid in after if uid not in before]
    for uid in before:
        if uid in after:
            changed += [
                f"{_named(after[uid])} {what}"
                for what, holds in _CHANGES.items()
                if holds(before[uid], after[uid])
            ]
    return sorted(changed)


def _named(pod: PodState) -> str:
    return f"{pod.workload.partition('/')[0]}/{pod.name}"
