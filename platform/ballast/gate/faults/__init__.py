"""Faults, one kind a module: what is done, how it shows from outside, how it is undone."""

from typing import Final

from ballast.gate.faults import (
    delay,
    disk_full,
    down,
    drain,
    expire,
    freeze,
    kill_container,
    kill_leader,
    kill_pod,
    latency,
    loss,
    memory,
    rebalance,
    revoke,
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
    "memory": memory.FAULT,
    "disk-full": disk_full.FAULT,
    "revoke": revoke.FAULT,
    "expire": expire.FAULT,
    "kill-leader": kill_leader.FAULT,
    "rebalance": rebalance.FAULT,
}

__all__ = ["FAULTS", "Facts", "Fault"]
