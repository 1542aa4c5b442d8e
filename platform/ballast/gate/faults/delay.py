"""A process gets its turn a few times a second only. Proof: its answers take that much longer.

The kernel of the embedded node cannot delay packets, so what delays is the one who answers: frozen
for most of every period, it answers in the rest.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from ballast.gate.controls import FaultProof
from ballast.gate.faults.fault import Facts, Fault, one_container
from ballast.gate.faults.freeze import reach, undo
from ballast.gate.faults.freezer import freeze, thaw
from ballast.gate.faults.health import HealthCheck
from ballast.gate.order import Site
from ballast.gate.samples import quantile
from ballast.kubeapi.shape import sequence

FROZEN_SECONDS: Final = 0.3
AWAKE_SECONDS: Final = 0.05
# Not a multiple of the period, so that questions fall on every part of it.
ASK_EVERY_SECONDS: Final = 0.11
MUTE_SECONDS: Final = 5.0


def _ask(check: HealthCheck, over: threading.Event) -> list[float]:
    answers: list[float] = []
    while not over.wait(ASK_EVERY_SECONDS):
        took = check.seconds(MUTE_SECONDS)
        answers.append(MUTE_SECONDS if took is None else round(took, 4))
    return answers


def _inject(site: Site, facts: Facts) -> Facts:
    group, check, healthy = reach(site, facts)
    pulses, over = 0, threading.Event()
    at = time.time()
    with ThreadPoolExecutor(1) as other:
        asking = other.submit(_ask, check, over)
        try:
            while time.time() < at + (site.entry.seconds or 0):
                freeze(group)
                time.sleep(FROZEN_SECONDS)
                thaw(group)
                pulses += 1
                time.sleep(AWAKE_SECONDS)
        finally:
            over.set()
            thaw(group)
    return {
        "at": at,
        "until": time.time(),
        "proven_at": at + FROZEN_SECONDS,
        "pulses": pulses,
        "healthy_s": round(healthy, 4),
        "answers_s": asking.result(),
    }


def _doubt(facts: Facts, _: FaultProof) -> str:
    who, answers = f"{facts['container']} of {facts['pod']}", sequence(facts.get("answers_s"))
    if not answers:
        return f"nobody asked {who} while it was delayed"
    slow, healthy = quantile(answers, 0.9), facts["healthy_s"]
    if slow < healthy + FROZEN_SECONDS / 2:
        return (
            f"{who} answered nine of ten times within {slow * 1000:.0f} ms, "
            f"{healthy * 1000:.0f} ms without the fault: it was not delayed"
        )
    return ""


FAULT: Final = Fault(
    "Delay {container} of one pod of {target}", one_container, _inject, _doubt, undo
)
