"""Ports of 127.0.0.1 that lead into the node."""

import json
import time
from collections.abc import Mapping
from typing import Final

from ballast.node import addresses
from ballast.node.boot import load_boot
from ballast.node.errors import NodeError
from ballast.node.files import write_atomically
from ballast.node.layout import Layout
from ballast.node.status import read_forwards

Target = tuple[str, int]


def api_forward(api_port: int) -> dict[int, Target]:
    """The forward that every node has."""
    return {api_port: (addresses.NODE_IP, addresses.API_PORT)}


_API: Final = (addresses.NODE_IP, addresses.API_PORT)


def running_api_forward(layout: Layout) -> dict[int, Target]:
    """The API's forward as the node was started with; NodeError when it was not."""
    try:
        return api_forward(load_boot(layout.boot).api_port)
    except FileNotFoundError as error:
        raise NodeError("the node is not running", fix="ballast node up") from error


def remembered_forwards(layout: Layout) -> dict[int, Target]:
    """All other forwards, which a start takes over: addresses inside survive it."""
    return {port: to for port, to in wanted_forwards(layout).items() if to != _API}


def write_forwards(layout: Layout, forwards: Mapping[int, Target]) -> None:
    """Replace the wanted forwards in one step."""
    write_atomically(layout.forwards, json.dumps({str(k): list(v) for k, v in forwards.items()}))


def wanted_forwards(layout: Layout) -> dict[int, Target]:
    """The forwards last asked for, none on a new node."""
    try:
        found = json.loads(layout.forwards.read_text())
    except FileNotFoundError:
        return {}
    return {int(port): (str(ip), int(inner)) for port, (ip, inner) in found.items()}


def await_forwards(
    layout: Layout,
    wanted: Mapping[int, Target],
    required: Mapping[int, Target],
    seconds: float = 30.0,
) -> None:
    """Wait until the forwarder took over `wanted` and serves all that are `required`.

    NodeError names the required ports it could not have.
    """
    end = time.monotonic() + seconds
    while True:
        applied = read_forwards(layout.forwards_applied)
        if applied.wanted == dict(wanted):
            missing = [port for port in required if port not in applied.served]
            if not missing:
                return
            taken = ", ".join(f"{port} ({applied.problems.get(port, '')})" for port in missing)
            raise NodeError(
                f"cannot listen on 127.0.0.1 port {taken}",
                fix="end the program that holds it: ss -ltnp shows which",
            )
        if time.monotonic() > end:
            raise NodeError(
                f"the forwarder did not take over its ports within {seconds:.0f} s",
                fix="ballast node logs forwarder",
            )
        time.sleep(0.05)
