"""Faults, one kind a module: what is done, how it shows from outside, how it is undone."""

from typing import Final

from ballast.gate.faults import (
    delay,
    down,
    drain,
    freeze,
    kill_container,
    kill_pod,
    latency,
    loss,
    squeeze,
)
from ballast.gate.faults.fault import Facts, Fault

FAULTS: Final[dict[str, Fault]] = {
    "kill-pod": kill_pod.FAULT,
    "kill-container": kill_container.FAULT,
    "freeze": freeze.FAULT,
    "delay": delay.FAULT,
    "latency": latency.FAULT,
    "loss": loss.FAULT,
    "squeeze": squeeze.FAULT,
    "down": down.FAULT,
    "drain": drain.FAULT,
}

__all__ = ["FAULTS", "Facts", "Fault"]
