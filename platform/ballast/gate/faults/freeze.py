"""A process stands still. Proof: the kernel says so, and its health check is mute meanwhile."""

import time
from pathlib import Path
from typing import Final

from ballast.errors import BallastError
from ballast.gate.controls import FaultProof
from ballast.gate.eventually import eventually
from ballast.gate.faults.fault import Facts, Fault, one_container
from ballast.gate.faults.freezer import freeze, freezer_of, is_frozen, thaw
from ballast.gate.faults.health import HealthCheck, health_check
from ballast.gate.order import Site

ANSWER_SECONDS: Final = 1.0


def reach(site: Site, facts: Facts) -> tuple[Path, HealthCheck, float]:
    """Freezer and health check of the container, and the seconds that a healthy answer takes.

    BallastError when it is not on this machine or does not answer as it is.
    """
    group = freezer_of(facts["uid"], facts["id"])
    if group is None:
        raise BallastError(
            f"{facts['container']} of {facts['pod']} has no freezer on this machine",
            "This fault needs the embedded node: ballast node status.",
        )
    pod = site.api.get("v1", "Pod", facts["pod"], site.target.namespace) or {}
    check = health_check(pod, facts["container"])
    # The quickest of three: what a busy machine adds to one of them is no part of the answer.
    answers: list[float] = []
    for _ in range(3):
        seconds = check.seconds(10.0)
        if seconds is None:
            raise BallastError(f"{facts['container']} of {facts['pod']} is mute before the fault")
        answers.append(seconds)
    return group, check, min(answers)


def _inject(site: Site, facts: Facts) -> Facts:
    group, check, healthy = reach(site, facts)
    asked = answered = 0
    frozen = True
    at = time.time()
    try:
        freeze(group)
        while time.time() < at + (site.entry.seconds or 0):
            asked += 1
            answered += check.seconds(ANSWER_SECONDS) is not None
            frozen = frozen and is_frozen(group)
        proven_at = at + ANSWER_SECONDS
    finally:
        thaw(group)
    until = time.time()
    return {
        "at": at,
        "until": until,
        "proven_at": proven_at,
        "frozen_throughout": frozen,
        "asked": asked,
        "answered": answered,
        "healthy_s": round(healthy, 4),
        "answers_again": eventually(
            lambda: check.seconds(ANSWER_SECONDS) is not None, site.order.patience
        ),
    }


def _doubt(facts: Facts, _: FaultProof) -> str:
    who = f"{facts['container']} of {facts['pod']}"
    if not facts.get("frozen_throughout"):
        return f"{who} did not stand still all the time"
    if not facts.get("asked"):
        return f"nobody asked {who} while it was frozen"
    if facts["answered"]:
        return f"{who} answered {facts['answered']} of {facts['asked']} times while it was frozen"
    return ""


def undo(_: Path, facts: Facts) -> None:
    """Thaw the container, if it is still there."""
    group = freezer_of(facts["uid"], facts["id"])
    if group is not None:
        thaw(group)


FAULT: Final = Fault(
    "Freeze {container} of one pod of {target}", one_container, _inject, _doubt, undo
)
